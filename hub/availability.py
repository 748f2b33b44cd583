"""How much of a time a device worked, was down, was down as planned, or nobody can say. Pure.

Every moment counts once, as the first of these that is so: planned (a maintenance window covers the device), unknown
(the hub heard nobody, or did not know the device yet), down (a finding that means an outage is open), unknown again
(its agent is silent, or something it hangs on is down), up. A finding counts from when its condition began to when it
was closed, which is its clear time later than the end; one that came back soon after counts throughout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.recurrence import Span

LONGEST_MS = 400 * 86_400_000
"""The longest time that is reckoned at once: somewhat more than a year."""


@dataclass(frozen=True)
class Availability:
    """ms of each, which add up to the time asked for; of several devices the sums of theirs."""

    up: int = 0
    down: int = 0
    planned: int = 0
    unknown: int = 0

    @property
    def ratio(self) -> float | None:
        """Up out of up and down, from 0 to 1: planned work is expected. None where it was neither."""
        judged = self.up + self.down
        return self.up / judged if judged else None

    def __add__(self, other: "Availability") -> "Availability":
        mine, theirs = vars(self), vars(other)
        return Availability(**{name: mine[name] + theirs[name] for name in mine})


def availability(
    span: Span,
    *,
    down: Iterable[Span] = (),
    planned: Iterable[Span] = (),
    blind: Iterable[Span] = (),
    hidden: Iterable[Span] = (),
) -> Availability:
    """The figures of one device over `span`. What lies outside it, overlaps or is empty does not matter.

    `blind`: when nothing could be known at all; `hidden`: when nothing was known but what its own findings said.
    """
    layers = [("planned", _merged(planned)), ("unknown", _merged(blind)), ("down", _merged(down))]
    layers.append(("unknown", _merged(hidden)))
    found = {"up": 0, "down": 0, "planned": 0, "unknown": 0}
    left = [span] if span.end > span.start else []
    for name, spans in layers:
        rest = _without(left, spans)
        found[name] += _length(left) - _length(rest)
        left = rest
    found["up"] = _length(left)
    return Availability(**found)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, and none touching another."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        else:
            merged.append(Span(start, end))
    return merged


def _without(left: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of the first when the second is taken away. Both in order, without overlap."""
    rest: list[Span] = []
    first = 0
    for start, end in left:
        while first < len(taken) and taken[first].end <= start:
            first += 1
        at = start
        for hole in taken[first:]:
            if hole.start >= end:
                break
            if hole.start > at:
                rest.append(Span(at, hole.start))
            at = max(at, hole.end)
        if at < end:
            rest.append(Span(at, end))
    return rest


def _length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)
