"""What rules have seen of each device, as the series store has it: read from nothing, or on from what was known.

Reading on takes far less: one statement brings all metrics of many devices, where the newest value of each and the
windows take a seek each. What came late lies before a mark that was known already, so the last quarter of an hour
before it is read again; what is older than that when it comes is not judged (`lateness.LATE_MS`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from hub.lateness import LATE_MS
from hub.lookback import read_windows
from hub.recollection import LATELY_MS, LOOKBACK_MS, MINUTE_MS, Debts, Key, Owed, by_time, read_newest
from hub.remembered import Remembered, together
from hub.series.store import Point, Value
from hub.window import Values, Window

STEP_MS = 5 * MINUTE_MS
"""Devices whose marks were in the same so many ms are read on together."""

DEVICES_AT_ONCE = 100
"""So many in a question: 20 minutes of 63 metrics each second are 36 MB in InfluxDB's words."""


class Recalled(NamedTuple):
    """What rules had seen of a device when it was `owed`: newest values by metric, and windows."""

    owed: Owed
    newest: Mapping[str, Value]
    windows: Mapping[Window, Values]

    def leads_to(self, owed: Owed) -> bool:
        """Whether it can be read on: else it is of another kind of device, too old, or its agent's clock was set
        back."""
        before = self.owed
        alike = before.kind == owed.kind and before.windows == owed.windows
        return alike and 0 <= owed.mark - before.mark <= LATELY_MS


Memory = Mapping[Key, Recalled]


class _Question(NamedTuple):
    kind: str
    keys: list[Key]
    since: int
    until: int


def recall(devices: Debts, series: Remembered, now: int, known: Memory) -> dict[Key, Recalled]:
    """Of each, up to its mark; `known` is what was recalled earlier, of whichever devices. Raises SeriesUnavailable."""
    led = {key: old for key, one in devices.items() if (old := known.get(key)) is not None and old.leads_to(one)}
    anew = {key: one for key, one in devices.items() if key not in led}
    newest, windows = read_newest(anew, series, now), read_windows(anew, series)
    whole = {key: Recalled(one, newest[key], windows[key]) for key, one in anew.items()}
    return whole | _read_on({key: devices[key] for key in led}, led, series)


def _read_on(devices: Debts, known: Memory, series: Remembered) -> dict[Key, Recalled]:
    def ask(one: _Question) -> list[Point]:
        scope: dict[str, list[str]] = defaultdict(list)
        for site, device in one.keys:
            scope[site].append(device)
        return series.points(one.kind, scope, [], one.since, one.until)

    found = dict(known)
    moved = {key: known[key].owed for key, one in devices.items() if known[key].owed != one}
    for question, points in together(ask, list(_questions(moved, devices))):
        came: dict[Key, list[Point]] = {key: [] for key in question.keys}
        for point in points:
            came[point.site, point.device].append(point)
        for key, some in came.items():
            found[key] = _later(known[key], devices[key], sorted(some, key=attrgetter("at")))
    return found


def _questions(before: Debts, devices: Debts) -> Iterator[_Question]:
    for start, those in by_time(before, STEP_MS):
        kinds: dict[str, list[Key]] = defaultdict(list)
        for key, one in those.items():
            kinds[one.kind].append(key)
        for kind, keys in sorted(kinds.items()):
            rest = iter(sorted(keys))
            while some := list(islice(rest, DEVICES_AT_ONCE)):
                yield _Question(kind, some, start - LATE_MS, max(devices[key].mark for key in some))


def _later(before: Recalled, owed: Owed, points: Iterable[Point]) -> Recalled:
    newest, windows = dict(before.newest), dict(before.windows)
    for point in points:
        if point.at > owed.mark:
            break  # was never judged
        for metric, number in point.values.items():
            last = newest.get(metric)
            if last is None or point.at > last.at:
                newest[metric] = value = Value(point.at, number)
                for window in owed.windows:
                    if window.metric == metric:
                        windows[window] = window.extended(windows[window], value)
    known = {metric: value for metric, value in newest.items() if value.at > owed.mark - LOOKBACK_MS}
    return Recalled(owed, known, {window: _within(window, values, owed) for window, values in windows.items()})


def _within(window: Window, values: Values, owed: Owed) -> Values:
    horizon = owed.mark - window.back_ms
    if values and values[0].at <= horizon:
        return tuple(value for value in values if value.at > horizon)
    return values
