"""What a series store is: where every number of every device goes.

Two implementations pass one test suite: `embedded.py` (SQLite) and `influx.py` (InfluxDB 1.x, 2.x, 3.x).
A series is (site, kind, device, metric). Two points at one time and series are one: the later write wins, and fields
of points at equal time merge, as InfluxDB does it. So writing again changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol


class Point(NamedTuple):
    """Values of one device at one time (ms UTC, corrected)."""

    kind: str
    site: str
    agent: str
    device: str
    at: int
    values: Mapping[str, float]


class Value(NamedTuple):
    """One number of a series and its time (ms UTC)."""

    at: int
    value: float


class Bucket(NamedTuple):
    """What a series did from `at` (ms UTC) for one step of a chart, by `number` values."""

    at: int
    mean: float
    low: float
    high: float
    number: int = 1


class Summary(NamedTuple):
    """What each metric of one device did over a span; `metrics` holds those that have values.

    A device that was handed over has a summary for each of its agents in InfluxDB, which keeps them apart.
    """

    site: str
    agent: str
    device: str
    metrics: Mapping[str, Bucket]


Scope = Mapping[str, Collection[str]]
"""Which devices: by site, those named; of a site with none named, all."""


Pick = Literal["every", "first", "last"]

Spans = Sequence[tuple[int, int]]
"""(since, until) of each, ms UTC: since < at ≤ until. In order, none into the next."""


Sites = Collection[str] | None
"""Where the devices are; None: anywhere."""

Across = dict[tuple[str, str], list[Value]]
"""(site, device) → values, oldest first."""


class SeriesUnavailable(Exception):  # noqa: N818 - a state
    """The store is away, slow, full, or refuses our credentials: keep the data and try again.

    `retry_after` are seconds it asks to be left alone for, 0 where it does not say.
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class SeriesRefused(Exception):  # noqa: N818 - a verdict
    """The store refuses these points for good; the others of the batch are written.

    `refused` are indices into the batch, `reason` is the store's own word on the first, `reasons` on each of them.
    """

    def __init__(self, refused: Sequence[int], reason: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(f"{len(refused)} points refused: {reason}")
        self.refused = tuple(refused)
        self.reason = reason
        self.reasons = tuple(reasons) or (reason,) * len(self.refused)


class Holding(NamedTuple):
    """What a store has of a site: devices (each of its kind), and rows of values where counting them is cheap."""

    devices: int
    rows: int | None


class CannotErase(Exception):  # noqa: N818 - a state
    """This kind of database deletes no single values; the message says what a person has to do instead."""


class SeriesReads(Protocol):
    """What can be asked of a store. Thread-safe; every call may raise SeriesUnavailable."""

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """device → metric → newest value in since < at ≤ until (ms UTC), for every device of that kind in the site."""
        ...

    def metrics(self, kind: str) -> list[str]:
        """What was ever stored of that kind."""
        ...

    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """Every raw value in since < at ≤ until, oldest first."""
        ...

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """(site, device) → its raw values in `spans`, oldest first, for every device of that kind that has any.

        `pick`: every value, or of each span the first or the last. `sites`: of devices there alone. One answer: ask for
        no more than may be held in memory.
        """
        ...

    def chart(self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """Means, lows and highs by steps of `step` ms aligned to the epoch, oldest first; empty steps are left out."""
        ...

    def summarise(self, kind: str, scope: Scope, since: int, until: int) -> list[Summary]:
        """What the devices of that kind in `scope` did in since < at ≤ until; those without values are left out.

        Every bucket's time is `since` + 1. One answer: name no more devices at once than may be held in memory.
        """
        ...

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """Every stored point of those devices in since < at ≤ until with any of these metrics (with none named: of
        all), a device's oldest first.
        """
        ...

    def ping(self) -> None:
        """Raises SeriesUnavailable, with what to mend, when the store does not answer or refuses us."""
        ...


class SeriesStore(SeriesReads, Protocol):
    """A store to write to as well. Thread-safe."""

    def write(self, points: Sequence[Point]) -> None:
        """All of them, durably when this returns. Raises SeriesRefused after having written the rest."""
        ...

    def prepare(self, points: Sequence[Point]) -> Callable[[], None]:
        """What of a write needs no store is done when it returns; calling that does the rest, and raises as above."""
        ...

    def holding(self, site: str) -> Holding:
        """What there is of a site."""
        ...

    def erase(self, site: str) -> None:
        """Delete everything of a site for good; again is harmless. Raises CannotErase, SeriesUnavailable.

        While others write values of the site some may stay: erase again when they have stopped.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
