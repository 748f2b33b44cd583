"""What systemd is told, over the socket in NOTIFY_SOCKET: sd_notify(3). Without one nothing is said."""

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)

_SHORTEST_WATCHDOG = 0.1
_PATIENCE_SECONDS = 1.0
"""How long a manager that is busy is waited for, twice, where it would kill us for what it did not hear."""


class Notifier:
    """Says what the service does. A manager that is gone delays nothing, one that is slow two seconds at most, and
    pings and status not at all."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self.watchdog_seconds = _watchdog_seconds(environment) if self._address.startswith(("/", "\0")) else 0.0
        """How often at least the manager wants to hear from us, 0 where it does not."""
        self._told_trouble = False
        self._status = ""

    def ready(self) -> None:
        """Started, or done with reloading."""
        self._send("READY=1", _PATIENCE_SECONDS)

    def reloading(self) -> None:
        """The configuration is read again; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}", _PATIENCE_SECONDS)

    def stopping(self) -> None:
        """The end begins."""
        self._send("STOPPING=1", _PATIENCE_SECONDS)

    def alive(self) -> None:
        """All is well: the watchdog waits from now anew."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`, sent when it is another than before."""
        line = "".join(c if c.isprintable() else " " for c in text)[:300]
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def _send(self, text: str, patience: float = 0.0) -> None:
        if not self._address.startswith(("/", "\0")):
            return
        try:
            try:
                self._send_once(text, patience)
            except (BlockingIOError, TimeoutError):
                if not patience:
                    raise
                self._send_once(text, patience)
        except OSError as error:
            if not self._told_trouble:
                self._told_trouble = True
                log.warning("service manager can't be told reason=%r", error.strerror or str(error))

    def _send_once(self, text: str, patience: float) -> None:
        """Raises OSError; where the manager's queue stays full BlockingIOError, or TimeoutError after `patience`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
            one.settimeout(patience)
            one.connect(self._address)  # unconnected, it would seem writable all the time
            one.send(text.encode())


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    """WATCHDOG_USEC, where it is meant for this process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        seconds = int(environment.get("WATCHDOG_USEC", "0")) / 1_000_000
    except ValueError:
        return 0.0
    return max(_SHORTEST_WATCHDOG, seconds) if seconds > 0 else 0.0
