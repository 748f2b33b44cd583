"""The numbers of one hub: raw, hourly and daily ones, for how long each are kept, and the buffer before the raw ones.

Opened and closed together, and handed to those that work with them.
"""

from collections.abc import Callable

import sqlalchemy as sa

from hub.records.stores import Databases
from hub.rollup.marks import Marks
from hub.rollup.worker import Stores
from hub.series.buffer import BufferedSeries
from hub.series.config import TIERS, SeriesSettings, of_tier, open_series, retention_ms
from hub.series.influx import InfluxSeries


class Tiers:
    """One for a hub. `stores` and `retention` (ms) are by tier."""

    def __init__(self, settings: SeriesSettings, database: sa.Engine, clock: Callable[[], int]) -> None:
        """`clock` tells ms UTC. Raises SeriesConfigError, SeriesUnavailable, JournalError or OSError."""
        self.stores = {tier: open_series(of_tier(settings, tier)) for tier in TIERS}
        self.retention = {tier: retention_ms(settings, tier) for tier in TIERS}
        self.marks = Marks(database, clock, self.retention["raw"])
        self.buffered = BufferedSeries(
            self.stores["raw"],
            settings.buffer_path,
            settings.buffer_bytes,
            clock,
            landed=self.marks.landed,
            max_age_seconds=settings.buffer_hours * 3600,
            patience=settings.patience_seconds,
        )
        """The raw ones, as everybody writes and reads them who works with live data."""

    def for_rollups(self) -> Stores:
        """As the rollup worker takes them: raw values read beside the buffer, for what waits there is marked later."""
        raw, hourly, daily = (self.stores[tier] for tier in TIERS)
        return Stores(raw, hourly, daily, self.retention["raw"], self.retention["hourly"])

    def for_records(self) -> Databases | None:
        """As the mirror of records takes them; None where numbers are kept in files, which nobody else reads."""
        databases = [store for store in self.stores.values() if isinstance(store, InfluxSeries)]
        if not databases:
            return None
        raw, hourly, daily = databases
        kept = self.retention
        return Databases(raw, hourly, daily, kept["raw"], kept["daily"], kept["hourly"])

    def close(self) -> None:
        """What waits in the buffer stays on disk."""
        self.buffered.close()  # and with it the raw ones
        for tier in ("hourly", "daily"):
            self.stores[tier].close()
