"""A file that another program appends lines to, read on from where we were: each line once, over rotation and restart.

Where we are is remembered by inode and offset, and by a hash of how the file begins: an inode is soon given to another
file. A file that was renamed (logrotate) or copied and truncated (its copytruncate) is read to its end first, as long
as it lies in the same folder uncompressed; of two such turns between two looks only the last is followed, and a copy
of what was empty when we looked is not known again.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from agent.doors.lines import MAX_LINE
from agent.memory import Memory

MAX_ROUND = 1024 * 1024
"""Bytes read per round; what is more waits in its file."""
_CHUNK = 64 * 1024
_HEAD = 512
_MOST_FILES = 5000


class FileTrouble(Exception):  # noqa: N818 - a state
    """The file can't be read; the text is one line."""


class Mark(BaseModel):
    """How far a file was read. `head` is a hash of its first `head_bytes`; `skipping`: inside of a line too long."""

    inode: int = 0
    offset: int = 0
    head_bytes: int = 0
    head: str = ""
    skipping: bool = False


@dataclass
class Batch:
    """Lines, each with where in its file it begins; of one that is too long, its beginning."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    bytes: int = 0


class LineFile:
    """Follows one file. At first sight it starts at the end; one that appears later, at its beginning."""

    def __init__(self, path: Path, memory: Memory[Mark]) -> None:
        self._path = path
        self._memory = memory
        self._mark = memory.recall()
        self._kept = self._mark

    def read(self) -> Batch:
        """Lines that are new, at most MAX_ROUND bytes of them. Raises FileTrouble."""
        batch = Batch()
        try:
            with _opened(self._path) as (file, status):
                if self._mark is None:
                    self._mark = _at_end(file, status)
                elif not _same(self._mark, file, status):
                    if not self._finish_former(self._mark, batch):
                        return batch
                    self._mark = Mark(inode=status.st_ino)
                self._mark = _read_on(file, self._mark, batch)
        except FileNotFoundError:
            self._mark = self._mark or Mark()  # whatever is in it when it comes will be new
            raise FileTrouble(f"{self._path} is not there") from None
        except OSError as error:
            raise FileTrouble(f"{self._path}: {error.strerror or error}") from None
        return batch

    def keep(self) -> None:
        """What was read is safe elsewhere: remember that, over restarts too."""
        if self._mark is not None and self._mark != self._kept:
            self._memory.remember(self._mark)
            self._kept = self._mark

    def _finish_former(self, mark: Mark, batch: Batch) -> bool:
        """Read what the file we were in got before another took its place; whether that is all of it."""
        with contextlib.suppress(OSError):
            for path in _candidates(self._path, mark):
                with _opened(path) as (file, status):
                    if status.st_size < mark.offset or not (status.st_ino == mark.inode or _begins_so(mark, file)):
                        continue
                    self._mark = _read_on(file, mark.model_copy(update={"inode": status.st_ino}), batch, whole=True)
                    return self._mark.offset >= status.st_size
        return True


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[int, os.stat_result]]:
    """An ordinary file's descriptor and status: a pipe would make us wait, and to open a device may set it off."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise FileTrouble(f"{path} is no ordinary file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileTrouble(f"{path} is no ordinary file")
        yield descriptor, status
    finally:
        os.close(descriptor)


def _at_end(file: int, status: os.stat_result) -> Mark:
    """Behind the last line that is whole: one being written counts when it is."""
    start = max(0, status.st_size - MAX_LINE)
    tail = os.pread(file, status.st_size - start, start)
    offset = start + tail.rfind(b"\n") + 1 if b"\n" in tail or start == 0 else status.st_size
    return _with_head(file, Mark(inode=status.st_ino, offset=offset))


def _with_head(file: int, mark: Mark) -> Mark:
    """The same, with as much of the file's beginning as was read."""
    count = min(mark.offset, _HEAD)
    if count == mark.head_bytes:
        return mark
    head = hashlib.sha256(os.pread(file, count, 0)).hexdigest()
    return mark.model_copy(update={"head_bytes": count, "head": head})


def _begins_so(mark: Mark, file: int) -> bool:
    if not mark.head_bytes:
        return False
    return hashlib.sha256(os.pread(file, mark.head_bytes, 0)).hexdigest() == mark.head


def _same(mark: Mark, file: int, status: os.stat_result) -> bool:
    """Whether this is the file we were in, with all that we read still in it."""
    whole = status.st_ino == mark.inode and status.st_size >= mark.offset
    return whole and (not mark.head_bytes or _begins_so(mark, file))


def _candidates(path: Path, mark: Mark) -> list[Path]:
    """Files beside it that may be what it was: the very inode first, then the newest of its name."""
    own = Path(os.path.realpath(path))
    found: list[tuple[bool, float, Path]] = []
    with os.scandir(own.parent) as entries:
        for count, entry in enumerate(entries):
            if count == _MOST_FILES:
                break
            same = entry.inode() == mark.inode
            if entry.name == own.name or not (same or entry.name.startswith(path.name)):
                continue
            if entry.is_file(follow_symlinks=False):
                found.append((same, entry.stat(follow_symlinks=False).st_mtime, Path(entry.path)))
    return [path for _, _, path in sorted(found, reverse=True)[:20]]


def _read_on(file: int, mark: Mark, batch: Batch, whole: bool = False) -> Mark:
    """Add what follows the mark to the batch; the mark behind it. `whole`: nobody writes to the file any more, so what
    has no line end is a line too."""
    offset, skipping = mark.offset, mark.skipping
    while batch.bytes < MAX_ROUND:
        chunk = os.pread(file, _CHUNK, offset)
        if not chunk:
            break
        end = chunk.rfind(b"\n") + 1
        if not end and whole and len(chunk) < _CHUNK:
            end = len(chunk)
        if not end and len(chunk) < MAX_LINE:
            break  # a line that is being written
        if not end:  # of a line that is too long
            if not skipping:
                batch.lines.append((offset, chunk[: MAX_LINE + 1]))
            skipping, end = True, len(chunk)
        elif skipping:
            begin = chunk.find(b"\n") + 1 or end
            skipping = False
            _split(batch, chunk[begin:end], offset + begin)
        else:
            _split(batch, chunk[:end], offset)
        offset += end
        batch.bytes += end
    return _with_head(file, mark.model_copy(update={"offset": offset, "skipping": skipping}))


def _split(batch: Batch, text: bytes, offset: int) -> None:
    for line in text.splitlines(keepends=True):
        if line.strip():
            batch.lines.append((offset, line))
        offset += len(line)
