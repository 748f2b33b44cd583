"""What the rules look back on when the hub starts, as the series store has it."""

from collections.abc import Callable, Collection
from typing import Protocol

from hub.series.store import Pick, Spans, Value


class Remembered(Protocol):
    """What the rules look back on, as the series store has it (`hub.series.store.SeriesReads`)."""

    def metrics(self, kind: str) -> list[str]:
        """What was ever stored of that kind. May raise SeriesUnavailable."""
        ...

    def across(
        self,
        kind: str,
        metric: str,
        spans: Spans,
        *,
        sites: Collection[str] | None = None,
        pick: Pick = "every",
    ) -> dict[tuple[str, str], list[Value]]:
        """(site, device) → its values in `spans`, oldest first, or of each span one alone. May raise
        SeriesUnavailable."""
        ...


class Attended:
    """The same, with somebody told of each answer: those on a large fleet take minutes, and nothing hangs meanwhile."""

    def __init__(self, series: Remembered, answered: Callable[[], None]) -> None:
        self._series = series
        self._answered = answered

    def metrics(self, kind: str) -> list[str]:
        """As Remembered's."""
        return self._series.metrics(kind)

    def across(
        self,
        kind: str,
        metric: str,
        spans: Spans,
        *,
        sites: Collection[str] | None = None,
        pick: Pick = "every",
    ) -> dict[tuple[str, str], list[Value]]:
        """As Remembered's."""
        found = self._series.across(kind, metric, spans, sites=sites, pick=pick)
        self._answered()
        return found
