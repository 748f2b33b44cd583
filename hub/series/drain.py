"""The thread that writes what waits in the journal to the store, oldest first, leaving room for live data."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from hub.series.gate import Backoff, Gate
from hub.series.journal import Batch, Journal, JournalError
from hub.series.lane import Lane
from hub.series.pace import Pace
from hub.series.store import Point, SeriesRefused, SeriesStore, SeriesUnavailable

log = logging.getLogger(__name__)

DRAIN_POINTS = 5000
"""About how many points one write of the journal to the store carries."""

POLL_SECONDS = 2.0
"""How often the journal is looked at without a reason: `deadletter retry` puts points into it from another process."""

RATE_SECONDS = 30.0
_TURN_SECONDS = 0.25
_GIVEN_UP_SECONDS = 15.0
_CLOSE_SECONDS = 2.0
_STRIKES = 2
"""After so many failures of the same batches another one is tried."""


class NotNoted(Exception):  # noqa: N818 - a state
    """Who is told of points that landed could not take note of them now: they are kept and written once more."""


class Drain:
    """Runs from `start` until `close`. `clock` tells ms UTC.

    `landed` is told of points that are in the store now, before the journal forgets them: a NotNoted makes them wait,
    and it may hear of one twice.
    """

    def __init__(
        self,
        store: SeriesStore,
        journal: Journal,
        gate: Gate,
        lane: Lane,
        pace: Pace,
        backoff: Backoff,
        clock: Callable[[], int],
        landed: Callable[[Sequence[Point]], None],
    ) -> None:
        self._store, self._journal, self._gate, self._lane, self._pace = store, journal, gate, lane, pace
        self._backoff = backoff
        self._clock = clock
        self._landed = landed
        self._head, self._strikes = 0, 0
        self._written: deque[tuple[float, int]] = deque(maxlen=1000)
        self._wake = threading.Event()
        self._closing = threading.Event()
        self.busy = False
        """A write is under way."""
        self._thread = threading.Thread(target=self._run, name="series-buffer", daemon=True)
        self._wake.set()  # batches of an earlier life

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something waits, or the store is away."""
        self._wake.set()

    def close(self) -> None:
        """What is not written stays in the journal; a write under way is waited for two seconds at the most."""
        self._closing.set()
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)

    @property
    def rate(self) -> float:
        """Points a second over the last half minute."""
        since = time.monotonic() - RATE_SECONDS
        return sum(points for at, points in list(self._written) if at > since) / RATE_SECONDS

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
            while not self._closing.is_set():
                pause = 0.0
                try:
                    if not self._step():
                        break
                    failures = 0
                    continue
                except SeriesUnavailable as error:
                    self._gate.note(error)
                    pause = error.retry_after
                except NotNoted as error:
                    self._gate.note(error)
                except JournalError as error:
                    if self._gate.note(error):
                        log.warning("series buffer: %s", error)
                except Exception as error:
                    # Supervised: a thread that died would fill the buffer and stop every agent.
                    if self._gate.note(_named(error)):
                        log.exception("draining the series buffer failed")
                failures += 1
                self._closing.wait(max(pause, self._backoff.pause(failures)))

    def _step(self) -> bool:
        """Write some of what waits; False when there is nothing to do. Raises SeriesUnavailable, JournalError."""
        batches = self._journal.next(DRAIN_POINTS)
        away = not self._gate.open
        # Asked last: a live write may be told to leave the store alone at any moment, and what it leaves waits then.
        if self._closing.wait(self._gate.alone):
            return False
        if away and (not batches or batches[0].failures):
            self._look()
            return True
        if not batches:
            return False
        # A write that was given up goes first: a store that chokes on it is not helped by another beside it.
        self._lane.quiet(_TURN_SECONDS if self._gate.open else _GIVEN_UP_SECONDS)
        try:
            took = self._write(batches)
        except SeriesUnavailable as error:
            self._judge(batches, error)
            raise
        self._gate.found(took, wrote=True)
        self._closing.wait(self._pace.rest(took))
        return True

    def _look(self) -> None:
        """With nothing to write that tells more, ask the store whether it is there."""
        began = time.monotonic()
        self._store.ping()
        self._gate.found(time.monotonic() - began, wrote=False)
        if not self._gate.open:
            self._closing.wait(max(self._backoff.first, min(self._gate.wait, self._backoff.most)))

    def _write(self, batches: Sequence[Batch]) -> float:
        """Seconds it took. What is refused is set aside in the transaction that forgets the batches."""
        points: list[Point] = []
        again: list[int] = []
        for batch in batches:
            if batch.points is None:
                log.error("buffered batch %d is damaged on disk: %d points are lost", batch.id, batch.size)
            points += batch.points or []
            again += [batch.tries] * len(batch.points or [])
        self.busy = True
        began = time.monotonic()
        refusal = None
        try:
            self._store.write(points)
        except SeriesRefused as error:
            log.warning("series store refuses for good: %s", error)
            refusal = error
        except SeriesUnavailable:
            raise
        except Exception as error:
            # Supervised: a defect on the way to the store must not let these points hold up all others for ever.
            if self._gate.note(_named(error)):
                log.exception("writing buffered points to the series store failed")
            raise SeriesUnavailable(_named(error)) from error
        finally:
            self.busy = False
        took = time.monotonic() - began
        self._landed(points)
        self._journal.finish(batches, refusal, points, self._clock())
        self._written.append((time.monotonic(), len(points)))
        return took

    def _judge(self, batches: Sequence[Batch], error: SeriesUnavailable) -> None:
        """Is the store away, or does it only choke on these? Then their turn comes after the others', one by one.

        Only another write tells: with a full disk InfluxDB goes on to answer queries.
        """
        if batches[0].failures:
            self._journal.failed(batches)  # behind the other ones that failed; of the store it says nothing
            return
        self._gate.shut(error, error.retry_after)
        self._strikes = self._strikes + 1 if self._head == batches[0].id else 1
        self._head = batches[0].id
        if self._strikes < _STRIKES:
            return
        others = [*(batches if len(batches) > 1 else ()), *self._journal.next(1, after=batches[-1].id)[:1]]
        if not others or self._closing.wait(self._gate.alone):
            return
        other = others[-1 - (self._strikes - _STRIKES) % len(others)]
        took = self._write([other])
        log.warning("series store takes other batches, but fails at %d: %s", batches[0].id, error)
        self._journal.failed([batch for batch in batches if batch is not other])
        self._gate.found(took, wrote=True)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
