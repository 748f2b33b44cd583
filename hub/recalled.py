"""What rules have seen of each device, as the series store has it: read from nothing, or on from what was known.

Reading on takes far less: one statement brings all metrics of many devices, where the newest value of each and the
windows take a seek each. What came late lies before a mark that was known already, so the last minutes before it are
read again; where something older has come, the agent's past was revised, and is read from nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from hub.lateness import BEHIND_MS
from hub.lookback import read_windows
from hub.recollection import LOOKBACK_MS, MINUTE_MS, Debts, Key, Owed, by_time, read_newest
from hub.remembered import Remembered, together
from hub.series.store import Point, Value
from hub.window import Values, Window

STEP_MS = MINUTE_MS
"""Devices whose marks were in the same so many ms are read on together."""

SPAN_MS = 30 * MINUTE_MS
"""What is older than this is not read on."""

DEVICES_AT_ONCE = 50
"""So many in a question: 33 minutes of 63 metrics every second are 34 MB in InfluxDB's words."""


class Recalled(NamedTuple):
    """What rules had seen of a device when it was `owed`: newest values by metric, and windows."""

    owed: Owed
    newest: Mapping[str, Value]
    windows: Mapping[Window, Values]

    def leads_to(self, owed: Owed) -> bool:
        """Whether it can be read on: else it is too old, of another kind of device, or its past has changed."""
        before = self.owed
        alike = before._replace(heard=owed.heard, mark=owed.mark) == owed
        return alike and 0 <= owed.mark - before.mark <= SPAN_MS


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
                yield _Question(kind, some, start - BEHIND_MS, max(devices[key].mark for key in some))


def _later(before: Recalled, owed: Owed, points: Iterable[Point]) -> Recalled:
    newest, windows = dict(before.newest), dict(before.windows)
    known, watched = {metric: value.at for metric, value in newest.items()}, _by_metric(owed.windows)
    for _, _, _, _, at, values in points:
        if at > owed.mark:
            break  # was never judged
        for metric, number in values.items():
            if at > known.get(metric, 0):
                known[metric] = at
                newest[metric] = value = Value(at, number)
                for window in watched.get(metric, ()):
                    windows[window] = window.extended(windows[window], value)
    lately = {metric: value for metric, value in newest.items() if value.at > owed.mark - LOOKBACK_MS}
    return Recalled(owed, lately, {window: _within(window, values, owed) for window, values in windows.items()})


@lru_cache
def _by_metric(windows: tuple[Window, ...]) -> Mapping[str, tuple[Window, ...]]:
    return {one.metric: tuple(window for window in windows if window.metric == one.metric) for one in windows}


def _within(window: Window, values: Values, owed: Owed) -> Values:
    horizon = owed.mark - window.back_ms
    if values and values[0].at <= horizon:
        return tuple(value for value in values if value.at > horizon)
    return values
