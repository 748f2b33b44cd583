"""How fast something grows, from readings of the last hours. Pure figures."""

from itertools import combinations
from statistics import median

POINTS = 72
"""Kept of a window: one every five minutes of six hours."""
LEAST_SHARE = 1 / 3
"""Of the window must be covered before a rate is told."""

_HOUR = 3600.0


class Growth:
    """Readings over `window` seconds. The first `settling` seconds after `begin` count for nothing: what starts, fills
    its caches first."""

    def __init__(self, window: float, settling: float) -> None:
        self._window = window
        self._settling = settling
        self._points: list[tuple[float, float]] = []
        self._from = float("-inf")
        self.per_hour: float | None = None
        """The rate, None as long as it is not known."""

    def begin(self, mono: float) -> None:
        """Forget what was: another process started at this moment."""
        self._points, self._from, self.per_hour = [], mono + self._settling, None

    def note(self, mono: float, value: float) -> None:
        """One more reading."""
        if mono < self._from or (self._points and mono - self._points[-1][0] < self._window / POINTS):
            return
        self._points = [point for point in self._points if mono - point[0] <= self._window] + [(mono, value)]
        covered = self._points[-1][0] - self._points[0][0]
        self.per_hour = slope(self._points) * _HOUR if covered >= self._window * LEAST_SHARE else None


def slope(points: list[tuple[float, float]]) -> float:
    """Of points (seconds, value) in order, in value per second: the median slope of all pairs (Theil-Sen).

    It is held to the net change, and nothing where the two disagree in direction: the median alone calls memory that
    is collected every hour a growing one, the net alone takes one large request for a trend.
    """
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0]]
    if not slopes:
        return 0.0
    typical = median(slopes)
    net = (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])
    return min(typical, net, key=abs) if typical * net > 0 else 0.0
