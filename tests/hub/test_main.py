"""What the command line says where the operating system refuses: a sentence, never a traceback."""

import errno
import os
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.folder import refusal_of

COMMANDS = (
    "config list",
    "maintenance list",
    "silence list",
    "deadletter list",
    "restored",
    "backup",
    "forget --site school",
    "reconcile",
)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_state_dir_that_the_system_refuses_to_look_at_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    """By a name no file may have: that one is closed to root as well, who may enter every folder."""
    (tmp_path / "hub.toml").write_text(f'state_dir = "{"x" * 300}"\n')
    assert main([*words.split(), "--config", str(tmp_path / "hub.toml")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"watchkeeper-hub: {tmp_path}/xxx")
    assert line.endswith(f": {os.strerror(errno.ENAMETOOLONG)}")


def test_another_account_is_told_whose_it_has_to_be() -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/var/lib/watchkeeper-hub/hub.db")
    assert refusal_of(error) == (
        "/var/lib/watchkeeper-hub/hub.db: may not be read or written by this account: run it as the hub's"
    )
