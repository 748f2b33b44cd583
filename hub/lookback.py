"""Reads the windows that rules look back on from the series store, for many devices at once.

A window that takes a value every so often is made of the first value of each such slice of time. So a slice is asked
for many devices together, and the store seeks one value of each: what is stored in between costs nothing. Of a large
fleet it takes minutes all the same, and a hub that starts must not be deaf for so long: `Lookback` reads while the hub
works, and rules that look back on a device judge it when its windows are there.
"""

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from hub.fleet import Site
from hub.remembered import Remembered
from hub.series.store import Pick, SeriesUnavailable, Spans, Value
from hub.window import Values, Window

log = logging.getLogger(__name__)

SLICE_MS = 300_000
"""Of a window that takes every value."""

VALUES_AT_ONCE = 20_000
"""So many values an answer holds, as far as can be foreseen."""

DEVICES_AT_ONCE = 1000
"""So many are read before the hub is told."""

REST = 1.0
"""After each such piece of work, this share of its length: live data come first."""

PATIENCE_SECONDS = 120.0
"""Of a store that is away: after that, rules go on without earlier values."""

PAUSE_SECONDS = 5.0

Key = tuple[str, str]
"""(site, device)"""


class Owed(NamedTuple):
    """A device whose windows are wanted, up to what rules have seen of it (ms UTC)."""

    kind: str
    mark: int
    windows: tuple[Window, ...]


Past = Mapping[Window, Values]


def owed(places: Mapping[str, Site]) -> dict[Key, Owed]:
    """Of everybody who looks back and has ever reported."""
    found: dict[Key, Owed] = {}
    for name, site in places.items():
        for subject in site.devices.values():
            agent = site.agents.get(subject.agent)
            if subject.windows and agent is not None and agent.mark:
                found[name, subject.device] = Owed(subject.kind.value, agent.mark, tuple(subject.windows))
    return found


def read(devices: Mapping[Key, Owed], series: Remembered) -> dict[Key, dict[Window, Values]]:
    """Their windows. Raises SeriesUnavailable."""
    pasts: dict[Key, dict[Window, Values]] = {key: dict.fromkeys(one.windows, ()) for key, one in devices.items()}
    wanted: dict[tuple[str, Window], dict[Key, Owed]] = defaultdict(dict)
    for key, one in devices.items():
        for window in one.windows:
            wanted[one.kind, window][key] = one
    for (kind, window), those in wanted.items():
        for sites, spans in _questions(window, those):
            pick: Pick = "first" if window.every_ms else "every"
            for key, values in series.across(kind, window.metric, spans, sites=sites, pick=pick).items():
                if key in those:
                    mark = those[key].mark
                    seen = (value for value in values if mark - window.back_ms < value.at <= mark)
                    pasts[key][window] = _extended(window, pasts[key][window], seen)
    return pasts


def _questions(window: Window, devices: Mapping[Key, Owed]) -> Iterator[tuple[list[str], Spans]]:
    """The sites and the slices to ask for, those of a device oldest first."""
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
        yield sorted(sites), [(number * length - 1, (number + 1) * length - 1) for number in numbers[:alike]]
        numbers = numbers[alike:]


class Lookback:
    """`ask` and `take` are the engine's thread's, `run` is a thread's."""

    def __init__(self, series: Remembered, *, patience: float = PATIENCE_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        """Both in seconds."""
        self._series = series
        self._patience, self._pause = patience, pause
        self._asked: queue.SimpleQueue[Mapping[Key, Owed]] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[tuple[int, dict[Key, Past]]] = queue.SimpleQueue()
        self._round = self._begun = 0

    def ask(self, devices: Mapping[Key, Owed]) -> None:
        """Read these; what was asked for before is wanted no more."""
        self._round += 1
        self._asked.put(devices)

    def take(self) -> Mapping[Key, Past]:
        """What was found since the last call."""
        taken: dict[Key, Past] = {}
        while not self._found.empty():
            asked, found = self._found.get()
            if asked == self._round:
                taken |= found
        return taken

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Never raises."""
        while not stop.is_set():
            try:
                devices = self._asked.get(timeout=1.0)
            except queue.Empty:
                continue
            self._begun += 1
            try:
                self._work(devices, stop)
            except Exception:  # supervised: rules that wait for this must not wait for ever
                log.exception("what rules look back on can't be read: they go on without earlier values")
                self._found.put((self._begun, {key: {} for key in devices}))

    def _work(self, devices: Mapping[Key, Owed], stop: threading.Event) -> None:
        """Site after site, some at a time."""
        began = time.monotonic()
        left = iter(sorted(devices.items()))
        while (part := dict(islice(left, DEVICES_AT_ONCE))) and self._asked.empty() and not stop.is_set():
            started = time.monotonic()
            self._found.put((self._begun, self._patiently(part, stop)))
            stop.wait((time.monotonic() - started) * REST)
        if devices:
            log.info("what rules look back on is read: %d devices, %.0f s", len(devices), time.monotonic() - began)

    def _patiently(self, part: Mapping[Key, Owed], stop: threading.Event) -> dict[Key, Past]:
        """Nothing of each where the store stays away."""
        deadline = time.monotonic() + self._patience
        while not stop.is_set() and self._asked.empty():
            try:
                return dict(read(part, self._series))
            except SeriesUnavailable as error:
                if time.monotonic() >= deadline:
                    log.warning("series store is away (%s): rules go on without earlier values", error)
                    break
                stop.wait(self._pause)
        return {key: {} for key in part}


def fill(places: Mapping[str, Site], series: Remembered) -> None:
    """The windows of all devices of these sites, now. Raises SeriesUnavailable."""
    wanted = owed(places)
    for (site, device), past in read(wanted, series).items():
        subject = places[site].devices[device]
        subject.windows = joined(past, subject.windows, wanted[site, device].mark)


def joined(past: Past, now: Past, mark: int) -> dict[Window, Values]:
    """Windows that go on from where they were. What was is older than `mark` (ms UTC), unless a clock was set back."""
    return {
        window: _extended(window, tuple(one for one in past.get(window, ()) if one.at <= mark), values)
        for window, values in now.items()
    }


def _extended(window: Window, past: Values, values: Iterable[Value]) -> Values:
    for value in values:
        past = window.extended(past, value)
    return past
