"""What many months came to: recall, precision, tickets per fault and delay, in all and by kind of fault. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from simulator.faults import tell
from tests.detection.matching import Outcome
from tests.detection.playing import Ticket

LEAST_RECALL = 0.99
LEAST_PRECISION = 0.99


class Seen(NamedTuple):
    """One fault and what came of it, as it travels between processes."""

    seed: int
    kind: str
    what: str
    at: float
    delay: float | None
    tickets: tuple[str, ...]
    """`rule on device`, in the order of their opening."""


class Month(NamedTuple):
    """One site-month. `false` are tickets that no fault explains: `rule on device at s`."""

    seed: int
    seen: tuple[Seen, ...]
    false: tuple[str, ...]
    seconds: float
    """CPU seconds it took."""


class Score(NamedTuple):
    """Of some faults. Delays in seconds, of those that were seen."""

    faults: int
    found: int
    tickets: int
    delays: tuple[float, ...]

    @property
    def recall(self) -> float:
        """Share of the faults that led to a ticket."""
        return self.found / self.faults if self.faults else 1.0

    @property
    def per_fault(self) -> float:
        """Tickets of a fault that was found."""
        return self.tickets / self.found if self.found else 0.0

    @property
    def median(self) -> float | None:
        """Half of the faults were seen sooner."""
        return median(self.delays) if self.delays else None

    @property
    def slowest(self) -> float | None:
        """The longest delay."""
        return max(self.delays, default=None)


def month(seed: int, outcomes: Iterable[Outcome], false: Iterable[Ticket], seconds: float) -> Month:
    """A site-month as plain data."""
    seen = tuple(
        Seen(
            seed,
            one.fault.kind,
            tell(one.fault),
            one.fault.at,
            one.delay,
            tuple(f"{ticket.rule} on {ticket.device}" for ticket in one.tickets),
        )
        for one in outcomes
    )
    return Month(seed, seen, tuple(f"{one.rule} on {one.device} at {one.opened:.0f} s" for one in false), seconds)


def score(seen: Iterable[Seen]) -> Score:
    """Of these faults."""
    every = list(seen)
    found = [one for one in every if one.tickets]
    delays = tuple(one.delay for one in found if one.delay is not None)
    return Score(len(every), len(found), sum(len(one.tickets) for one in found), delays)


def by_kind(months: Sequence[Month]) -> Mapping[str, Score]:
    """Kind of fault → its score, by name."""
    kinds = sorted({one.kind for month in months for one in month.seen})
    return {kind: score(one for month in months for one in month.seen if one.kind == kind) for kind in kinds}


def overall(months: Sequence[Month]) -> Score:
    """Of all faults."""
    return score(one for month in months for one in month.seen)


def precision(months: Sequence[Month]) -> float:
    """Share of the tickets that some fault explains."""
    true, false = overall(months).tickets, sum(len(month.false) for month in months)
    return true / (true + false) if true + false else 1.0


def met(months: Sequence[Month], healthy: Sequence[Month]) -> bool:
    """Whether the targets are: nearly all that happens is seen, nearly all tickets are about something, one a fault,
    and none where nothing happens."""
    score = overall(months)
    good = score.recall >= LEAST_RECALL and precision(months) >= LEAST_PRECISION
    return good and score.tickets == score.found and not any(month.false for month in healthy)


def troubles(months: Sequence[Month]) -> Iterator[str]:
    """Each fault that was missed or led to several tickets, each ticket without a fault."""
    for one in (one for month in months for one in month.seen if len(one.tickets) != 1):
        came = "no ticket" if not one.tickets else f"{len(one.tickets)} tickets: {', '.join(one.tickets)}"
        yield f"seed {one.seed}, {one.at:.0f} s, {one.kind} ({one.what}): {came}"
    for month_ in months:
        yield from (f"seed {month_.seed}: no fault explains {ticket}" for ticket in month_.false)
