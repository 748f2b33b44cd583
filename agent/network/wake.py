"""Ends a wait of one thread from another."""

import contextlib
import selectors
import socket


class Wake:
    """Something to select on beside sockets. Once set it stays so."""

    def __init__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self.called = False
        """Whether it was set."""

    def set(self) -> None:
        """End the wait under way, and every later one; from any thread."""
        self.called = True
        with contextlib.suppress(OSError):  # closed, or full: then it was heard
            self._mouth.send(b"!")

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have this selector end its wait, too."""
        selector.register(self._ear, selectors.EVENT_READ, self)

    def close(self) -> None:
        """Let go of its sockets."""
        self._ear.close()
        self._mouth.close()
