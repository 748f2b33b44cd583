"""Ends a wait of one thread from another."""

import contextlib
import selectors
import socket
import threading


class Wake:
    """Something to select on beside sockets. Once set it stays so. Opens nothing before it is first watched."""

    def __init__(self) -> None:
        self.called = False
        """Whether it was set."""
        self._lock = threading.Lock()
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def set(self) -> None:
        """End the wait under way, and every later one; from any thread."""
        with self._lock:
            self.called = True
            self._ring()

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have this selector end its wait, too."""
        with self._lock:
            if self._pair is None:
                self._pair = socket.socketpair()
                for end in self._pair:
                    end.setblocking(False)
            if self.called:
                self._ring()
            selector.register(self._pair[0], selectors.EVENT_READ, self)

    def close(self) -> None:
        """Let go of its sockets."""
        with self._lock:
            for end in self._pair or ():
                end.close()
            self._pair = None

    def _ring(self) -> None:
        if self._pair is not None:
            with contextlib.suppress(OSError):  # full: then it was heard
                self._pair[1].send(b"!")
