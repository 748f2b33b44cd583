"""Programs are found on a fixed path, bounded in time and output, and told apart when they are missing or fail."""

import time
from pathlib import Path

import pytest

from agent.collector import CollectError, NotAvailable
from agent.tool import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def program(folder: Path, body: str) -> str:
    """A folder to search, with the program `asked` in it."""
    path = folder / "asked"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_output_and_status_are_returned_whatever_the_status(folder: Path) -> None:
    output = run(["asked", "a b"], package="p", timeout=10, path=program(folder, 'echo "<$1>"; echo no >&2; exit 4'))
    assert (output.status, output.stdout, output.stderr) == (4, b"<a b>\n", "no")


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(NotAvailable, match="no-such-program is not installed: apt-get install no-such-package"):
        run(["no-such-program"], package="no-such-package", timeout=1)


def test_one_that_hangs_is_ended_with_its_children(folder: Path) -> None:
    began = time.monotonic()
    path = program(folder, f"sleep 60 & echo $! > {folder}/child; wait")
    with pytest.raises(CollectError, match=r"asked did not end within 0.5 s"):
        run(["asked"], package="p", timeout=0.5, path=path)
    assert time.monotonic() - began < 10
    child = Path(f"/proc/{(folder / 'child').read_text().strip()}/stat")
    assert not child.exists() or child.read_text().rpartition(") ")[2][0] in "ZX"


@pytest.mark.parametrize("body", ["head -c 2000 /dev/zero", "yes", "yes >&2"])
def test_one_that_prints_too_much_is_ended_while_it_does(folder: Path, body: str) -> None:
    began = time.monotonic()
    with pytest.raises(CollectError, match="printed too much, at most 1000 bytes are read"):
        run(["asked"], package="p", timeout=30, max_bytes=1000, path=program(folder, body))
    assert time.monotonic() - began < 10


def test_it_sees_nothing_of_our_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_PASSWORD", "secret")
    path = program(folder, "env; cat")
    output = run(["asked"], package="p", timeout=10, path=path)
    assert b"secret" not in output.stdout
    assert b"LC_ALL=C" in output.stdout
