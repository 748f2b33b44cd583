"""Stands between paho and its socket: hands over messages in bulk, and writes acknowledgements in bulk.

paho reads a packet with several calls to the system and as many locks, and writes one with as many again. This reads
what has come at once, picks out the messages (`frames.py`), and leaves paho every other packet: it goes on to connect,
subscribe, keep alive and disconnect as ever.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from hub.frames import Heard, cut, split
from wire.codec import MAX_BYTES

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

READ_BYTES = 256 * 1024
LARGEST_BYTES = 2 * MAX_BYTES
"""Of a packet. What is larger is heard cut off, so that its sender is counted, and the rest of it passed over."""
WAITING_BYTES = 8 * 1024 * 1024
"""Written and not yet taken by the system; past it, acknowledgements are dropped (agents ask again) and paho waits."""

SIGN_SECONDS = 1.0
"""paho is left a message so often, so that it knows the connection to be alive."""


ASK_AFTER_SECONDS, ASK_EVERY_SECONDS, ASK_TIMES = 15, 5, 3
"""The system asks a silent peer whether it is still there: gone after half a minute."""

UNACKNOWLEDGED_MS = 30_000
"""What the peer's system does not confirm for so long ends the connection; by itself Linux takes a quarter hour."""


class Tap:
    """A socket as paho knows it. Read by one thread, written by any."""

    def __init__(self, under: "SocketLike", heard: Callable[[list[Heard]], None], *, version5: bool) -> None:
        self._under: Any = under
        self._heard = heard
        self._version5 = version5
        self._rest = b""
        self._skip = 0
        """Bytes to come of a packet that was too large."""
        self._others = b""
        self._taken = 0
        """How much of them paho has."""
        self._sign_due = 0.0
        self.made = time.monotonic()
        self._waiting = bytearray()
        self._lock = threading.Lock()
        """Also because OpenSSL wants one call at a time on a connection."""

    def recv(self, buffer_size: int) -> bytes:
        """What is left to paho. Raises BlockingIOError where nothing is, as a socket does."""
        if self._taken >= len(self._others) and not self._read():
            return b""
        if self._taken >= len(self._others):
            raise BlockingIOError
        taken = self._others[self._taken : self._taken + buffer_size]
        self._taken += len(taken)
        return taken

    def _read(self) -> bool:
        """Read what has come and hand over the messages in it; False at the end of the stream."""
        data = self._receive()
        if not data:
            return False
        now = time.monotonic()
        passed = min(self._skip, len(data))
        self._skip -= passed
        found = split(self._rest + data[passed:], version5=self._version5, spare=now >= self._sign_due)
        self._rest, self._others, self._taken = found.rest, found.others, 0
        if len(self._rest) > LARGEST_BYTES:
            told, self._skip = cut(self._rest, version5=self._version5)
            self._rest = b""
            found.messages.extend([told] if told else [])
        if found.others:
            self._sign_due = now + SIGN_SECONDS
        if found.messages:
            self._heard(found.messages)
        return True

    def _receive(self) -> bytes:
        with self._lock:
            data: bytes = self._under.recv(READ_BYTES)
            if not isinstance(self._under, ssl.SSLSocket) or not data:
                return data
            records = [data]  # TLS hands out one record at a time, of at most 16 KiB
            try:
                while data and len(records) < READ_BYTES // 16_384:
                    data = self._under.recv(READ_BYTES)
                    records.append(data)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            return b"".join(records)

    def pending(self) -> int:
        """Bytes for paho that no select would tell of."""
        under = self._under.pending() if isinstance(self._under, ssl.SSLSocket) else 0
        return len(self._others) - self._taken + int(under)

    def send(self, buffer: bytes | bytearray) -> int:
        """A packet of paho's, whole, behind what waits. Raises BlockingIOError where too much does."""
        with self._lock:
            if len(self._waiting) + len(buffer) > WAITING_BYTES:
                self._flush()
                raise BlockingIOError
            self._waiting += buffer
            self._flush()
        return len(buffer)

    def post(self, packets: bytes) -> bool:
        """Whole packets that are not paho's; False where there is no room for them or the connection is gone."""
        with self._lock:
            if len(self._waiting) + len(packets) > WAITING_BYTES:
                return False
            self._waiting += packets
            try:
                self._flush()
            except (OSError, ValueError):
                return False  # paho will find out by itself
        return True

    @property
    def waiting(self) -> bool:
        """Something is written that the system has not taken yet."""
        return bool(self._waiting)

    def flush(self) -> None:
        """Go on writing what waits."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: self._under.send(self._waiting)]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return

    def end(self) -> None:
        """End the connection, whichever thread asks; the one that reads finds the end of the stream."""
        with contextlib.suppress(OSError):
            # Not SSLSocket's own, which forgets that it was encrypted while the other thread still reads.
            socket.socket.shutdown(self._under, socket.SHUT_RDWR)

    def close(self) -> None:
        """As a socket's."""
        self._under.close()

    def fileno(self) -> int:
        """As a socket's."""
        return int(self._under.fileno())

    def setblocking(self, flag: bool) -> None:
        """As a socket's."""
        self._under.setblocking(flag)

    def __getattr__(self, name: str) -> Any:
        """Whatever else a socket can do."""
        return getattr(self._under, name)


class Client(mqtt.Client):
    """paho's client over a tap. What it has no setting for is overridden here and nowhere else."""

    def __init__(self, heard: Callable[[list[Heard]], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._heard = heard
        self.tap: Tap | None = None

    def _create_socket(self) -> "SocketLike":
        under = super()._create_socket()
        _watch_over(under)
        self.tap = Tap(under, self._heard, version5=self._protocol == mqtt.MQTTv5)
        return self.tap

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """As paho's, which leaves the connection open when the handshake fails. The context checks the name."""
        if self._ssl_context is None:
            raise ValueError("TLS without certificates")
        secure = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            secure.settimeout(self._connect_timeout)
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure

    def open_for(self, now: float) -> float:
        """Seconds since the broker's system took the connection; 0 before, however long names and addresses take."""
        return now - self.tap.made if self.tap is not None else 0.0

    def want_write(self) -> bool:
        """Also what the tap has still to write."""
        return super().want_write() or (self.tap is not None and self.tap.waiting)

    def loop_write(self) -> MQTTErrorCode:
        """The tap's share, too."""
        if self.tap is not None and self.tap.waiting:
            try:
                self.tap.flush()
            except OSError:
                return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        return super().loop_write()

    def post(self, packets: bytes) -> bool:
        """Packets of one's own making, between paho's; False where they can't be sent now."""
        return self.tap is not None and self.tap.post(packets)

    def end(self) -> None:
        """Break off the connection without a word, if there is one."""
        if self.tap is not None:
            self.tap.end()


def _watch_over(under: "SocketLike") -> None:
    """A peer that is gone without a goodbye is noticed, as far as this system can."""
    if not isinstance(under, socket.socket):
        return
    under.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", ASK_AFTER_SECONDS),
        ("TCP_KEEPINTVL", ASK_EVERY_SECONDS),
        ("TCP_KEEPCNT", ASK_TIMES),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
    ):
        if hasattr(socket, option):
            under.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
