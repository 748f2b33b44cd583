"""Which points a store may take at all, the same for every store, so that nothing unstorable reaches a database.

Names were checked on the wire; here they are checked once more, because they become SQL and line protocol.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import isfinite
from typing import NamedTuple

from hub.series.store import Point

EARLIEST_MS = -9_223_372_036_854
LATEST_MS = 9_223_372_036_854
"""The bounds of InfluxDB's time, 64-bit nanoseconds: the years 1677 to 2262."""

MAX_NAMES = 100_000
"""Names that are remembered as well made; past it, all are looked at anew."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
REASON_CHARACTERS = 200


class Admission(NamedTuple):
    """Indices of the points that may be stored, of those that may not, and why the first of these may not."""

    admitted: list[int]
    refused: list[int]
    reason: str


def admit(points: Sequence[Point]) -> Admission:
    """Sort a batch. Points without values are neither: there is nothing to store and nothing wrong."""
    if _all_fine(points):  # as nearly always
        return Admission(list(range(len(points))), [], "")
    admitted: list[int] = []
    refused: list[int] = []
    reason = ""
    for index, point in enumerate(points):
        defect = defect_of(point)
        if defect:
            refused.append(index)
            reason = reason or defect[:REASON_CHARACTERS]
        elif point.values:
            admitted.append(index)
    return Admission(admitted, refused, reason)


def _all_fine(points: Sequence[Point]) -> bool:
    """Whether all may be stored: looked at by column, which costs less than point by point."""
    if not points:
        return True
    kinds, sites, agents, devices, times, values = zip(*points, strict=True)
    return (
        all(map(is_id, {*sites, *agents, *devices} - _IDS))
        and all(map(is_name, {*kinds} - _NAMES))
        and min(times) >= EARLIEST_MS
        and max(times) <= LATEST_MS
        and all(values)
        and _finite(values)
        and all(map(is_name, set().union(*values) - _NAMES))
    )


def is_id(text: str) -> bool:
    """A site, agent or device id."""
    return _known(text, _ID, _IDS)


def is_name(text: str) -> bool:
    """A device kind or a metric name."""
    return _known(text, _NAME, _NAMES)


def _known(text: str, form: re.Pattern[str], known: set[str]) -> bool:
    if text in known:
        return True
    if not form.fullmatch(text):
        return False
    if len(known) >= MAX_NAMES:
        known.clear()
    known.add(text)
    return True


_IDS: set[str] = set()
_NAMES: set[str] = set()


def defect_of(point: Point) -> str | None:
    """Why a point may not be stored; None where it may."""
    kind, site, agent, device, at, values = point
    if not (is_name(kind) and is_id(site) and is_id(agent) and is_id(device)):
        return f"not a series: kind {kind!r}, site {site!r}, agent {agent!r}, device {device!r}"
    if not EARLIEST_MS <= at <= LATEST_MS:
        return f"time {at} ms is outside the years 1677 to 2262"
    misnamed = next((metric for metric in values if not is_name(metric)), None)
    return f"not a metric name: {misnamed!r}" if misnamed is not None else _unstorable_number(point)


def _finite(values: Iterable[Mapping[str, float]]) -> bool:
    """NaN and the infinities survive a sum. A sum may overflow where no number is infinite."""
    try:
        return isfinite(sum(chain.from_iterable(numbers.values() for numbers in values)))
    except (OverflowError, TypeError):
        return False


def _unstorable_number(point: Point) -> str | None:
    try:
        bad = [metric for metric, value in point.values.items() if not isfinite(value)]
    except (OverflowError, TypeError):
        return f"a value of {point.device} is not a 64-bit float"
    return f"{bad[0]} is not a finite number" if bad else None
