"""What the hub's parts count as they work: totals since the start for /metrics, and the recent ones for `hub/own.py`.

Everything is fed once a batch, never once a report. The lag is that of at most SAMPLED points of a batch, evenly spread
over it, each standing for its share.

*Lag* is the time from a sample's corrected time to the SQL commit that makes it the hub's. What was older than LIVE_MS
when it reached the hub comes out of an agent's backlog and is counted apart: three days without network must not look
like a slow hub. *Wait* is the time from a message's arrival to its commit, on the hub's clock alone: it tells how far
the hub is behind, whatever agents do and whatever their clocks say.
"""

import logging
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from hub.series.store import Point
from hub.store.writes import Rejection

log = logging.getLogger(__name__)

LIVE_MS = 120_000
"""A sample that reaches the hub so late was kept back: agents send at least once a minute."""

SAMPLED = 32
"""Points of a batch whose lag is looked at."""

LAG_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0)
BACKLOG_SECONDS = (300.0, 900.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0, 2_592_000.0)
WORK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MESSAGES = (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0)


class Spread:
    """How values are distributed: counts up to each of `bounds` and above the last, their sum, and the highest."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.most = 0.0

    def add(self, value: float, weight: int = 1) -> None:
        """`weight` values of this size."""
        self.counts[bisect_left(self.bounds, value)] += weight
        self.total += value * weight
        self.most = max(self.most, value)

    def plus(self, other: "Spread") -> "Spread":
        """Both together; of the same bounds."""
        both = Spread(self.bounds)
        both.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        both.total, both.most = self.total + other.total, max(self.most, other.most)
        return both

    def below(self) -> list[int]:
        """How many values were at most each bound, and how many there were at all: what a histogram shows."""
        return list(accumulate(self.counts))

    def quantile(self, share: float) -> float | None:
        """The value that `share` of all do not exceed, evenly spread within a bound; None where there are none."""
        sums = self.below()
        wanted = share * sums[-1]
        if not sums[-1]:
            return None
        place = next(i for i, reached in enumerate(sums) if reached >= wanted)
        low = self.bounds[place - 1] if place else 0.0
        high = min(self.bounds[place], self.most) if place < len(self.bounds) else self.most
        return low + (high - low) * (wanted - sums[place] + self.counts[place]) / self.counts[place]


class Committed(NamedTuple):
    """One batch that was committed. Times of work in seconds; `arrived` and `at` in ms UTC."""

    messages: int
    reports: int
    points: Sequence[Point]
    arrived: int
    """When the first of its messages came."""
    at: int
    """When the SQL transaction had ended."""
    judging: float
    series: float
    database: float
    whole: float


@dataclass
class Tally:
    """What was counted over some time. Seconds, shares and numbers."""

    batches: int = 0
    reports: int = 0
    points: int = 0
    backlog_points: int = 0
    outages: int = 0
    corrections: int = 0
    """Findings and tickets that were put right (`hub/reconcile.py`)."""
    judging: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    messages: Spread = field(default_factory=lambda: Spread(MESSAGES))
    """Of each batch."""
    lag: Spread = field(default_factory=lambda: Spread(LAG_SECONDS))
    backlog: Spread = field(default_factory=lambda: Spread(BACKLOG_SECONDS))
    wait: Spread = field(default_factory=lambda: Spread(LAG_SECONDS))
    whole: Spread = field(default_factory=lambda: Spread(WORK_SECONDS))
    series: Spread = field(default_factory=lambda: Spread(WORK_SECONDS))
    database: Spread = field(default_factory=lambda: Spread(WORK_SECONDS))
    queue_messages: int = 0
    queue_fill: float = 0.0
    """The most that waited, and the share of the room that took."""

    def add(self, batch: Committed) -> None:
        """One batch."""
        self.batches += 1
        self.reports += batch.reports
        self.points += len(batch.points)
        self.judging += batch.judging
        self.messages.add(batch.messages)
        self.series.add(batch.series)
        self.database.add(batch.database)
        self.whole.add(batch.whole)
        waited = max(batch.at - batch.arrived, 0)
        self.wait.add(waited / 1000)
        self._add_lags(batch, waited)

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            batches=self.batches + other.batches,
            reports=self.reports + other.reports,
            points=self.points + other.points,
            backlog_points=self.backlog_points + other.backlog_points,
            outages=self.outages + other.outages,
            corrections=self.corrections + other.corrections,
            judging=self.judging + other.judging,
            rejected=self.rejected + other.rejected,
            messages=self.messages.plus(other.messages),
            lag=self.lag.plus(other.lag),
            backlog=self.backlog.plus(other.backlog),
            wait=self.wait.plus(other.wait),
            whole=self.whole.plus(other.whole),
            series=self.series.plus(other.series),
            database=self.database.plus(other.database),
            queue_messages=max(self.queue_messages, other.queue_messages),
            queue_fill=max(self.queue_fill, other.queue_fill),
        )

    def _add_lags(self, batch: Committed, waited: int) -> None:
        """What the points would have lagged without the hub's own wait tells live data from a backlog."""
        stride = -(-len(batch.points) // SAMPLED) or 1
        for first in range(0, len(batch.points), stride):
            lag = max(batch.at - batch.points[first].at, 0)
            weight = min(stride, len(batch.points) - first)
            if lag - waited <= LIVE_MS:
                self.lag.add(lag / 1000, weight)
            else:
                self.backlog_points += weight
                self.backlog.add(lag / 1000, weight)


Gauges = Callable[[], Mapping[str, float]]
"""Metric of the catalogue (kind hub) → its value now."""


class Measures:
    """Fed by the hub's parts, read by `own.py` and /metrics. Thread-safe."""

    def __init__(self) -> None:
        self._before = Tally()
        self._recent = Tally()
        self._gauges: list[Gauges] = []
        self._broken: set[Gauges] = set()
        self._told: dict[str, float] = {}
        self.durable = True
        """Whether the newest points could be kept, in the series store or its buffer."""
        self._lock = threading.Lock()

    def watch(self, read: Gauges) -> None:
        """Ask this whenever the values of now are wanted. It may raise: its values are then missing."""
        self._gauges.append(read)

    def committed(self, batch: Committed) -> None:
        """A batch is in the database."""
        with self._lock:
            self._recent.add(batch)

    def rejected(self, rejections: Iterable[Rejection]) -> None:
        """So many messages or parts of them were not taken."""
        with self._lock:
            for one in rejections:
                self._recent.rejected[one.reason] += one.count

    def queued(self, messages: int, fill: float) -> None:
        """So much waits now; `fill` is the share of the room for it."""
        with self._lock:
            self._told.update(queue_messages=float(messages), queue_fill_ratio=fill)
            self._recent.queue_messages = max(self._recent.queue_messages, messages)
            self._recent.queue_fill = max(self._recent.queue_fill, fill)

    def tell(self, values: Mapping[str, float]) -> None:
        """Values of now that nobody else may look up, by metric."""
        with self._lock:
            self._told.update(values)

    def outage(self) -> None:
        """A batch could not be committed because the database is away."""
        with self._lock:
            self._recent.outages += 1

    def corrected(self, number: int) -> None:
        """So many findings and tickets were put right."""
        with self._lock:
            self._recent.corrections += number

    @property
    def total(self) -> Tally:
        """What was counted since the start."""
        with self._lock:
            return self._before.plus(self._recent)

    def take_recent(self) -> Tally:
        """What was counted since the last call."""
        with self._lock:
            taken, self._recent = self._recent, Tally()
            self._before = self._before.plus(taken)
        return taken

    def gauges(self) -> dict[str, float]:
        """The values of now, by metric."""
        with self._lock:
            found = dict(self._told)
        for read in self._gauges:
            try:
                found.update(read())
            except Exception:  # supervised: what can't be measured must not stop what is
                if read not in self._broken:
                    log.exception("some of the hub's own figures are missing")
                self._broken.add(read)
            else:
                self._broken.discard(read)
        return found
