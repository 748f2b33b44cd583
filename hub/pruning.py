"""Makes embedded stores forget what is older than their retention; a database with one of its own does that itself."""

import logging
import threading
from collections.abc import Callable, Mapping

from hub.series.config import Tier
from hub.series.embedded import EmbeddedSeries
from hub.series.store import SeriesStore, SeriesUnavailable

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


class Pruner:
    """Of the stores that need it. `retention`: tier → ms; `active` says whether this hub is the one that works."""

    def __init__(
        self,
        tiers: Mapping[Tier, SeriesStore],
        retention: Mapping[Tier, int],
        clock: Callable[[], int],
        active: Callable[[], bool],
    ) -> None:
        self._stores = {tier: store for tier, store in tiers.items() if isinstance(store, EmbeddedSeries)}
        self._retention, self._clock, self._active = retention, clock, active

    def run(self, stop: threading.Event) -> None:
        """Hourly, until it is to stop; returns at once where no store is embedded."""
        while self._stores and not stop.wait(EVERY_SECONDS):
            for tier, store in self._stores.items() if self._active() else ():
                try:
                    store.prune(self._clock() - self._retention[tier])
                except SeriesUnavailable as error:
                    log.warning("old values stay for now: %s", error)
