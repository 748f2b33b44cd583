"""The hub's own folder, `state_dir`: one process at a time works on it."""

import fcntl
from pathlib import Path
from typing import IO

from wire.settings import ConfigError

UNFINISHED = "restore-unfinished"
"""A file that stands there while a restore replaces one database after the other."""


def lock(folder: Path, *, unfinished: bool = False) -> IO[bytes]:
    """Held as long as the process lives. Raises ConfigError where another hub has this folder.

    After a restore that ended half-way, some databases are old and some new: only `unfinished` may go on then.
    """
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(f"{folder}: another hub runs on this state_dir") from None
    if not unfinished and (folder / UNFINISHED).exists():
        file.close()
        raise ConfigError(f"{folder}: a restore ended half-way; run it again with --force")
    return file


def refusal_of(error: OSError) -> str:
    """What the operating system says of a file, for a person."""
    if isinstance(error, PermissionError):
        return f"{error.filename or error}: may not be read or written by this account: run it as the hub's"
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
