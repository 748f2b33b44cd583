"""A number that runs off steadily: how fast, from a bounded window of its past. Pure.

A clock that nothing holds drifts in a straight line; one that is set right now and then, or jumped, does not. A line is
laid through the values (least squares) and believed only where none of them lies far from it.
"""

from collections.abc import Sequence

from hub.series.store import Value

_DAY_MS = 86_400_000

LEAST = 5
"""Fewer values tell nothing."""


def per_day(values: Sequence[Value], least_days: float, tolerance: float) -> float | None:
    """The rate a day of values (oldest first) that lie on one line; None where they do not, or cover too little time.

    `tolerance` is how far from the line each may lie, in the number's own unit. What moved by no more than twice that
    may be standing still.
    """
    if len(values) < LEAST or values[-1].at - values[0].at < least_days * _DAY_MS:
        return None
    days = [(value.at - values[0].at) / _DAY_MS for value in values]
    mean_day, mean = sum(days) / len(days), sum(value.value for value in values) / len(values)
    spread = sum((day - mean_day) ** 2 for day in days)
    rate = sum((day - mean_day) * (value.value - mean) for day, value in zip(days, values, strict=True)) / spread
    off = max(abs(mean + rate * (day - mean_day) - value.value) for day, value in zip(days, values, strict=True))
    moved = abs(rate) * days[-1]
    return rate if off <= tolerance and moved > 2 * tolerance else None
