"""Where records go, and how a batch of rows is written there."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.records.row import Row, to_line
from hub.series.influxql import Series
from wire.records import Tier

log = logging.getLogger(__name__)

EDGE_MS = 3_600_000
"""What is so near to the end of its retention may be refused."""


class RecordStore(Protocol):
    """An InfluxDB database. Thread-safe; every call may raise SeriesUnavailable."""

    def write_lines(self, lines: Sequence[str]) -> list[tuple[int, str]]:
        """Durably what can be written, times in ns; (index, reason) of each line that never can."""
        ...

    def ask(self, statement: str) -> list[Series]:
        """What an InfluxQL statement finds, times in ms."""
        ...

    def erase(self, site: str) -> None:
        """Everything of a site, for good. Raises CannotErase, too."""
        ...


@dataclass(frozen=True)
class Databases:
    """The three, and for how long each keeps its values (ms)."""

    raw: RecordStore
    hourly: RecordStore
    daily: RecordStore
    raw_retention: int
    daily_retention: int
    hourly_retention: int = 400 * 86_400_000

    def store(self, tier: Tier) -> RecordStore:
        """Where records of a tier are."""
        return {"raw": self.raw, "hourly": self.hourly, "daily": self.daily}[tier]

    def retention(self, tier: Tier) -> int:
        """How long they are kept."""
        return {"raw": self.raw_retention, "hourly": self.hourly_retention, "daily": self.daily_retention}[tier]


class Writer:
    """Writes rows to where their records belong. What InfluxDB refuses for good is told once a reason and measurement,
    and left: SQL still has it."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._told: set[tuple[str, str]] = set()

    def write(self, rows: Sequence[Row], now: int) -> None:
        """All of them, but for those past their retention. Raises SeriesUnavailable."""
        by_tier: dict[Tier, list[str]] = {}
        for row in rows:
            oldest = now - self._databases.retention(row.record.tier) + EDGE_MS
            line = to_line(row) if row.at > oldest else ""
            if line:
                by_tier.setdefault(row.record.tier, []).append(line)
        for tier, lines in by_tier.items():
            for index, reason in self._databases.store(tier).write_lines(lines):
                self._tell(lines[index].partition(" ")[0].partition(",")[0], reason)

    def _tell(self, measurement: str, reason: str) -> None:
        known = (measurement, reason.partition(":")[0])
        if known not in self._told:
            self._told.add(known)
            log.warning("InfluxDB refuses a row of %s for good, which stays in SQL alone: %s", measurement, reason)
