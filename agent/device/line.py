"""The connections to one device: one deadline for a whole exchange, and a way to cut it short from another thread.

A time-out per read is none: a device that drips its header, its chunk sizes or a row of `100 Continue` stays within it
for ever. So the socket itself looks at the clock, whoever reads from it and whatever for.
"""

import contextlib
import math
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class Line:
    """Shared by all sockets of one transport. One exchange at a time; only `cut` may come from another thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.heard = False
        """Whether anything came in this exchange, one byte or a whole answer."""
        self.severed = False
        """Whether it was cut, and not mended since."""
        self.connected = False
        """Whether the last attempt to connect came through: a device that then says nothing is there all the same."""
        self._monotonic = monotonic
        self._until = math.inf
        self._current: socket.socket | None = None

    def begin(self, seconds: float) -> None:
        """An exchange starts now, and ends `seconds` later at the latest."""
        self.heard = False
        self._until = self._monotonic() + seconds

    def left(self, used: socket.socket | None = None) -> float:
        """Seconds left for reading or writing on this socket. Raises TimeoutError; ConnectionAbortedError once cut."""
        # Noted before the look at the flag, as `cut` raises the flag before it looks for a socket: none slips through.
        self._current = used
        if self.severed:
            raise ConnectionAbortedError("interrupted")
        seconds = self._until - self._monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds

    def cut(self) -> None:
        """End the exchange under way at once, and let no other begin until `mend`."""
        self.severed = True
        current = self._current
        if current is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                current.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Exchanges may begin again."""
        self.severed = False

    def pool(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        """A connection pool whose sockets keep the deadline."""
        pool = HTTPConnectionPool(*args, **options)
        pool.ConnectionCls = partial(_Connection, self)  # type: ignore[assignment] # called, never inspected
        return pool


class _Socket(socket.socket):
    line: Line

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """What http.client reads with."""
        self.settimeout(self.line.left(self))
        count = super().recv_into(buffer, nbytes, flags)
        self.line.heard = self.line.heard or count > 0
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        """What http.client writes with; its time-out is of the whole."""
        self.settimeout(self.line.left(self))
        super().sendall(data, flags)


class _Connection(HTTPConnection):
    def __init__(self, line: Line, **options: Any) -> None:
        super().__init__(**options)
        self._line = line

    def _new_conn(self) -> socket.socket:
        self._line.connected = False
        self._line.left()
        with super()._new_conn() as plain:
            kept = _Socket(plain.family, plain.type, plain.proto, plain.detach())
        kept.line = self._line
        self._line.connected = True
        return kept
