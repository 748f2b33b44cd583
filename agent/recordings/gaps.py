"""What is missing of what a plan wants, and whether a writer stands still. Pure computing over spans."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.recordings.plan import Plan
from agent.recordings.spans import Span, merged, total, without


def patience(segment: int) -> int:
    """How long, in seconds, nothing new may show before a writer counts as stalled; practice has max(120, 2 s + 30)."""
    return max(120, 2 * segment + 30)


@dataclass(frozen=True)
class Day:
    """A day's plan against what was recorded. `ratio` None where nothing was wanted."""

    ratio: float | None
    gaps: int
    longest: int


def missing(plan: Plan, covered: Sequence[Span], start: int, end: int) -> list[Span]:
    """What the plan wanted between two moments and is not covered."""
    return without(plan.wanted(start, end), merged(covered))


def of_day(plan: Plan, covered: Sequence[Span], day: Span, least: int) -> Day:
    """The figures of a day; gaps count from `least` seconds on, the longest whatever its length."""
    wanted = total(plan.wanted(*day))
    holes = missing(plan, covered, *day)
    lengths = [end - start for start, end in holes]
    return Day(
        1.0 - total(holes) / wanted if wanted else None,
        sum(length >= least for length in lengths),
        max(lengths, default=0),
    )


def ended(plan: Plan, covered: Sequence[Span], settled: int, horizon: int) -> tuple[list[Span], int]:
    """The gaps that have ended between `settled` and `horizon`, and up to when nothing is left to tell.

    One that still lasts at the horizon, while the plan goes on, is told when it has ended.
    """
    if horizon <= settled:
        return [], settled
    holes = missing(plan, covered, settled, horizon)
    if holes and holes[-1][1] == horizon and plan.wanted(horizon, horizon + 1):
        return holes[:-1], holes[-1][0]
    return holes, horizon


def stalled(plan: Plan, now: int, last: int, segment: int, interval: float) -> bool | None:
    """Whether the writer stands still at a time the plan wants recording; None where the plan can't say.

    `last` is the last sign of life. Runs come every `interval` seconds, so it is said that much sooner: whoever stalls
    is found within the patience, not an interval after it.
    """
    if not plan.tells_gaps:
        return None
    limit = patience(segment)
    since = plan.wanted_since(now, limit + 1)
    if since is None:
        return False
    return now - max(last, since) >= max(limit / 2, limit - 1.05 * interval - 2)
