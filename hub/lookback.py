"""Reads what rules knew before the hub started from the series store, while the hub works.

Of a large fleet that takes minutes, and a hub that starts must not be deaf for so long. Until a device's past is read
it is cold: rules that judge by more than the number that comes in say nothing of it. Then they judge what has come.

A window that takes a value every so often is made of the first value of each such slice of time. So a slice is asked
for many devices together, and the store seeks one value of each: what is stored in between costs nothing.
"""

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from hub.recollection import Debts, Key, Owed, read_newest
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

REST = 0.5
"""After each such piece of work, this share of its length: live data come first."""

PATIENCE_SECONDS = 120.0
"""Of a store that is away: after that, rules go on without earlier values."""

PAUSE_SECONDS = 5.0

TURN_SECONDS = 0.1

WAITING = 3
"""So many pieces may wait for the hub to take them (its database may be away); reading waits then."""


Windows = Mapping[Window, Values]


class Past(NamedTuple):
    """What was known of a device when the hub before ended."""

    latest: Mapping[str, Value]
    windows: Windows


UNKNOWN = Past({}, {})


def read_windows(devices: Debts, series: Remembered) -> dict[Key, dict[Window, Values]]:
    """Of each. Raises SeriesUnavailable."""
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


def _parts(devices: Debts) -> Iterator[Debts]:
    """So many devices at once, and a site as a whole: rules look at a device's relatives, too."""
    part: dict[Key, Owed] = {}
    for _, those in groupby(sorted(devices.items()), key=lambda item: item[0][0]):
        part.update(those)
        if len(part) >= DEVICES_AT_ONCE:
            yield part
            part = {}
    if part:
        yield part


def _questions(window: Window, devices: Debts) -> Iterator[tuple[list[str], Spans]]:
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


def read(devices: Debts, series: Remembered, now: int) -> dict[Key, Past]:
    """All of it, a question at a time. Raises SeriesUnavailable."""
    newest = read_newest(devices, series, now, everywhere=False, at_once=1)
    return {key: Past(newest[key], windows) for key, windows in read_windows(devices, series).items()}


class Lookback:
    """`ask` and `take` are the engine's thread's, `run` is a thread's."""

    def __init__(
        self,
        series: Remembered,
        clock: Callable[[], int],
        *,
        patience: float = PATIENCE_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """`clock` tells ms UTC; the others are seconds."""
        self._series = series
        self._clock = clock
        self._patience, self._pause = patience, pause
        self._asked: queue.SimpleQueue[Debts] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[tuple[int, dict[Key, Past]]] = queue.SimpleQueue()
        self._round = self._begun = self._finished = 0

    def ask(self, devices: Debts) -> None:
        """Read these; what was asked for before is wanted no more."""
        self._round += 1
        self._asked.put(devices)

    @property
    def done(self) -> bool:
        """All that was asked for has been read and taken. From any thread."""
        return self._finished == self._round and self._found.empty()

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
                log.exception("what rules judge by can't be read: they go on without earlier values")
                self._found.put((self._begun, dict.fromkeys(devices, UNKNOWN)))
                self._finished = self._begun

    def _work(self, devices: Debts, stop: threading.Event) -> None:
        """Site after site, some at a time."""
        began, patience = time.monotonic(), self._patience
        for part in _parts(devices):
            while self._found.qsize() >= WAITING and self._asked.empty() and not stop.is_set():
                stop.wait(TURN_SECONDS)
            if stop.is_set() or not self._asked.empty():
                return
            started = time.monotonic()
            found = self._patiently(part, patience, stop)
            if not found:
                patience = 0.0  # of the others each is asked for once more, and not waited for
            self._found.put((self._begun, found or dict.fromkeys(part, UNKNOWN)))
            stop.wait((time.monotonic() - started) * REST)
        self._finished = self._begun
        if devices:
            log.info("what rules judge by is read: %d devices, %.0f s", len(devices), time.monotonic() - began)

    def _patiently(self, part: Debts, patience: float, stop: threading.Event) -> dict[Key, Past]:
        """Nothing of each where the store stays away."""
        deadline = time.monotonic() + patience
        while not stop.is_set() and self._asked.empty():
            try:
                return read(part, self._series, self._clock())
            except SeriesUnavailable as error:
                if time.monotonic() >= deadline:
                    log.warning("series store is away (%s): rules go on without earlier values", error)
                    break
                stop.wait(self._pause)
        return {}


def joined(past: Windows, now: Windows, mark: int) -> dict[Window, Values]:
    """Windows that go on from where they were. What was is older than `mark` (ms UTC), unless a clock was set back."""
    return {
        window: _extended(window, tuple(one for one in past.get(window, ()) if one.at <= mark), values)
        for window, values in now.items()
    }


def _extended(window: Window, past: Values, values: Iterable[Value]) -> Values:
    for value in values:
        past = window.extended(past, value)
    return past
