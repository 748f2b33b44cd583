"""The machine with the agent installed in it, booted and saved: every test goes on from there, none waits for a boot.

Made once for each state of the code, in build/vm/: a boot and an installation take a minute where the processor is
emulated, going on from a saved machine takes seconds.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.vm import image
from tests.vm.image import FOLDER, Disk, Image
from tests.vm.machine import Machine, hardware_runs_it
from tests.vm.service import install

VENV = "/opt/watchkeeper"
_PACKAGES = ("wire", "agent", "hub", "dashboards", "provisioning", "simulator")
_INSTALL_SECONDS = 60.0
ATA_MEGABYTES = 64


class Installed(NamedTuple):
    """A root disk, an ATA disk, and the memory of a machine that was saved while it ran from them."""

    image: Image
    ata: Disk
    state: Path


def installed() -> Installed:
    """The saved machine of the code at hand; made where there is none. Raises FileNotFoundError without an image."""
    base = image.built()
    folder = FOLDER / f"installed-{_fingerprint()}"
    made = Installed(base._replace(root=Disk(folder / "root.qcow2")), Disk(folder / "ata.qcow2"), folder / "memory")
    if not made.state.is_file():
        for old in FOLDER.glob("installed-*"):
            shutil.rmtree(old)
        folder.mkdir()
        _make(base, made)
    return made


def _make(base: Image, made: Installed) -> None:
    image.overlay(base.root, made.image.root.path)
    image.growing(made.ata.path, ATA_MEGABYTES)
    unfinished = made.state.with_suffix(".new")
    with tempfile.TemporaryDirectory(prefix="wk-vm-") as folder:
        wheel = _wheel(Path(folder))
        machine = Machine(Path(folder), made.image, ata=made.ata)
        try:
            machine.start()
            machine.write_file(f"/srv/{wheel.name}", wheel.read_bytes())
            pip = f"{VENV}/bin/pip install --disable-pip-version-check -q --no-index --no-deps"
            machine.run(f"{pip} /srv/{wheel.name}", timeout=_INSTALL_SECONDS).check()
            install(machine)
            machine.run("sync").check()
            machine.save(unfinished)
        finally:
            machine.kill()
    unfinished.rename(made.state)


def _wheel(folder: Path) -> Path:
    """The code at hand as a package. Built from a copy: setuptools would leave its own beside the code, and pack what
    was deleted since."""
    copy = folder / "source"
    for package in _PACKAGES:
        shutil.copytree(package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(name, copy)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "-w", str(folder), str(copy)], check=True, capture_output=True, text=True
    )
    return next(folder.glob("watchkeeper-*.whl"))


def _fingerprint() -> str:
    """Of everything that the saved machine is made of."""
    digest = hashlib.sha256((FOLDER / "stamp").read_bytes())
    digest.update(b"kvm" if hardware_runs_it() else b"tcg")
    for path in _sources():
        digest.update(f"{path}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    yield Path("pyproject.toml")
    yield from (Path("tests/vm") / name for name in ("machine.py", "installed.py", "image.py", "service.py"))
    for package in _PACKAGES:
        yield from sorted(
            path for path in Path(package).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
