"""The agent's own install, as on a recorder: a virtual environment with its lock file and nothing of the tests.

In the tests' environment the same code is larger: zeep, for one, loads httpx where it finds it.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements/agent.lock")
FOLDER = Path("build/light-venv")


def python() -> Path:
    """Its interpreter; installed anew when the lock file changed. The code at hand is found by working directory."""
    stamp = FOLDER / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    interpreter = FOLDER / "bin/python"
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("installing the agent alone into build/light-venv …", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
        stamp.write_text(wanted)
    return interpreter


def installed_bytes() -> int:
    """Its packages on disk, compiled files included, without pip."""
    packages = next(FOLDER.glob("lib/python*/site-packages"))
    tops = [
        top for top in packages.iterdir() if not top.name.startswith(("pip", "setuptools", "_distutils", "pkg_res"))
    ]
    return sum(path.stat().st_size for top in tops for path in [top, *top.rglob("*")] if path.is_file())
