"""Reads of footage, put together into few events: each (program, user) has a window, in which it is told of its first
files one by one, and of all the rest at the end at once. Bounded in readers, files and events; all opens are counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import commonpath

from agent.machine.readers import Reader

MOST_FILES = 10
"""Of one reader and window, told one by one."""
MOST_READERS = 200
"""At once; further ones are told as one, `others`."""
MOST_EVENTS = 300
"""Of single files in one window's time, of all readers together."""
OTHERS = Reader("others", "others")
_MOST_PATH = 500


@dataclass
class _Seen:
    """Opens not told yet. Times are monotonic."""

    pid: int = 0
    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def note(self, pid: int, mono: float) -> None:
        """One more open."""
        self.pid = self.pid or pid
        self.first = self.first if self.count else mono
        self.last = mono
        self.count += 1


@dataclass(frozen=True)
class Told:
    """One event: opens of one file, or of several in a folder (`files` many at least; 0 for opens of files that were
    told before). Times are monotonic."""

    reader: Reader
    path: str
    pid: int
    count: int
    files: int
    first: float
    last: float


@dataclass
class _Window:
    began: float
    files: dict[str, _Seen] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    rest: _Seen = field(default_factory=_Seen)
    rest_in: str = ""
    rest_files: set[int] = field(default_factory=set)


class ReadLog:
    """`window` in seconds. For one thread."""

    def __init__(self, window: float) -> None:
        self._length = window
        self._windows: dict[Reader, _Window] = {}
        self._period = float("-inf")
        self._singles = 0
        self.opens = 0

    def note(self, reader: Reader, pid: int, path: str, mono: float) -> None:
        """A file was opened."""
        self.opens += 1
        if mono - self._period >= self._length:
            self._period, self._singles = mono, 0
        if reader not in self._windows and len(self._windows) >= MOST_READERS:
            reader = OTHERS
        window = self._windows.setdefault(reader, _Window(mono))
        if path in window.files:
            window.files[path].note(pid, mono)
        elif len(window.files) < MOST_FILES and self._singles < MOST_EVENTS and reader is not OTHERS:
            self._singles += 1
            window.files[path] = _Seen()
            window.files[path].note(pid, mono)
        else:
            window.rest.note(pid, mono)
            window.rest_in = _common(window.rest_in, path)
            if len(window.rest_files) < 10_000:
                window.rest_files.add(hash(path))

    def take(self, now: float, *, all_of_it: bool = False) -> list[Told]:
        """What is to be told: files opened for the first time in their window; of windows that end, all else."""
        told: list[Told] = []
        for reader, window in list(self._windows.items()):
            ends = all_of_it or now - window.began >= self._length
            told += _fresh(reader, window)
            if ends:
                told += _repeated(reader, window)
                del self._windows[reader]
        return told


def _fresh(reader: Reader, window: _Window) -> Iterator[Told]:
    for path, seen in window.files.items():
        if path not in window.told:
            yield Told(reader, path, seen.pid, seen.count, 1, seen.first, seen.last)
            window.told.add(path)
            window.files[path] = _Seen()


def _repeated(reader: Reader, window: _Window) -> Iterator[Told]:
    """The rest of a window as one event: further files, and further opens of those that were told."""
    again = [(path, seen) for path, seen in window.files.items() if seen.count]
    parts = [seen for _, seen in again] + ([window.rest] if window.rest.count else [])
    if not parts:
        return
    folder = window.rest_in
    for path, _ in again:
        folder = _common(folder, path)
    yield Told(
        reader,
        folder,
        next((one.pid for one in parts if one.pid), 0),
        sum(one.count for one in parts),
        len(window.rest_files),
        min(one.first for one in parts),
        max(one.last for one in parts),
    )


def _common(known: str, path: str) -> str:
    return commonpath((known, path)) if known else path


def printable(text: str, most: int = _MOST_PATH) -> str:
    """A name as people may see it: what can't be printed as an escape, the middle left out where it is long."""
    shown = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    return shown if len(shown) <= most else f"{shown[: most // 2]}…{shown[-(most // 2 - 1) :]}"


def _escape(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
