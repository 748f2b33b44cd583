"""How a guest behaves: one request at a time to a device, whoever of us asks, and no more of them an hour than agreed.

Long waits for news (a pull that waits, an event stream) hold no turn: the device is idle meanwhile, and a recorder
serves them beside the rest. They count as requests when they begin.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from agent.device.address import Endpoint
from agent.device.errors import HeldBack

HOUR = 3600.0
MAX_REQUESTS = 1200
"""The most requests to a device within an hour, by default."""

_STEP = 60.0
_LOOK = 0.1


class Manner:
    """Towards one device. Thread-safe: shared by every collector that asks it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.held_back = 0
        """Requests that were not sent since the start, since the hour's were used up."""
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._minutes: deque[list[float]] = deque()  # of [when it began, requests in it]

    @contextlib.contextmanager
    def turn(self, seconds: float, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Our turn to ask, waited for at most so long. Raises HeldBack."""
        until = time.monotonic() + seconds
        while not self._turn.acquire(timeout=_LOOK):
            if given_up() or time.monotonic() >= until:
                raise HeldBack("not asked: still busy with another question of ours")
        try:
            yield
        finally:
            self._turn.release()

    def spend(self, most: int) -> None:
        """Count one request that is about to be sent. Raises HeldBack where `most` were sent within the last hour."""
        with self._lock:
            now = self._forget()
            if sum(int(count) for _, count in self._minutes) >= most:
                self.held_back += 1
                raise HeldBack(f"not asked: {most} requests within an hour are the most")
            if not self._minutes or now - self._minutes[-1][0] >= _STEP:
                self._minutes.append([now, 0])
            self._minutes[-1][1] += 1

    @property
    def spent(self) -> int:
        """Requests within the last hour, to the minute."""
        with self._lock:
            self._forget()
            return sum(int(count) for _, count in self._minutes)

    def _forget(self) -> float:
        now = self._monotonic()
        while self._minutes and now - self._minutes[0][0] >= HOUR:
            self._minutes.popleft()
        return now


class Manners:
    """Of every device, by its configured endpoint."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._of: dict[tuple[str, int], Manner] = {}

    def of(self, endpoint: Endpoint) -> Manner:
        """Towards this device."""
        with self._lock:
            return self._of.setdefault(endpoint.place, Manner(self._monotonic))


MANNERS = Manners()
"""Of this process."""
