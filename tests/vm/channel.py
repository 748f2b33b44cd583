"""Lines of JSON over a UNIX socket: how QEMU (QMP) and the guest agent inside the machine are both spoken to."""

import json
import socket
import time
from pathlib import Path
from typing import Any

_CHUNK = 65536


class Silent(Exception):  # noqa: N818 - a verdict
    """No answer within the time given, or the other end is gone."""


class Refused(Exception):  # noqa: N818 - a verdict
    """The other end answered with an error; the text is its own."""


class Channel:
    """One question at a time. What QEMU says unasked is kept in `events`, by name, in the order it came."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._rest = b""
        self.events: list[tuple[str, dict[str, Any]]] = []

    def ask(self, command: str, arguments: dict[str, Any] | None = None, *, timeout: float = 10.0) -> Any:
        """What the command returns. Raises Refused, or Silent after `timeout` seconds."""
        question: dict[str, Any] = {"execute": command}
        if arguments is not None:
            question["arguments"] = arguments
        self._send(question)
        deadline = time.monotonic() + timeout
        while True:
            answer = self._next(deadline)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise Refused(f"{command}: {answer['error'].get('desc', answer['error'])}")

    def synchronise(self, number: int, *, timeout: float) -> bool:
        """Whether the guest agent answers. What it was asked by someone before, and says only now, is passed over."""
        self._rest = b""
        # 0xFF makes the agent's parser begin afresh, and its answer begins with the same: guest-sync-delimited.
        deadline = time.monotonic() + timeout
        try:
            self._send({"execute": "guest-sync-delimited", "arguments": {"id": number}}, prefix=b"\xff")
            while True:
                if self._next(deadline).get("return") == number:
                    return True
        except Silent:
            return False

    def hear(self, event: str, *, timeout: float) -> dict[str, Any]:
        """Wait for one of QEMU's events; its data. Raises Silent."""
        deadline = time.monotonic() + timeout
        while True:
            for index, (name, data) in enumerate(self.events):
                if name == event:
                    del self.events[index]
                    return data
            self._next(deadline)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, message: dict[str, Any], prefix: bytes = b"") -> None:
        try:
            self._socket.settimeout(10.0)
            self._socket.sendall(prefix + json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise Silent(f"hung up: {error}") from None

    def _next(self, deadline: float) -> dict[str, Any]:
        """The next message; an event is also noted."""
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silent("no answer in time")
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(_CHUNK)
            except TimeoutError:
                raise Silent("no answer in time") from None
            except OSError as error:
                raise Silent(f"hung up: {error}") from None
            if not more:
                raise Silent("hung up")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            message = json.loads(line.lstrip(b"\xff") or b"{}")
        except ValueError:
            return {}
        if "event" in message:
            self.events.append((message["event"], message.get("data", {})))
        return message if isinstance(message, dict) else {}
