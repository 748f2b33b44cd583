"""Reads the windows that rules look back on from the series store, for a whole fleet at once.

A window that takes a value every so often is made of the first value of each such slice of time. So a slice is asked
for many devices together, and the store seeks one value of each: what is stored in between costs nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from hub.recollection import SITES_AT_ONCE, Debts, Key, Owed
from hub.remembered import Question, Remembered, answers
from hub.series.store import Value
from hub.window import Values, Window

SLICE_MS = 300_000
"""Of a window that takes every value."""

VALUES_AT_ONCE = 20_000
"""So many values an answer holds, as far as can be foreseen."""


def read_windows(devices: Debts, series: Remembered) -> dict[Key, dict[Window, Values]]:
    """Of each. Raises SeriesUnavailable."""
    pasts: dict[Key, dict[Window, Values]] = {key: dict.fromkeys(one.windows, ()) for key, one in devices.items()}
    wanted: dict[tuple[str, Window], dict[Key, Owed]] = defaultdict(dict)
    for key, one in devices.items():
        for window in one.windows:
            wanted[one.kind, window][key] = one
    for (kind, window), those in wanted.items():
        for _, found in answers(series, list(_questions(kind, window, those))):
            for key, values in found.items():
                if key in those:
                    mark = those[key].mark
                    seen = (value for value in values if mark - window.back_ms < value.at <= mark)
                    pasts[key][window] = _extended(window, pasts[key][window], seen)
    return pasts


def _questions(kind: str, window: Window, devices: Debts) -> Iterator[Question]:
    """About one slice after another, those of a device oldest first. Where many sites are wanted, none is named."""
    length = window.every_ms or SLICE_MS
    wanted: dict[int, set[str]] = defaultdict(set)
    for site, mark in {(site, one.mark) for (site, _), one in devices.items()}:
        for number in range((mark - window.back_ms + 1) // length, mark // length + 1):
            wanted[number].add(site)
    most = max(1, VALUES_AT_ONCE // len(devices))
    numbers = sorted(wanted)
    while numbers:
        sites = wanted[numbers[0]]
        alike = next((i for i, number in enumerate(numbers) if i == most or wanted[number] != sites), len(numbers))
        spans = [(number * length - 1, (number + 1) * length - 1) for number in numbers[:alike]]
        named = sorted(sites) if len(sites) <= SITES_AT_ONCE else None
        yield Question(kind, window.metric, spans, "first" if window.every_ms else "every", named)
        numbers = numbers[alike:]


def _extended(window: Window, past: Values, values: Iterable[Value]) -> Values:
    for value in values:
        past = window.extended(past, value)
    return past
