"""What the hub mirrors into InfluxDB besides numbers: records, written by its own mirror and kept as lines, too.

How sites stand is written as the week passes, all else at its end. The mirror's clock is the replay's.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.records.mirror import Mirror
from hub.records.stores import Databases
from hub.records.work import Work
from hub.rule import Rule
from hub.scoped import Scoped
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.influxql import Series
from hub.series.store import SeriesUnavailable
from tests.dashboards.filling import PATIENCE_SECONDS
from tests.dashboards.player.source import Source
from tests.waiting import wait_until

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
STATES_MS = 6 * HOUR_MS
"""Between two looks at how sites stand, unless told."""
ZONE = ZoneInfo("Asia/Shanghai")
"""Whose days the rates are of."""


@dataclass
class Kept:
    """A database that keeps what is written into it as lines, times in ns."""

    store: InfluxSeries
    lines: list[str] = field(default_factory=list)

    def write_lines(self, lines: Sequence[str]) -> list[tuple[int, str]]:
        """Written, and kept."""
        self.lines += lines
        return self.store.write_lines(lines)

    def ask(self, statement: str) -> list[Series]:
        """As the store."""
        return self.store.ask(statement)

    def erase(self, site: str) -> None:
        """As the store."""
        self.store.erase(site)


class Mirroring:
    """The mirror of one replay. `told` is for its progress; `kept` are its databases, in the sources' order."""

    def __init__(
        self,
        database: sa.Engine,
        sources: Sequence[Source],
        rules: Mapping[str, Rule],
        tables: Mapping[str, Mapping[str, Any]],
        clock: Callable[[], int],
        states_ms: int = STATES_MS,
    ) -> None:
        targets = [InfluxTarget(source.url, source.database, "v1", timeout_seconds=60.0) for source in sources]
        self.kept = [Kept(InfluxSeries(target)) for target in targets]
        raw, hourly, daily = self.kept
        databases = Databases(raw, hourly, daily, 90 * DAY_MS, 3650 * DAY_MS)
        work = Work(database, databases, Scoped(rules, tables, {}, ()), ZONE, clock)
        self._mirror = Mirror(work)
        self._clock = clock
        self._every = states_ms
        self._slot = 0

    def told(self, _: int, now: int) -> None:
        """The states, where it is time."""
        if now // self._every != self._slot:
            self._slot = now // self._every
            self._patiently(lambda: deque(self._mirror.jobs["states"](), maxlen=0))

    def finish(self) -> None:
        """Everything there is; what is numbers must have been rolled up and written before."""
        self._patiently(self._mirror.round)

    def _patiently(self, work: Callable[[], object]) -> None:
        """A server on a busy machine may be away for a while; what was written is written again."""

        def done() -> bool:
            try:
                work()
            except SeriesUnavailable:
                return False
            return True

        wait_until(done, PATIENCE_SECONDS, "the records are written")

    def close(self) -> None:
        """Its connections."""
        for kept in self.kept:
            kept.store.close()
