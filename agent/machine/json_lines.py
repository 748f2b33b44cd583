"""The newest line of a file that another program writes JSON objects to, one a line: appended, or the file replaced.

Bounded: however long the file is, only its end is read. A line that was appended is as old as our first seeing it,
whatever clocks say; the first look, and one at a file that was replaced, go by the file's time.

What a line says is never quoted in an error: which file is read may be somebody else's choice.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

TAIL_BYTES = 64 * 1024
MOST_LINES = 500
_CLOCK_SLACK_SECONDS = 60.0

Row = Mapping[str, Any]


class LineError(Exception):
    """The file can't be read, or its new lines are no JSON objects; the text is one line."""


@dataclass(frozen=True)
class Seen:
    """The newest row that matched, and the monotonic moment it is from; minus infinity where nobody can know."""

    row: Row
    mono: float


@dataclass(frozen=True)
class _File:
    """What tells whether a file changed."""

    inode: int
    size: int
    written: int


class Tail:
    """Follows one file. `where` are fields and the values a row must have in them; other rows are passed over."""

    def __init__(self, path: str, where: Row) -> None:
        self._path = path
        self._where = dict(where)
        self._file: _File | None = None
        self._end = 0
        self._seen: Seen | None = None
        self._trouble = ""

    def look(self, mono: float, wall: float) -> Seen | None:
        """The newest matching row, None where there was none yet. Raises LineError."""
        try:
            self._read_on(mono, wall)
        except OSError as error:
            raise LineError(f"{self._path}: {error.strerror or error}") from None
        if self._trouble:
            raise LineError(f"{self._path}: {self._trouble}")
        return self._seen

    def _read_on(self, mono: float, wall: float) -> None:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise LineError(f"{self._path}: is no ordinary file")
            now = _File(status.st_ino, status.st_size, status.st_mtime_ns)
            if now == self._file:
                return
            appended = self._appended(descriptor, now)
            lines = self._lines(descriptor, self._end if appended else 0, now.size)
            self._file = now
        finally:
            os.close(descriptor)
        row = self._newest(lines)
        if row is not None:
            age = 0.0 if appended else wall - status.st_mtime
            # A file from the future was written before a reboot into 1970: nobody knows how old it is.
            self._seen = Seen(row, mono - max(0.0, age) if age > -_CLOCK_SLACK_SECONDS else float("-inf"))

    def _appended(self, descriptor: int, now: _File) -> bool:
        """Whether what we have read is still there, with more behind it: else the file was replaced or rotated."""
        if self._file is None or self._file.inode != now.inode or not 0 < self._end < now.size:
            return False
        return os.pread(descriptor, 1, self._end - 1) == b"\n"

    def _lines(self, descriptor: int, start: int, size: int) -> list[bytes]:
        """The complete lines from `start` on, as far as the tail reaches; the one being written is for next time."""
        begin = max(start, size - TAIL_BYTES)
        text = os.pread(descriptor, size - begin, begin)
        if begin > start:
            text = text[text.find(b"\n") + 1 :] if b"\n" in text else b""
            begin = size - len(text)
        complete = text[: text.rfind(b"\n") + 1]
        self._end = begin + len(complete)
        return [line for line in complete.split(b"\n") if line.strip()]

    def _newest(self, lines: list[bytes]) -> Row | None:
        """The newest matching row. A newer line that is no JSON may have been ours: then there is trouble, no row."""
        if lines:
            self._trouble = ""
        for line in reversed(lines[-MOST_LINES:]):
            try:
                row = json.loads(line, parse_constant=_refuse)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                self._trouble = "a new line is no JSON object"
                return None
            if all(field(row, name) == value for name, value in self._where.items()):
                return row
        return None


def field(row: Row, name: str) -> Any:
    """A field's value, None where it is missing; `a.b` is field b of the object in field a."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
