"""A bounded buffer on disk before a series store, so that a database that is away or slow costs nothing but time.

A batch goes straight to the store, over the lane of live writes. One the store cannot take now, or not soon enough,
goes to the journal and counts as kept; until the store is found again, quick as before, further batches go there at
once. One thread (`drain.py`) writes the journal to the store, oldest first, leaving room for live data.
"""

import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from hub.series.deadletters import Letter
from hub.series.drain import Drain, NotNoted
from hub.series.gate import Backoff, Gate
from hub.series.journal import Journal, JournalError
from hub.series.lane import Job, Lane, Late
from hub.series.pace import Pace
from hub.series.store import (
    Across,
    Bucket,
    Pick,
    Point,
    Scope,
    SeriesRefused,
    SeriesStore,
    SeriesUnavailable,
    Sites,
    Spans,
    Summary,
    Value,
)

__all__ = ["Backoff", "BufferStats", "BufferedSeries", "NotNoted", "Outcome", "Written"]

log = logging.getLogger(__name__)

LIVE_POINTS = 5000
"""The most points one live write carries; each write has `patience` seconds."""

PATIENCE_SECONDS = 1.0


class Outcome(StrEnum):
    """Where a batch is now. After FULL it is nowhere: the caller withholds its acknowledgements."""

    WRITTEN = "written"
    BUFFERED = "buffered"
    FULL = "full"


class Written(NamedTuple):
    """What became of a batch. `refused` are indices of points set aside for good, which the store will never take."""

    outcome: Outcome
    refused: tuple[int, ...] = ()
    reason: str = ""


Part = tuple[Sequence[Point], Job | None]
"""Points and their live write, None where the store is away."""


class BufferStats(NamedTuple):
    """The buffer at a glance; asking costs the same whatever is in it.

    `bytes` of `max_bytes` are in use, `oldest` is when the oldest waiting batch came (ms UTC), `age_seconds` its age,
    `max_age_seconds` 0 without a bound. `fill_ratio` is the fuller of both bounds, 0 to 1 and perhaps a little above.
    `available`: live data goes straight to the store. `full`: the last batch found no room.
    `drain_rate` is in points a second over the last half minute, `drain_share` the part of the time it may take.
    `refused` counts points the store refused since the buffer's file was made, `letters` those kept for a look,
    `evicted` those of them that gave way to newer ones, `lost` points damaged on disk. `live_seconds` is how long
    the last live write took.
    """

    bytes: int
    max_bytes: int
    batches: int
    points: int
    oldest: int | None
    age_seconds: float
    max_age_seconds: float
    fill_ratio: float
    available: bool
    full: bool
    drain_rate: float
    drain_share: float
    refused: int
    letters: int
    evicted: int
    lost: int
    live_seconds: float
    last_error: str | None


