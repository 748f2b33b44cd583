"""Covers: maintenance windows and silences. What a cover holds, a finding that opens meanwhile has no ticket. Pure.

A **maintenance window** is planned work, once or by a calendar rule: what fails within it was expected, and counts so
in availability. A **silence** is for what is known and not to be heard of for a while; it expires, and what it hides is
down all the same. Either has an author and a reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from hub.recurrence import Recurrence, Span

Kind = Literal["maintenance", "silence"]

BEHIND_MS = 25 * 3_600_000
"""How far back covers are known exactly: farther than a late value may lie to be judged."""
MAX_DEPTH = 13
"""Levels of topology that are followed."""
AHEAD_MS = 8 * 86_400_000
ANEW_MS = 86_400_000
"""Occurrences are laid out for AHEAD_MS, and anew after so long."""


class Scope(NamedTuple):
    """What is covered; empty: all of them. A device means what hangs below it, too."""

    site: str = ""
    device: str = ""
    rule: str = ""

    def meets(self, site: str, chain: Sequence[str], rule: str) -> bool:
        """Whether a finding of `rule` is meant. `chain`: its device and all that this hangs on."""
        here = not self.site or self.site == site
        return here and (not self.device or self.device in chain) and (not self.rule or self.rule == rule)


def chain(device: str, lineage: Mapping[str, tuple[str | None, str]]) -> list[str]:
    """A device and all that it hangs on, the agent that watches it last. `lineage`: device → (parent, agent)."""
    found, at = [device], lineage.get(device, (None, ""))[0]
    while at is not None and at in lineage and at not in found and len(found) < MAX_DEPTH:
        found.append(at)
        at = lineage[at][0]
    agent = lineage.get(device, (None, ""))[1]
    return found if not agent or agent in found else [*found, agent]


@dataclass(frozen=True)
class Cover:
    """A maintenance window or silence. Times are ms UTC; `end` is the first occurrence's where it recurs.

    `ended`: when somebody ended it before its time. `zone` names the clock by which it recurs and is shown.
    """

    id: int
    kind: Kind
    scope: Scope
    start: int
    end: int
    author: str
    reason: str
    recurrence: str = ""
    zone: str = "UTC"
    added: int = 0
    ended: int | None = None

    def spans(self, since: int, until: int) -> Iterator[Span]:
        """Its times that touch since..until, oldest first."""
        once = [Span(self.start, self.end)] if self.end > since and self.start < until else []
        repeated = Recurrence(self.recurrence, self.start, self.end - self.start, self.zone)
        for span in repeated.spans(since, until) if self.recurrence else once:
            if self.ended is None or span.end <= self.ended:
                yield span
            else:
                if span.start < self.ended and self.ended > since:
                    yield Span(span.start, self.ended)
                return

    def current(self, now: int) -> Span | None:
        """The time it covers now, if it does."""
        return next((span for span in self.spans(now, now + 1)), None)

    def coming(self, now: int) -> Span | None:
        """Its next time after now."""
        return next((span for span in self.spans(now, now + 5 * 366 * 86_400_000) if span.start > now), None)


class _Laid(NamedTuple):
    cover: Cover
    spans: Sequence[Span]


class Covers:
    """All covers that matter at a time, their occurrences laid out. Never changed: a new set is a new object."""

    def __init__(self, covers: Iterable[Cover] = (), now: int = 0) -> None:
        self.covers = tuple(covers)
        self.until = now + ANEW_MS
        """When it has to be laid out anew, ms UTC."""
        self._by_site: dict[str, list[_Laid]] = {}
        self._edges: list[int] = []
        for cover in self.covers:
            spans = tuple(cover.spans(now - BEHIND_MS, now + AHEAD_MS))
            self._by_site.setdefault(cover.scope.site, []).append(_Laid(cover, spans))
            self._edges.extend(edge for span in spans for edge in span if edge > now)
        self._edges.sort()

    def __bool__(self) -> bool:
        return bool(self.covers)

    def find(self, site: str, chain: Sequence[str], rule: str, at: int) -> Cover | None:
        """What covers a finding at a time (ms UTC); of several the one that lasts longest."""
        found: Cover | None = None
        longest = 0
        for cover, spans in (*self._by_site.get("", ()), *self._by_site.get(site, ())):
            if cover.scope.meets(site, chain, rule):
                for start, end in spans:
                    if start <= at < end and end > longest:
                        found, longest = cover, end
        return found

    def active(self, now: int) -> list[tuple[Cover, Span]]:
        """Every cover that covers something now, and its time."""
        every = (laid for known in self._by_site.values() for laid in known)
        return [(cover, span) for cover, spans in every for span in spans if span.start <= now < span.end]

    def ended(self, cover: Cover, now: int) -> int:
        """When this cover's last time ended before now, ms UTC; 0 where that is long ago."""
        known = next((spans for one, spans in self._by_site.get(cover.scope.site, ()) if one.id == cover.id), ())
        return max((span.end for span in known if span.end <= now), default=0)

    def next_change(self, now: int) -> int | None:
        """When a cover begins or ends next, as far as it is laid out; None without any."""
        return next((edge for edge in self._edges if edge > now), self.until if self.covers else None)


NO_COVERS = Covers()
