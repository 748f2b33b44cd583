"""A bounded buffer on disk before a series store, so that a database that is away costs nothing but time.

A batch the store cannot take now goes to the journal and counts as kept. Until the store answers again, further batches
go there at once: one thread tries, ever more slowly, and when the store is back writes the journal to it, oldest first,
resting as long as it works so that live data, which goes straight to the store again, has room.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from hub.series.journal import Batch, Journal, JournalError, RefusedPoint
from hub.series.store import Bucket, Point, Scope, SeriesRefused, SeriesStore, SeriesUnavailable, Summary, Value

log = logging.getLogger(__name__)

DRAIN_POINTS = 5000
"""About how many points one write of the journal to the store carries."""


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


class NotNoted(Exception):  # noqa: N818 - a state
    """Who is told of points that landed could not take note of them now: they are kept and written once more."""


class BufferStats(NamedTuple):
    """The buffer at a glance. `bytes` are those on disk, `oldest` is when the oldest waiting batch came (ms UTC).

    `refused` counts points set aside since the buffer's file was made.
    """

    bytes: int
    batches: int
    points: int
    oldest: int | None
    available: bool
    refused: int
    last_error: str | None


class Backoff(NamedTuple):
    """Seconds between attempts at a store that is away: `first`, doubled up to `most`, each cut by up to a half."""

    first: float = 1.0
    most: float = 60.0

    def pause(self, failures: int) -> float:
        """How long to wait after the given number of failures in a row, at least one."""
        whole = min(self.most, self.first * 2.0 ** min(failures - 1, 30))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


class BufferedSeries:
    """A SeriesStore whose writes survive its absence. `clock` tells ms UTC; `path` is the buffer's file.

    Thread-safe; `close` ends its thread and closes the store. Reads go straight to the store and may raise
    SeriesUnavailable. Raises JournalError when the file cannot be opened.
    """

    def __init__(
        self,
        store: SeriesStore,
        path: Path,
        max_bytes: int,
        clock: Callable[[], int],
        backoff: Backoff = Backoff(),  # noqa: B008 - immutable
        landed: Callable[[Sequence[Point]], None] = lambda _: None,
    ) -> None:
        """`landed` is told of points that came out of the buffer and are in the store now, before they are forgotten
        here: a NotNoted makes them wait, and it may hear of one twice.
        """
        self._store = store
        self._landed = landed
        self._clock = clock
        self._backoff = backoff
        self._journal = Journal(path, max_bytes)
        self._available = True
        self._last_error: str | None = None
        self._full = False
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._drain, name="series-buffer", daemon=True)
        self._thread.start()
        self._wake.set()  # batches of an earlier life

    def write(self, points: Sequence[Point]) -> Written:
        """To the store, else to the disk; durable when this returns, unless FULL. Never raises for an outage."""
        if not self._available:
            return self._keep(points)
        try:
            self._store.write(points)
        except SeriesRefused as refusal:
            return self._set_aside(points, refusal)
        except SeriesUnavailable as error:
            self._lost(error)
            return self._keep(points)
        return Written(Outcome.WRITTEN)

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """As the store's."""
        return self._store.latest(site, kind, until, since)

    def newest(self, kind: str, until: int, since: int) -> dict[tuple[str, str], dict[str, Value]]:
        """As the store's."""
        return self._store.newest(kind, until, since)

    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """As the store's."""
        return self._store.window(site, kind, device, metric, since, until)

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
        return BufferStats(
            bytes=self._journal.used(),
            batches=held.batches,
            points=held.points,
            oldest=held.oldest,
            available=self._available,
            refused=held.refused,
            last_error=self._last_error,
        )

    def refused(self, limit: int = 100) -> list[RefusedPoint]:
        """The newest points set aside, newest first. Raises JournalError."""
        return self._journal.refused(limit)

    def close(self) -> None:
        """What waits stays on disk. Waits for a write under way, at most as long as the store's time-out."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self._journal.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, points: Sequence[Point]) -> Written:
        try:
            kept = self._journal.append(points, self._clock())
        except JournalError as error:
            self._note(error)
            return Written(Outcome.FULL)
        self._wake.set()  # the store may just have come back, with the journal found empty
        if self._full is kept:
            self._full = not kept
            log.warning("series buffer has room again" if kept else "series buffer is full: agents keep their reports")
        return Written(Outcome.BUFFERED if kept else Outcome.FULL)

    def _set_aside(self, points: Sequence[Point], refusal: SeriesRefused) -> Written:
        """Only when the refused points are safely aside may the batch be acknowledged."""
        try:
            self._journal.set_aside([points[index] for index in refusal.refused], refusal.reason, self._clock())
        except JournalError as error:
            self._note(error)
            return Written(Outcome.FULL)
        log.warning("series store refuses for good: %s", refusal)
        return Written(Outcome.WRITTEN, refusal.refused, refusal.reason)

    def _note(self, error: JournalError) -> None:
        """A disk that is full stays so for a while: say it once."""
        if self._last_error != str(error):
            log.warning("series buffer: %s", error)
        self._last_error = str(error)

    def _lost(self, error: Exception) -> None:
        self._last_error = str(error)
        if self._available:
            self._available = False
            log.warning("series store is away, buffering: %s", error)
        self._wake.set()

    def _found(self) -> None:
        if not self._available:
            self._available = True
            log.info("series store is back")

    def _drain(self) -> None:
        """The thread: asleep while all is well."""
        failures = 0
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._closing.is_set():
                try:
                    if not self._step():
                        break
                    failures = 0
                except (SeriesUnavailable, JournalError, NotNoted) as error:
                    failures += 1
                    self._last_error = str(error)
                    self._closing.wait(self._backoff.pause(failures))
                except Exception:
                    # A thread that died would fill the buffer and stop every agent.
                    failures += 1
                    log.exception("draining the series buffer failed")
                    self._closing.wait(self._backoff.pause(failures))

    def _step(self) -> bool:
        """Write some of what waits; False when nothing does. Raises SeriesUnavailable while the store is away."""
        batches = self._journal.next(DRAIN_POINTS)
        if not batches:
            if not self._available:
                self._store.ping()
                self._found()
            return False
        began = time.monotonic()
        try:
            self._write_waiting(batches)
        except SeriesUnavailable:
            self._judge_failure(batches)
            raise
        self._found()
        self._closing.wait(time.monotonic() - began)  # as long as it took: half of the store is for live data
        return True

    def _write_waiting(self, batches: Sequence[Batch]) -> None:
        points: list[Point] = []
        for batch in batches:
            if batch.points is None:
                log.error("buffered batch %d is damaged on disk and lost", batch.id)
            points += batch.points or []
        try:
            self._store.write(points)
        except SeriesRefused as refusal:
            log.warning("series store refuses for good: %s", refusal)
            aside = [points[index] for index in refusal.refused]
            self._landed(points)
            self._journal.finish(batches, aside, refusal.reason, self._clock())
        else:
            self._landed(points)
            self._journal.finish(batches)

    def _judge_failure(self, batches: Sequence[Batch]) -> None:
        """Is the store away, or does it only choke on these? Then their turn comes after the others', one by one."""
        try:
            self._store.ping()
        except SeriesUnavailable:
            self._available = False
            return
        self._journal.failed(batches)
        self._found()
