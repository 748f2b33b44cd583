"""Accounts that were refused, and how long we leave them alone.

One refused login can lock an account of a recorder for half an hour, and every further try starts that anew. Kept in
memory only: an agent's restart may try once again.
"""

import threading
import time
from collections.abc import Callable

from agent.device.address import Endpoint
from agent.device.errors import AuthPaused

PAUSE_SECONDS = 1800.0
"""How long after one refused login, by default: what the vendors lock for."""


class Pauses:
    """Thread-safe; shared by all collectors of the process, since the device counts tries, not collectors."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[tuple[tuple[str, int], str], float] = {}
        self._lock = threading.Lock()

    def start(self, endpoint: Endpoint, username: str, seconds: float = PAUSE_SECONDS) -> None:
        """Leave this account of this device alone from now on."""
        with self._lock:
            self._until[endpoint.place, username] = self._monotonic() + seconds

    def remaining(self, endpoint: Endpoint, username: str) -> float:
        """Seconds left, 0 when the account may be used."""
        with self._lock:
            left = self._until.get((endpoint.place, username), 0.0) - self._monotonic()
            if left <= 0:
                self._until.pop((endpoint.place, username), None)
        return max(0.0, left)

    def check(self, endpoint: Endpoint, username: str) -> None:
        """Raises AuthPaused while the account is left alone."""
        left = self.remaining(endpoint, username)
        if left > 0:
            raise AuthPaused(f"{endpoint}: account {username!r} was refused, next try in {left / 60:.0f} min")


PAUSES = Pauses()
"""Of this process."""
