"""Answers that never end: parts one after another, as event streams of recorders and controllers send them. Pure.

Devices are loose with MIME (RFC 2046). So the delimiter is what the first line beginning with `--` says, whatever the
header announced; a delimiter ends a part even before its length is reached; and a length, where one is given, only
saves waiting for the delimiter that comes with the next event.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.device.errors import BadAnswer

MAX_PART = 256 * 1024
"""The largest part taken. An event is a few kilobytes, one with a hundred targets perhaps fifty."""

MAX_SKIPPED = 16 * 1024 * 1024
"""The largest part that is read past: pictures come between the events."""

MAX_LINE = 8 * 1024
MAX_HEADER = 16 * 1024
MAX_BETWEEN = 64 * 1024
"""Bytes between parts, or ahead of the first."""

_MAX_DELIMITER = 200


@dataclass(frozen=True)
class Part:
    """One part: its media type, lower case and without parameters, "" where none was told; and its content."""

    content_type: str
    body: bytes

    @property
    def readable(self) -> bool:
        """Whether it is text of some kind; all else is read past."""
        kind = self.content_type
        return not kind or kind.startswith("text/") or kind.endswith(("xml", "json"))


class Multipart:
    """Fed with bytes as they come; gives the parts that are whole. The same bytes give the same parts, however cut."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._scanned = 0
        self._delimiter = b""
        self._step: Callable[[list[Part]], bool] = self._seek
        self._passed = 0  # bytes since the part before, then of the header, then of a body that is not kept
        self._kind = ""
        self._length: int | None = None
        self._broken: BadAnswer | None = None

    def feed(self, data: bytes) -> list[Part]:
        """The parts that these bytes complete. Raises BadAnswer, from then on always."""
        self._held += data
        return self._collect(self._walk)

    def end(self) -> list[Part]:
        """The device ended its answer: a last part without a length is whole. Raises BadAnswer where there was none."""
        return self._collect(self._finish)

    def _collect(self, work: Callable[[list[Part]], None]) -> list[Part]:
        if self._broken is not None:
            raise self._broken
        found: list[Part] = []
        try:
            work(found)
        except BadAnswer as error:
            self._broken = error
            self._held.clear()
            if not found:
                raise
        return found

    def _walk(self, found: list[Part]) -> None:
        while self._step(found):
            pass

    def _finish(self, found: list[Part]) -> None:
        if not self._delimiter:
            raise BadAnswer("no event stream: there is no part in it")
        if self._step == self._body and self._length is None:
            self._part(found, len(self._held))

    # -- steps: each takes something off what is held, or says False: more is needed ------------------------------

    def _seek(self, found: list[Part]) -> bool:
        """To the line that begins a part."""
        line = self._line()
        if line is None:
            return False
        if self._begins(line):
            self._passed, self._kind, self._length = 0, "", None
            self._step = self._header
            return True
        self._pass(len(line) + 1, MAX_BETWEEN, "between its parts")
        return True

    def _begins(self, line: bytes) -> bool:
        if not self._delimiter and line.startswith(b"--") and 2 < len(line) <= _MAX_DELIMITER:
            self._delimiter = line
            return True
        # With two more dashes it is the end; some devices go on behind it.
        return bool(self._delimiter) and line.startswith(self._delimiter) and line != self._delimiter + b"--"

    def _header(self, found: list[Part]) -> bool:
        line = self._line()
        if line is None:
            return False
        if line and self._begins(line):
            return True
        if not line:
            self._passed = 0
            self._held[:0] = b"\n"  # a delimiter right here stands at the beginning of a line, too
            self._step = self._body
            return True
        self._pass(len(line) + 1, MAX_HEADER, "in the header of a part")
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "content-type":
            self._kind = value.partition(";")[0].strip().lower()[:100]
        elif name == "content-length" and value.isascii() and value.isdecimal() and len(value) < 16:
            self._length = int(value)
        return True

    def _body(self, found: list[Part]) -> bool:
        ending = b"\n" + self._delimiter
        whole = None if self._length is None else self._length + 1
        at = self._held.find(ending, self._scanned, whole)
        if at >= 0:
            self._part(found, at)
            del self._held[:1]
            return True
        if whole is not None and len(self._held) >= whole:
            self._part(found, whole)
            return True
        self._scanned = max(0, len(self._held) - len(ending) + 1)
        self._thin()
        return False

    def _thin(self) -> None:
        """Keep no more of an unfinished body than is needed."""
        if Part(self._kind, b"").readable:
            self._bound(self._scanned - 1, MAX_PART, "in one part")
            return
        # One byte stays for the line's end that stands before every body.
        gone = self._scanned - 1
        if gone > 0:
            del self._held[1 : gone + 1]
            self._scanned = 1
            self._length = None if self._length is None else self._length - gone
            self._pass(gone, MAX_SKIPPED, "in one part")

    def _part(self, found: list[Part], end: int) -> None:
        """The body up to `end` is whole."""
        kind, size = self._kind, end - 1
        self._step = self._seek
        self._scanned = 0
        if Part(kind, b"").readable:
            self._bound(size, MAX_PART, "in one part")
            body = bytes(self._held[1:end]).strip(b"\r\n")
            if body:
                found.append(Part(kind, body))
        else:
            self._pass(size, MAX_SKIPPED, "in one part")
        self._passed = 0
        del self._held[:end]

    # -- parts of steps ------------------------------------------------------------------------------------------

    def _line(self) -> bytes | None:
        """The next line without its end and the blanks around it."""
        at = self._held.find(b"\n", self._scanned)
        self._bound(at if at >= 0 else len(self._held), MAX_LINE, "in one line")
        if at < 0:
            self._scanned = len(self._held)
            return None
        line = bytes(self._held[:at]).strip()
        del self._held[: at + 1]
        self._scanned = 0
        return line

    def _pass(self, count: int, most: int, where: str) -> None:
        self._passed += count
        self._bound(self._passed, most, where)

    def _bound(self, count: int, most: int, where: str) -> None:
        if count > most:
            raise BadAnswer(f"no event stream: more than {most} bytes {where}")
