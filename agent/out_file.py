"""A file that a command shall write at its end: whether it could, asked before the work is done."""

import os
import stat
from pathlib import Path


def complaint(path: Path, *, force: bool) -> str:
    """What speaks against writing `path`, empty where nothing does. `force`: what is there may be overwritten.

    A promise is none: writing may fail all the same. Links are not followed, as one that leads nowhere is there, too.
    """
    try:
        there = path.lstat()
    except FileNotFoundError:
        return _of_folder(path.parent)
    except OSError as error:
        return f"{path}: {error.strerror}"
    if stat.S_ISDIR(there.st_mode):
        return f"{path} is a folder"
    if not force:
        return f"{path} is there already; --force overwrites it"
    return "" if os.access(path, os.W_OK) else f"{path} may not be written"


def _of_folder(folder: Path) -> str:
    if not folder.is_dir():  # what may not be looked at has been told by then
        return f"the folder {folder} is not there"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"the folder {folder} may not be written"
