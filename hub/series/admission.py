"""Which points a store may take at all, the same for every store, so that nothing unstorable reaches a database.

Names were checked on the wire; here they are checked once more, because they become SQL and line protocol.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
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
    admitted: list[int] = []
    refused: list[int] = []
    reason = ""
    for index, point in enumerate(points):
        kind, site, agent, device, at, values = point
        fine = (  # as nearly all
            site in _IDS
            and device in _IDS
            and agent in _IDS
            and kind in _NAMES
            and EARLIEST_MS <= at <= LATEST_MS
            and _finite(values)
            and not _misnamed(tuple(values))
        )
        defect = None if fine else defect_of(point)
        if defect:
            refused.append(index)
            reason = reason or defect[:REASON_CHARACTERS]
        elif values:
            admitted.append(index)
    return Admission(admitted, refused, reason)


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
    return _misnamed(tuple(values)) or _unstorable_number(point)


@lru_cache(maxsize=4096)
def _misnamed(metrics: tuple[str, ...]) -> str | None:
    """Devices of a kind report the same metrics over and over."""
    return next((f"not a metric name: {metric!r}" for metric in metrics if not is_name(metric)), None)


def _finite(values: Mapping[str, float]) -> bool:
    """One call a point: NaN and the infinities survive a sum. A sum may overflow where no number is infinite."""
    try:
        return isfinite(sum(values.values()))
    except (OverflowError, TypeError):
        return False


def _unstorable_number(point: Point) -> str | None:
    try:
        bad = [metric for metric, value in point.values.items() if not isfinite(value)]
    except (OverflowError, TypeError):
        return f"a value of {point.device} is not a 64-bit float"
    return f"{bad[0]} is not a finite number" if bad else None
