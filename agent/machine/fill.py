"""How a volume fills: its growth, and whether old recordings are seen to make room for new ones. Pure figures.

Points of the last days are kept, one for each ninety-sixth of the window, each with what rose and fell since the one
before. Times of this process are monotonic, those remembered from before it are the wall clock's and are placed by the
present difference of the two: a clock that is set moves the old points, never the rate among the new ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import NamedTuple

SLOTS = 96
LEAST_POINTS = 8
LEAST_SHARE = 1 / 8
"""Of the window must be covered before a rate is told."""

NEAR_FULL = 0.85
LEAST_TURNOVER = 0.0002
"""Of the volume's size must both rise and fall within the window: above what log files and databases move (0.8 GB of
4 TB), below what one camera that records motion only writes in a day."""
MOST_IMBALANCE = 2.0
NOT_SEEN_SHARE = 1 / 2
"""Of the window must be covered before "not seen to overwrite" is told: clean-ups may come once a night."""

SAME_SIZE = 0.1
"""A size that changes by more is another file system; ZFS and btrfs sizes move a little all the time."""


class Point(NamedTuple):
    """Bytes in use at a moment (seconds), what rose and fell since the point before, and the highest fill since."""

    at: float
    used: float
    risen: float
    fallen: float
    peak: float


@dataclass(frozen=True)
class Trend:
    """What a window of points says. `rate` in bytes per second, negative when it shrinks; None is "not known yet"."""

    rate: float | None = None
    overwriting: bool | None = None


class FillHistory:
    """The points of one volume over `window` seconds. `points` are remembered ones, their times the wall clock's."""

    def __init__(self, window: float, points: Sequence[Point] = (), size: float = 0.0) -> None:
        self._window = window
        self._old = list(points)[-SLOTS * 2 :]
        self._own: list[Point] = []
        self._ahead = 0.0
        self._last = self._old[-1].used if self._old else None
        self._risen = self._fallen = self._peak = 0.0
        self.size = size
        self.trend = Trend()

    def note(self, wall: float, mono: float, used: float, size: float, fill: float) -> bool:
        """One more reading: bytes used of `size`, and the fill ratio. Whether it made a point worth remembering."""
        if abs(size - self.size) > SAME_SIZE * self.size:
            self._old, self._own, self._last, self.trend = [], [], None, Trend()
            self._risen = self._fallen = self._peak = 0.0
        self.size = size
        self._ahead = wall - mono
        change = used - self._last if self._last is not None else 0.0
        self._last = used
        self._risen += max(0.0, change)
        self._fallen += max(0.0, -change)
        self._peak = max(self._peak, fill)
        line = self._line(mono)
        if line and mono - line[-1].at < self._window / SLOTS:
            return False
        self._own.append(Point(mono, used, self._risen, self._fallen, self._peak))
        self._risen = self._fallen = self._peak = 0.0
        self._prune(mono)
        self.trend = trend([*self._line(mono)], self._window, size)
        return True

    def points(self) -> list[Point]:
        """All points, for remembering, their times the wall clock's."""
        return [*self._old, *(point._replace(at=point.at + self._ahead) for point in self._own)]

    def _line(self, mono: float) -> list[Point]:
        """The points of the window in order, times monotonic. Old ones that seem to lie ahead of us wait for a clock
        that is set: gateways without a battery boot in 1970."""
        first = self._own[0].at if self._own else mono
        old = (point._replace(at=point.at - self._ahead) for point in self._old)
        return [*(point for point in old if mono - self._window <= point.at <= first), *self._own]

    def _prune(self, mono: float) -> None:
        self._own = [point for point in self._own if point.at >= mono - self._window]
        covered = len(self._own) >= SLOTS
        self._old = [p for p in self._old if p.at - self._ahead >= mono - self._window and not covered]


def trend(points: Sequence[Point], window: float, size: float) -> Trend:
    """What these points say, in order of time; nothing where they are too few or span too little of the window."""
    covered = points[-1].at - points[0].at if points else 0.0
    if len(points) < LEAST_POINTS or covered < window * LEAST_SHARE:
        return Trend()
    seen = turns_over(points, size)
    return Trend(rate(points), True if seen else (False if covered >= window * NOT_SEEN_SHARE else None))


def rate(points: Sequence[Point]) -> float:
    """Bytes per second: the median slope of all pairs (Theil-Sen), held to the net growth from first to last.

    The median alone calls a volume that fills all day and is cleared every night a growing one; the net alone takes one
    large copy for a trend. The one nearer to nothing of the two is told, and nothing where they disagree in direction.
    """
    slopes = [(b.used - a.used) / (b.at - a.at) for a, b in combinations(points, 2) if b.at > a.at]
    if not slopes:
        return 0.0
    typical = median(slopes)
    net = (points[-1].used - points[0].used) / (points[-1].at - points[0].at)
    if typical * net <= 0:
        return 0.0
    return min(typical, net, key=abs)


def turns_over(points: Sequence[Point], size: float) -> bool:
    """Whether these points show a recorder replacing its oldest recordings: the volume comes near full (85 %), space
    is both taken and given back (0.02 % of the size at least), and neither is more than twice the other.

    A full disk whose recorder stopped, or one that files were allotted on in advance, shows no turnover.
    """
    risen = sum(point.risen for point in points[1:])
    fallen = sum(point.fallen for point in points[1:])
    return (
        max(point.peak for point in points) >= NEAR_FULL
        and min(risen, fallen) >= LEAST_TURNOVER * size > 0
        and max(risen, fallen) <= MOST_IMBALANCE * min(risen, fallen)
    )
