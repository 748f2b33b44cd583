"""A device that was never honest: a bare socket that says to every request what it is told to say."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

Speak = Callable[["Visit"], None]

_LIFE_SECONDS = 20.0


class Visit:
    """One request of a visitor."""

    def __init__(self, device: "HostileDevice", connection: socket.socket, head: bytes) -> None:
        self.device = device
        self.head = head
        self._connection = connection

    @property
    def signed(self) -> bool:
        """Whether it shows a login."""
        return b"\r\nauthorization:" in self.head.lower()

    def say(self, *pieces: bytes) -> None:
        """Send. Raises OSError once the visitor has had enough."""
        for piece in pieces:
            self._connection.sendall(piece)

    def answer(self, status: str, *headers: str, body: bytes = b"") -> None:
        """An answer that is HTTP."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        self.say("\r\n".join(lines).encode("latin-1"), body)

    def for_ever(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Say that again and again, for as long as anybody listens."""
        while not self.device.ended.wait(pause):
            self.say(*pieces)

    def hang(self) -> None:
        """Say nothing, and keep the line."""
        self.device.ended.wait(_LIFE_SECONDS)


class HostileDevice:
    """Listens on loopback. `speak` answers each request; what it does not send is not said, then the line is cut."""

    def __init__(self, speak: Speak) -> None:
        self.heard = bytearray()
        """Every byte that came in."""
        self.signed = 0
        """Requests that showed a login."""
        self.requests = 0
        self.ended = threading.Event()
        self._speak = speak
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_LIFE_SECONDS)
            for head in self._requests(connection):
                visit = Visit(self, connection, head)
                with self._lock:
                    self.requests += 1
                    self.signed += visit.signed
                self._speak(visit)

    def _requests(self, connection: socket.socket) -> Iterator[bytes]:
        """Heads of requests, their bodies read past; whatever is no HTTP is one request as it comes."""
        held = b""
        while not self.ended.is_set():
            while b"\r\n\r\n" not in held and len(held) < 65_536:
                piece = connection.recv(65_536)
                if not piece:
                    return
                self.heard += piece
                held += piece
                if not held[:1].isalpha():
                    break
            head, _, held = held.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            while len(held) < length:
                piece = connection.recv(65_536)
                if not piece:
                    return
                self.heard += piece
                held += piece
            held = held[length:]
            yield head
