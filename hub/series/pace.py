"""How fast the buffer is drained: as fast as live writes do not feel it.

A share of the time is the drain's. It grows while live writes beside the drain take about as long as without it, or
while there are none, and is halved when they take much longer, as with TCP's windows. What is compared is the cost of
a point, since batches differ in size.
"""

import threading

START_SHARE = 0.5
LEAST_SHARE = 0.05
MOST_SHARE = 0.9
_GROWTH = 0.05
_MOST_REST_SECONDS = 5.0

HELD_UP = 2.0
"""So many times the calm cost of a point is too much."""

_UNFELT_SECONDS = 0.05
"""Nobody notices a write this quick, whatever it would take without the drain."""

_UNKNOWN_SECONDS = 0.25
"""Too much for a live write while its calm cost was never measured: after a start with a full buffer."""

_REQUEST_POINTS = 200
"""A request costs about as much as so many points more (measured: 64 points at 29k/s, 1000 at 67k/s)."""

_WEIGHT = 0.1


class Pace:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._share = START_SHARE
        self._calm: float | None = None
        self._held_up = False

    @property
    def share(self) -> float:
        """The drain's part of the time, 0 to 1."""
        return self._share

    def live(self, points: int, seconds: float, beside: bool) -> None:
        """A live write of so many points took `seconds`, `beside` a write of the drain or alone."""
        cost = seconds / (points + _REQUEST_POINTS)
        with self._lock:
            if not beside:
                self._calm = cost if self._calm is None else self._calm + _WEIGHT * (cost - self._calm)
            elif self._calm is None:
                self._held_up |= seconds > _UNKNOWN_SECONDS
            else:
                self._held_up |= seconds > _UNFELT_SECONDS and cost > HELD_UP * self._calm

    def yield_way(self) -> None:
        """A live write was given up: leave as much room as can be."""
        with self._lock:
            self._share, self._held_up = LEAST_SHARE, False

    def rest(self, worked: float) -> float:
        """Seconds to rest after having worked for `worked` seconds."""
        with self._lock:
            if self._held_up:
                self._share = max(LEAST_SHARE, self._share / 2)
            else:
                self._share = min(MOST_SHARE, self._share + _GROWTH)
            self._held_up = False
            return min(_MOST_REST_SECONDS, worked * (1 / self._share - 1))
