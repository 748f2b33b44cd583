"""Long charts from rollups: what is rolled from there, what is newer from raw values."""

import logging
from collections.abc import Callable, Mapping, Sequence

from hub.rollup.figures import DAY_MS, HOUR_MS, bucket, fields, floor, fold
from hub.series.store import (
    Across,
    Bucket,
    Pick,
    Point,
    Scope,
    SeriesReads,
    SeriesUnavailable,
    Sites,
    Spans,
    Summary,
    Value,
)

log = logging.getLogger(__name__)


class LongCharts:
    """A store's reads, with charts by whole hours and days taken from rollups. `until` tells up to when there are any.

    The first and the last step of such a chart are whole, though the span may begin or end within them.
    """

    def __init__(
        self, raw: SeriesReads, hourly: SeriesReads, daily: SeriesReads, until: Callable[[], Mapping[str, int]]
    ) -> None:
        self._raw = raw
        self._hourly = hourly
        self._daily = daily
        self._until = until

    def chart(self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """As any store's. While the rollups are away all of it comes from raw values, which reach less far back."""
        if step < 1 or step % HOUR_MS:
            return self._raw.chart(site, kind, device, metric, since, until, step)
        try:
            return self._from_rollups(site, kind, device, metric, since, until, step)
        except SeriesUnavailable as error:
            log.info("a chart is drawn from raw values: %s", error)
            return self._raw.chart(site, kind, device, metric, since, until, step)

    def _from_rollups(
        self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int
    ) -> list[Bucket]:
        done = self._until()
        start = since + 1
        parts: list[Bucket] = []
        tiers = [(self._daily, DAY_MS, "day")] if step % DAY_MS == 0 else []
        for store, length, tier in [*tiers, (self._hourly, HOUR_MS, "hour")]:
            first, end = floor(start, length), min(done.get(tier, 0), until + 1)
            if first < end:
                points = store.points(kind, {site: [device]}, fields(metric), first - 1, end - 1)
                parts += [found for point in points if (found := bucket(point, metric)) is not None]
                start = max(start, end if end == done.get(tier) else until + 1)
        if start <= until:
            parts += self._raw.chart(site, kind, device, metric, start - 1, until, HOUR_MS)
        return fold(parts, step)

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """As the store's."""
        return self._raw.latest(site, kind, until, since)

    def metrics(self, kind: str) -> list[str]:
        """As the raw store's."""
        return self._raw.metrics(kind)

    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """As the store's."""
        return self._raw.window(site, kind, device, metric, since, until)

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """As the raw store's."""
        return self._raw.across(kind, metric, spans, sites=sites, pick=pick)

    def summarise(self, kind: str, scope: Scope, since: int, until: int) -> list[Summary]:
        """As the store's."""
        return self._raw.summarise(kind, scope, since, until)

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """As the store's."""
        return self._raw.points(kind, scope, metrics, since, until)

    def ping(self) -> None:
        """As the store's."""
        self._raw.ping()