class BufferedSeries:
    """A SeriesStore whose writes survive its absence. `clock` tells ms UTC; `path` is the buffer's file.

    It takes no more once it holds `max_bytes`, or once its oldest batch has waited for `max_age_seconds` (0: no such
    bound). A live write may take `patience` seconds. Thread-safe; `close` ends its threads and closes the store.
    Reads go straight to the store and may raise SeriesUnavailable. Raises JournalError when the file cannot be opened.
    """

    def __init__(
        self,
        store: SeriesStore,
        path: Path,
        max_bytes: int,
        clock: Callable[[], int],
        backoff: Backoff = Backoff(),  # noqa: B008 - immutable
        landed: Callable[[Sequence[Point]], None] = lambda _: None,
        *,
        max_age_seconds: float = 0.0,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`landed` is told of points that came out of the buffer and are in the store now, before they are forgotten
        here: a NotNoted makes them wait, and it may hear of one twice.
        """
        self._store = store
        self._clock = clock
        self._max_bytes, self._max_age = max_bytes, max_age_seconds
        self._journal = Journal(path, max_bytes, round(max_age_seconds * 1000) or None)
        self._gate = Gate(patience, backoff)
        self._pace = Pace()
        self._lane = Lane(self._observe)
        self._drain = Drain(store, self._journal, self._gate, self._lane, self._pace, backoff, clock, landed)
        self._full = False
        self._live_seconds = 0.0
        self._drain.start()

    def write(self, points: Sequence[Point]) -> Written:
        """To the store, else to the disk; durable when this returns, unless FULL. Never raises for an outage."""
        return self.begin(points)()

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """As `write`, but returns at once: the store may take them while their owner works on. Its call waits."""
        parts = [points[first : first + LIVE_POINTS] for first in range(0, len(points), LIVE_POINTS)]
        return partial(self._finish, [(part, self._start(part)) for part in parts])

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """As the store's."""
        return self._store.latest(site, kind, until, since)

    def metrics(self, kind: str) -> list[str]:
        """As the store's."""
        return self._store.metrics(kind)

    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """As the store's."""
        return self._store.window(site, kind, device, metric, since, until)

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """As the store's."""
        return self._store.across(kind, metric, spans, sites=sites, pick=pick)

    def chart(self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """As the store's."""
        return self._store.chart(site, kind, device, metric, since, until, step)

    def summarise(self, kind: str, scope: Scope, since: int, until: int) -> list[Summary]:
        """As the store's."""
        return self._store.summarise(kind, scope, since, until)

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """As the store's."""
        return self._store.points(kind, scope, metrics, since, until)

    def ping(self) -> None:
        """As the store's."""
        self._store.ping()

    def stats(self) -> BufferStats:
        """Raises JournalError."""
        held = self._journal.held()
        aging = 0.0 if held.aging is None else max(0.0, (self._clock() - held.aging) / 1000)
        return BufferStats(
            bytes=held.bytes,
            max_bytes=self._max_bytes,
            batches=held.batches,
            points=held.points,
            oldest=held.oldest,
            age_seconds=0.0 if held.oldest is None else max(0.0, (self._clock() - held.oldest) / 1000),
            max_age_seconds=self._max_age,
            fill_ratio=self._fill(held.bytes if held.batches else 0, aging),
            available=self._gate.open,
            full=self._full,
            drain_rate=self._drain.rate,
            drain_share=self._pace.share,
            refused=held.refused,
            letters=held.letters,
            evicted=held.evicted,
            lost=held.lost,
            live_seconds=self._live_seconds,
            last_error=self._gate.error,
        )

    def refused(self, limit: int = 100) -> list[Letter]:
        """The newest points set aside, newest first. Raises JournalError."""
        return self._journal.letters(limit=limit)

    def close(self) -> None:
        """What waits stays on disk. Waits a few seconds at the most for writes under way."""
        self._drain.close()
        self._lane.close()
        self._journal.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, points: Sequence[Point]) -> Job | None:
        if not self._gate.open:
            return None
        try:
            return self._lane.start(len(points), self._store.prepare(points))
        except Exception:  # supervised, as below
            log.exception("preparing a write to the series store failed")
            return None

    def _finish(self, parts: list[Part]) -> Written:
        """In order. From the first that the store does not take on, all go to the disk."""
        refused: list[int] = []
        reason = ""
        first = 0
        for number, (part, job) in enumerate(parts):
            try:
                if job is None or not self._straight(job):
                    outcome = self._keep_all(parts[number:])
                    return Written(outcome, tuple(refused) if outcome is Outcome.BUFFERED else (), reason)
            except SeriesRefused as refusal:
                if not self._set_aside(part, refusal):
                    return Written(Outcome.FULL)
                refused += [first + index for index in refusal.refused]
                reason = reason or refusal.reason
            first += len(part)
        return Written(Outcome.WRITTEN, tuple(refused), reason)

    def _keep_all(self, parts: list[Part]) -> Outcome:
        for _, job in parts:
            if job is not None:
                job.give_up()
        kept = all(self._keep(part) is Outcome.BUFFERED for part, _ in parts)
        return Outcome.BUFFERED if kept else Outcome.FULL

    def _straight(self, job: Job) -> bool:
        """Whether the store has its points. Raises SeriesRefused."""
        patience = self._gate.patience if self._gate.open else 0.0  # one batch at the most is waited for in vain
        try:
            job.wait(patience)
        except SeriesUnavailable as error:
            self._gate.shut(error, error.retry_after)
            return False
        except Late:
            if patience:
                self._gate.slow()
                self._pace.yield_way()
            return False
        except SeriesRefused:
            raise
        except Exception as error:
            # Supervised: a defect on the way to the store is no fault of the reports, which wait on disk meanwhile.
            log.exception("writing to the series store failed")
            self._gate.shut(error)
            return False
        return True

    def _observe(self, points: int, seconds: float, error: Exception | None) -> None:
        """From the lane's thread: how a live write went, perhaps after everybody stopped waiting for it."""
        self._live_seconds = seconds
        if error is None:
            self._pace.live(points, seconds, self._drain.busy)

    def _keep(self, points: Sequence[Point]) -> Outcome:
        try:
            kept = self._journal.append(points, self._clock())
        except JournalError as error:
            self._note(error)
            self._full = True
            return Outcome.FULL
        self._drain.wake()
        if self._full is kept:
            self._full = not kept
            log.warning("series buffer has room again" if kept else "series buffer is full: agents keep their reports")
        return Outcome.BUFFERED if kept else Outcome.FULL

    def _set_aside(self, points: Sequence[Point], refusal: SeriesRefused) -> bool:
        """Only when the refused points are safely aside may the batch be acknowledged."""
        try:
            self._journal.set_aside(points, refusal, self._clock())
        except JournalError as error:
            self._note(error)
            return False
        log.warning("series store refuses for good: %s", refusal)
        return True

    def _note(self, error: JournalError) -> None:
        """A disk that is full stays so for a while: say it once."""
        if self._gate.note(error):
            log.warning("series buffer: %s", error)

    def _fill(self, used: int, age: float) -> float:
        return max(used / self._max_bytes, age / self._max_age if self._max_age else 0.0)
