"""A TCP relay that can stop carrying, in one direction or both, without closing anything: a half-open connection."""

import contextlib
import socket
import threading
from typing import Self

from tests.servers.server import HOST

READ_BYTES = 65_536


class Relay:
    """From its own `port` to `target` on loopback."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = {"up": threading.Event(), "down": threading.Event()}
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.carry()
        threading.Thread(target=self._accept, daemon=True).start()

    def carry(self) -> None:
        """Everything passes, also what was held back."""
        for flow in self._flows.values():
            flow.set()

    def swallow(self, *directions: str) -> None:
        """Nothing passes any more: `up` to the target, `down` from it. Connections stay open, new ones are accepted."""
        for direction in directions:
            self._flows[direction].clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.carry()
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.accepted += 1
                far = socket.create_connection((HOST, self._target))
                self._sockets += [near, far]
                for source, sink, flow in ((near, far, "up"), (far, near, "down")):
                    threading.Thread(target=self._carry, args=(source, sink, self._flows[flow]), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket, flow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(READ_BYTES):
                flow.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
