"""A recording of what a hub received: one JSON line a message, in the order it came, ending with a clock line.

    {"received": 1800000000000, "topic": "wk/v1/school/gateway/report", "payload": "{\\"id\\": …}"}
    {"received": 1800000000000, "topic": "wk/v1/school/gateway/status", "payload": "{…}", "retained": true}
    {"received": 1802592000000}

`received` is ms UTC on the hub's clock and never goes back. The payload is text as it came; one that is no UTF-8 comes
as `payload_base64`. A line without a topic only says that time has passed. Files named *.gz are compressed.
"""

import base64
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

MAX_LINE_CHARACTERS = 4 * 1024 * 1024
"""A message of 256 KiB, escaped as badly as JSON can, is shorter."""


LATEST_MS = 1 << 53
"""Up to here every reader of JSON keeps a whole number whole."""

_REASON_CHARACTERS = 200


class RecordingError(Exception):
    """A file that is no recording; the message names the line."""


class Line(NamedTuple):
    """One message, or with an empty topic only the time."""

    received: int
    topic: str
    payload: bytes
    retained: bool


def open_text(path: Path) -> IO[str]:
    """For reading. Raises OSError."""
    if path.suffix == ".gz":
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")


def read(source: Iterable[str], name: str = "recording") -> Iterator[Line]:
    """Its lines. Raises RecordingError at the first that is none or can't be read, and where time goes back or the end
    is missing. Of a file no line is read further than MAX_LINE_CHARACTERS.
    """
    before, ended, number = 0, False, 0
    texts = _texts(source)
    while (text := _next(texts, f"{name}:{number + 1}")) is not None:
        number += 1
        if not text.strip():
            continue
        line = _line(text, f"{name}:{number}")
        if line.received < before:
            raise RecordingError(f"{name}:{number}: received {line.received} after {before}: time goes back")
        before, ended = line.received, not line.topic
        yield line
    if not ended:
        raise RecordingError(f"{name}:{number}: ends without a clock line: it was cut off")


def _texts(source: Iterable[str]) -> Iterator[str]:
    if isinstance(source, io.TextIOBase):
        return iter(lambda: source.readline(MAX_LINE_CHARACTERS + 1), "")
    return iter(source)


def _next(texts: Iterator[str], where: str) -> str | None:
    """The next line, None after the last. Raises RecordingError where the file can't be read there."""
    try:
        return next(texts, None)
    except UnicodeDecodeError as error:
        raise RecordingError(f"{where}: not UTF-8: {error.reason}") from None
    except (EOFError, zlib.error, OSError) as error:
        raise RecordingError(f"{where}: can't be read: {error}") from None


def _line(text: str, where: str) -> Line:
    if len(text) > MAX_LINE_CHARACTERS:
        raise RecordingError(f"{where}: a line of more than {MAX_LINE_CHARACTERS} characters")
    try:
        fields: Any = json.loads(text)
        received, topic = fields["received"], fields.get("topic", "")
        if type(received) is not int or type(topic) is not str:
            raise RecordingError(f"{where}: received must be a whole number of ms, topic a text")
        if not 0 <= received <= LATEST_MS:
            raise RecordingError(f"{where}: received must be from 0 to {LATEST_MS} ms")
        return Line(received, topic, _payload(fields), fields.get("retained", False) is True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{where}: no line of a recording: {repr(error)[:_REASON_CHARACTERS]}") from None


def _payload(fields: dict[str, Any]) -> bytes:
    if "payload_base64" in fields:
        return base64.b64decode(fields["payload_base64"], validate=True)
    return cast("str", fields.get("payload", "")).encode()
