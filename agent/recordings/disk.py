"""Reading folders of a disk: listing and looking, at the lowest disk priority and without following links."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import psutil

from agent.collector import CollectError
from agent.machine.mounts import every_mount, number_gone, shut_down


class Entry(Protocol):
    """What is used of `os.DirEntry[str]`."""

    @property
    def name(self) -> str: ...  # noqa: D102 - as the standard library names them
    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...  # noqa: D102
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...  # noqa: D102
    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result: ...  # noqa: D102


class Disk:
    """The machine's disks. `entries` and `looks` count what was asked of them: listed names, and lstat calls."""

    def __init__(self) -> None:
        self.entries = 0
        self.looks = 0
        self.folders = 0

    def root(self, path: str) -> os.stat_result:
        """The folder all recordings lie in; this one may be a link. Raises OSError."""
        self.looks += 1
        return os.stat(path)  # noqa: PTH116 - paths are plain text here: a million Path objects cost as much as the scan

    def gone(self, look: os.stat_result) -> bool:
        """Whether the disk under what was looked at was pulled out: its folders are still told, from memory."""
        if number_gone(look.st_dev):
            return True
        try:
            return shut_down(look.st_dev, every_mount())
        except CollectError:
            return False  # no mount table to be read: not known

    def look(self, path: str) -> os.stat_result:
        """A file or a folder itself, not what a link points to. Raises OSError."""
        self.looks += 1
        return os.lstat(path)

    def size_of(self, entry: Entry) -> os.stat_result:
        """Of an entry while it is listed. Raises OSError."""
        self.looks += 1
        return entry.stat(follow_symlinks=False)

    def listing(self, path: str, *, root: bool = False) -> Iterator[Entry]:
        """The entries of a folder as the disk has them, in no order. Raises OSError at any moment.

        A link in the folder's place is refused: it could have been put there between a look and this.
        """
        self.folders += 1
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if root else os.O_NOFOLLOW)
        handle = os.open(path, flags)
        try:
            with os.scandir(handle) as entries:
                for entry in entries:
                    self.entries += 1
                    yield entry
        finally:
            os.close(handle)


@contextmanager
def idle_priority() -> Iterator[None]:
    """Within, this thread reads from the disk only when nobody else wants to.

    The class is the thread's own (ioprio_set(2) takes a thread's id), so the rest of the agent keeps its priority.
    Which scheduler heeds it: bfq; mq-deadline from kernel 5.14 on; "none" heeds nothing, and a run's bounds remain.
    """
    ionice = getattr(psutil.Process, "ionice", None)
    with suppress(psutil.Error, OSError, ValueError):
        if ionice is not None:
            ionice(psutil.Process(threading.get_native_id()), psutil.IOPRIO_CLASS_IDLE)
    try:
        yield
    finally:
        with suppress(psutil.Error, OSError, ValueError):
            if ionice is not None:
                ionice(psutil.Process(threading.get_native_id()), psutil.IOPRIO_CLASS_NONE)
