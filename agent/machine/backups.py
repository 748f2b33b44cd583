"""Backups in a folder: which is the newest that is complete, how many there are, and their bytes. Bounded, links below
the folder are never followed."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

MOST_ENTRIES = 200_000
MOST_OF_ONE = 50_000
"""Files of which the size of a backup that is a folder is added up."""
_KEPT = 8
_LOST = "lost+found"
"""In the root of every ext file system, and root's alone."""
_CLOCK_SLACK_SECONDS = 300.0
"""A file server's clock may run ahead of ours by that."""


class TooMany(Exception):  # noqa: N818 - a verdict
    """More than may be looked through; the text says what to do."""


@dataclass(frozen=True)
class Backup:
    """One backup: its path below the folder, its size in bytes (None where unknown) and when it was last written."""

    path: str
    size: int | None
    written: float
    inode: int = 0


@dataclass
class Found:
    """What a folder holds. `newest` are the newest few, newest first; `future` how many are dated ahead of the clock,
    `unread` the folders below that can't be read."""

    count: int = 0
    newest: list[Backup] = field(default_factory=list)
    future: int = 0
    unread: list[str] = field(default_factory=list)

    def note(self, backup: Backup) -> None:
        """One more."""
        self.count += 1
        self.newest.append(backup)
        if len(self.newest) > 8 * _KEPT:
            self.sort()

    def sort(self) -> None:
        """Keep the newest few."""
        self.newest.sort(key=lambda one: (one.written, one.path), reverse=True)
        del self.newest[_KEPT:]


class Search:
    """Looks through one folder. `pattern` is of a name, or of a path below the folder where it has a slash.

    `folders`: a backup is a folder that matches, with all that is in it. `give_up` ends a look that takes too long.
    """

    def __init__(self, root: str, pattern: str, depth: int, *, folders: bool) -> None:
        self._root = root
        self._pattern = pattern
        self._depth = depth
        self._folders = folders

    def look(self, now: float, give_up: Callable[[], bool]) -> Found:
        """What is there at `now` (wall clock). Raises OSError where the folder itself can't be read, and TooMany."""
        found = Found()
        seen = 0
        waiting = [("", 0)]
        while waiting:
            below, depth = waiting.pop()
            try:
                for path, status in self._listing(below):
                    seen += 1
                    if seen > MOST_ENTRIES or give_up():
                        raise TooMany(f"more than can be looked through ({seen} entries): name a smaller folder")
                    self._sort_in(path, status, depth, now, found, waiting)
            except OSError as error:
                if not below:
                    raise
                found.unread.append(f"{below}: {error.strerror or error}")
        found.sort()
        return found

    def _sort_in(
        self, path: str, status: os.stat_result, depth: int, now: float, found: Found, waiting: list[tuple[str, int]]
    ) -> None:
        is_folder = stat.S_ISDIR(status.st_mode)
        wanted = is_folder if self._folders else stat.S_ISREG(status.st_mode)
        if wanted and self._matches(path):
            if status.st_mtime > now + _CLOCK_SLACK_SECONDS:
                found.future += 1
                found.count += 1
                return
            size = None if is_folder else status.st_size
            found.note(Backup(path, size, status.st_mtime, status.st_ino))
        elif is_folder and depth + 1 < self._depth and path != _LOST:
            waiting.append((path, depth + 1))

    def _listing(self, below: str) -> Iterator[tuple[str, os.stat_result]]:
        with opened(self._root, below, os.O_RDONLY | os.O_DIRECTORY) as handle:
            for name in _names(handle):
                try:
                    status = os.stat(name, dir_fd=handle, follow_symlinks=False)
                except FileNotFoundError:
                    continue  # rotated away since
                yield (f"{below}/{name}" if below else name), status

    def _matches(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        if name.startswith(".") and not self._pattern.rpartition("/")[2].startswith("."):
            return False  # rsync and others write under a hidden name first
        return fnmatchcase(path if "/" in self._pattern else name, self._pattern)


def _names(handle: int) -> Iterator[str]:
    """What is in an open folder, which no link can be put in place of; one by one, so that bounds hold memory too."""
    with os.scandir(handle) as entries:
        for entry in entries:
            yield entry.name


def measure(root: str, folder: str, give_up: Callable[[], bool]) -> tuple[int | None, Backup | None]:
    """Of a backup that is a folder its size (None where it is too large to add up) and its largest file."""
    total, seen, largest = 0, 0, None
    waiting = [folder]
    while waiting:
        below = waiting.pop()
        with opened(root, below, os.O_RDONLY | os.O_DIRECTORY) as handle:
            for name in _names(handle):
                seen += 1
                if seen > MOST_OF_ONE or give_up():
                    return None, largest
                status = os.stat(name, dir_fd=handle, follow_symlinks=False)
                path = f"{below}/{name}"
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                elif stat.S_ISREG(status.st_mode):
                    total += status.st_size
                    if largest is None or status.st_size > (largest.size or 0):
                        largest = Backup(path, status.st_size, status.st_mtime, status.st_ino)
    return total, largest


def settled(backups: Sequence[Backup], now: float, seconds: float, before: Backup | None) -> Backup | None:
    """The newest that is no longer being written: untouched for so long, and not grown since the look before."""
    for backup in backups:
        grown = before is not None and before.path == backup.path and before.size != backup.size
        if now - backup.written >= seconds and not grown:
            return backup
    return None


class OpenFile:
    """A backup's bytes, as `agent.machine.archives` reads them."""

    def __init__(self, handle: int, size: int) -> None:
        self._handle = handle
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Raises OSError."""
        return os.pread(self._handle, length, offset)


@contextmanager
def opened_file(root: str, path: str) -> Iterator[OpenFile]:
    """A regular file below the folder. Raises OSError."""
    with opened(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY) as handle:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(22, "is no ordinary file")
        yield OpenFile(handle, status.st_size)


@contextmanager
def opened(root: str, below: str, flags: int) -> Iterator[int]:
    """Open what is below the folder, step by step, so that no link on the way is followed; the folder itself may be
    one. Raises OSError."""
    handle = os.open(root, (flags if not below else os.O_RDONLY | os.O_DIRECTORY) | os.O_CLOEXEC)
    try:
        names = below.split("/") if below else []
        for number, name in enumerate(names, 1):
            step = flags if number == len(names) else os.O_RDONLY | os.O_DIRECTORY
            deeper = os.open(name, step | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            os.close(handle)
            handle = deeper
        yield handle
    finally:
        os.close(handle)


def until(seconds: float) -> Callable[[], bool]:
    """Whether so long has passed from now."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline
