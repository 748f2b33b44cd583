"""A second host that nobody may ever talk to: hostile devices name it wherever an address can stand."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Trap:
    """Listens on 127.0.0.2 and notes whoever connects."""

    def __init__(self) -> None:
        self.caught: list[bytes] = []
        """What each visitor said first."""
        self._socket = socket.create_server(("127.0.0.2", 0))
        self.where: str = f"127.0.0.2:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def url(self, path: str = "/", scheme: str = "http") -> str:
        """An address of it."""
        return f"{scheme}://{self.where}{path}"

    def _watch(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(0.2)
                try:
                    self.caught.append(visitor.recv(4096))
                except OSError:
                    self.caught.append(b"")
