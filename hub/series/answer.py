"""An HTTP answer read within bounds, whatever a server, or whoever sits before it, sends.

A socket's time-out is that of a single read: a server that sends a byte now and then, or one interim answer after
another, is waited for without an end. So the whole answer, from its first line to its last byte, has a deadline here;
its body has a largest size and is read in pieces, unpacked ones included; and no redirect is followed.
"""

import contextlib
import http.client
import io
import re
import socket
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

ERROR_BYTES = 16 * 1024
"""So much of an error's body is read: its first words tell what is wrong."""

OVERALL_TIMEOUTS = 6
"""An answer as a whole may take so many times as long as the wait for a single piece of it."""

MOST_RETRY_AFTER_SECONDS = 300.0
"""The longest pause a server can ask for: past it we look whether it still means it."""

_PIECE_BYTES = 64 * 1024
_PLACE_CHARACTERS = 200
_SECONDS = re.compile(r"[0-9]{1,15}")


class Answer(NamedTuple):
    """Status, headers (their names in any case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        """The status is a 2xx."""
        return 200 <= self.status <= 299


class TooLong(Exception):  # noqa: N818 - a state; who asked knows what it means
    """A good answer's body is longer than `limit` bytes: it was not read to its end."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"longer than {limit / 1024**2:g} MiB")
        self.limit = limit


def ask(pools: Any, method: str, url: str, limit: int, **request: Any) -> Answer:
    """One request over urllib3's `pools`, made ready by `bound`. Raises TooLong, urllib3.exceptions.HTTPError.

    Of an answer that is not good ERROR_BYTES are read at the most, and what breaks off is taken as it is.
    """
    response = pools.request(method, url, preload_content=False, redirect=False, retries=False, **request)
    found = Answer(response.status, response.headers, b"")
    body = bytearray()
    whole = False
    try:
        with contextlib.suppress(*(() if found.good else (urllib3.exceptions.HTTPError,))):
            whole = _read(response, body, limit if found.good else ERROR_BYTES)
    finally:
        if whole:
            response.release_conn()
        else:
            response.close()
    if found.good and not whole:
        raise TooLong(limit)
    return found._replace(body=bytes(body))


def _read(response: Any, body: bytearray, limit: int) -> bool:
    """Whether the body ended within `limit` bytes; those are in `body` then."""
    while piece := response.read1(min(_PIECE_BYTES, limit + 1 - len(body))):
        body += piece
        if len(body) > limit:
            del body[limit:]
            return False
    return True


def retry_after(headers: Mapping[str, str], now: float) -> float:
    """For how many seconds a server asks to be left alone, 0 to MOST_RETRY_AFTER_SECONDS; `now` is Unix time.

    Seconds or an HTTP date (RFC 9110, 10.2.3); a date is compared with the server's own clock where it tells that.
    """
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(said):
        wait = float(said)
    else:
        until, clock = _moment(said), _moment(headers.get("Date", ""))
        wait = 0.0 if until is None else until - (now if clock is None else clock)
    return min(max(wait, 0.0), MOST_RETRY_AFTER_SECONDS)


def _moment(text: str) -> float | None:
    """Unix time of an HTTP date."""
    try:
        found = parsedate_to_datetime(text[:100])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def elsewhere(headers: Mapping[str, str]) -> str:
    """Where a redirect points to, as it may be shown: no credentials, no query, of a bounded length."""
    try:
        parts = urlsplit(headers.get("Location", ""))
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path
    except ValueError:
        place = ""
    shown = "".join(character for character in place if character.isprintable())[:_PLACE_CHARACTERS]
    return shown or "nowhere"


def bound(pools: Any) -> None:
    """Let every answer over these pools (a urllib3.PoolManager) have its deadline."""
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Bytes(io.RawIOBase):
    """What a socket brings within a time; TimeoutError past it. The socket's own time-out is that of a piece."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._piece = sock.gettimeout()
        self._until = None if self._piece is None else time.monotonic() + OVERALL_TIMEOUTS * self._piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._piece is not None and self._until is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer takes too long as a whole")
            self._sock.settimeout(min(self._piece, left))
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """Reads its first line, its headers and its body from such bytes."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Bytes(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _TlsConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
