"""What the rules look back on when the hub starts, as the series store has it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

from hub.series.store import Across, Pick, Point, Scope, Sites, Spans, Value

Q = TypeVar("Q")
A = TypeVar("A")

QUESTIONS_AT_ONCE = 4
"""One keeps a core of the store busy, and a hub that starts does nothing else meanwhile."""

ANSWERS_WAITING = 2 * QUESTIONS_AT_ONCE
"""So many are held before they are looked at."""


class Remembered(Protocol):
    """What the rules look back on, as the series store has it (`hub.series.store.SeriesReads`)."""

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """device → metric → newest value in since < at ≤ until (ms UTC). May raise SeriesUnavailable."""
        ...

    def metrics(self, kind: str) -> list[str]:
        """What was ever stored of that kind. May raise SeriesUnavailable."""
        ...

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """(site, device) → its values in `spans`, oldest first, or of each span one alone. May raise
        SeriesUnavailable."""
        ...

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """Every stored point of those devices in since < at ≤ until (ms UTC) with any of these metrics (none: of all),
        a device's oldest first. May raise SeriesUnavailable."""
        ...


class Attended:
    """The same, with somebody told of each answer: those on a large fleet take minutes, and nothing hangs meanwhile."""

    def __init__(self, series: Remembered, answered: Callable[[], None]) -> None:
        self._series = series
        self._answered = answered

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """As Remembered's."""
        found = self._series.latest(site, kind, until, since)
        self._answered()
        return found

    def metrics(self, kind: str) -> list[str]:
        """As Remembered's."""
        return self._series.metrics(kind)

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """As Remembered's."""
        found = self._series.across(kind, metric, spans, sites=sites, pick=pick)
        self._answered()
        return found

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """As Remembered's."""
        found = self._series.points(kind, scope, metrics, since, until)
        self._answered()
        return found


class Question(NamedTuple):
    """What `across` is asked."""

    kind: str
    metric: str
    spans: Spans
    pick: Pick
    sites: Sequence[str] | None


def answers(series: Remembered, questions: Sequence[Question]) -> Iterator[tuple[Question, Across]]:
    """In order, several asked at a time. Raises SeriesUnavailable."""

    def ask(one: Question) -> Across:
        return series.across(one.kind, one.metric, one.spans, sites=one.sites, pick=one.pick)

    return together(ask, questions)


def together(ask: Callable[[Q], A], questions: Sequence[Q]) -> Iterator[tuple[Q, A]]:
    """Each with its answer, in order, several asked at a time. Raises what `ask` raises."""
    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        for first in range(0, len(questions), ANSWERS_WAITING):
            some = questions[first : first + ANSWERS_WAITING]
            yield from zip(some, pool.map(ask, some), strict=True)
