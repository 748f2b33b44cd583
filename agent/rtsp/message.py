"""RTSP/1.0 messages (RFC 2326): requests to bytes, and the header of a response to its parts. Pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.device.errors import BadAnswer
from agent.device.text import printable

MAX_HEADER = 16 * 1024
"""The longest header taken, status line and all."""

MAX_FIELDS = 100
"""The most lines in it."""

_STATUS = re.compile(r"RTSP/1\.\d ([1-9]\d\d)(?: (.*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Header:
    """Of a response: its status and fields, names in lower case, in their order."""

    status: int
    reason: str
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """The values of every field of this name (lower case)."""
        return [value for known, value in self.fields if known == name]

    def first(self, name: str) -> str:
        """The first of them, empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def length(self) -> int:
        """Bytes of body that follow. Raises BadAnswer where that is no number, or two different ones."""
        told = set(self.all("content-length")) or {"0"}
        text = told.pop()
        if told or not text.isascii() or not text.isdecimal() or len(text) > 19:
            raise BadAnswer(f"tells the length {printable(text, 40)!r}")
        return int(text)

    @property
    def closes(self) -> bool:
        """Whether the device ends the connection after this."""
        return any("close" in value.lower() for value in self.all("connection"))

    def __str__(self) -> str:
        return f"RTSP {self.status} {printable(self.reason, 60)}".strip()


def request(method: str, uri: str, sequence: int, fields: Mapping[str, str]) -> bytes:
    """One request without a body. Raises BadAnswer for a value that would end its line: they hold devices' words."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {sequence}", "User-Agent: Watchkeeper"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    if " " in uri or not all(line.isprintable() for line in lines):
        raise BadAnswer("wants characters in a request that have no place there")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def parse_header(head: bytes) -> Header:
    """The header without the empty line that ends it. Raises BadAnswer for any bytes that are none."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    first, *lines = text.replace("\r\n", "\n").split("\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise BadAnswer(f"no RTSP: {printable(first, 60)!r}")
    if len(lines) > MAX_FIELDS:
        raise BadAnswer(f"an RTSP header of {len(lines)} lines")
    return Header(int(status[1]), status[2] or "", tuple(_field(line) for line in _unfolded(lines)))


def _unfolded(lines: list[str]) -> list[str]:
    """A line that begins with a blank goes on with the one before."""
    whole: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and whole:
            whole[-1] += " " + line.strip(" \t")
        else:
            whole.append(line)
    return whole


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    value = value.strip(" \t").replace("\t", " ")
    # A lone CR would be a line's end to some, and goes back to the device where it stands in a nonce.
    if not colon or not _NAME.fullmatch(name.strip()) or not value.isprintable():
        raise BadAnswer(f"an RTSP header with the line {printable(line, 60)!r}")
    return name.strip().lower(), value
