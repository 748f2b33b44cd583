"""When a metric will cross a level, by the robust slope of a bounded window. Pure.

The slope is the median of the slopes between all pairs of values (Theil 1950, Sen 1968): up to 29 % of the values may
be wild without moving it far. How many of the pairs agree on its direction (Kendall 1938) says if there is a trend.
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

from hub.series.store import Value

LEAST_VALUES = 6
MOST_VALUES = 64
"""More are thinned evenly: 64 make 2,016 pairs, some 0.3 ms."""

SURE = 0.7
"""The share of pairs that have to agree: less is called no trend."""


class Trend(NamedTuple):
    """`slope` is per second, `agreement` the share of pairs of values that go the same way, 0 to 1."""

    slope: float
    agreement: float


def trend(values: Sequence[Value]) -> Trend | None:
    """Of values in the order of their times; None for fewer than six, or where all are of one moment."""
    stride = -(-len(values) // MOST_VALUES) if values else 1
    kept = [*values[::-1][::stride]][::-1]  # the newest is always among them
    slopes = [
        (later.value - earlier.value) / (later.at - earlier.at) * 1000
        for earlier, later in combinations(kept, 2)
        if later.at > earlier.at
    ]
    if len(kept) < LEAST_VALUES or not slopes:
        return None
    slope = median(slopes)
    same = sum(one * slope > 0 for one in slopes)
    return Trend(slope, same / len(slopes))


def crossing(values: Sequence[Value], level: float, sure: float = SURE) -> float | None:
    """Seconds until the newest value has come to the level; 0 where it is there, None where nothing says it will."""
    found = trend(values)
    if found is None:
        return None
    distance = level - values[-1].value
    if not distance:
        return 0.0
    if found.agreement < sure or found.slope * distance <= 0:
        return None
    return distance / found.slope
