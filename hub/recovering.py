"""Findings whose cause has gone, or is theirs no longer: each has its time to be seen to go, too, before it stands for
itself. What could not be heard is no part of that time.
"""

import heapq
from itertools import count

from hub.blindness import Blindness
from hub.fleet import LiveFinding

CLOCK_MS = 60_000
"""Who waits when the hub's clock was set back waits no longer than this from then on."""


class Recovering:
    """Who waits since when and for how long, each once: no more entries than findings that open within that time."""

    def __init__(self, blindness: Blindness) -> None:
        self._blindness = blindness
        self._due: list[tuple[int, int, LiveFinding]] = []
        self._waits: dict[LiveFinding, tuple[int, int]] = {}
        """Since when, ms UTC on the hub's clock, and how many ms."""
        self._order = count()

    def __contains__(self, finding: LiveFinding) -> bool:
        return finding in self._waits

    @property
    def next_due(self) -> int | None:
        """When somebody's time is over at the earliest, ms UTC on the hub's clock."""
        return self._due[0][0] if self._due else None

    def wait(self, finding: LiveFinding, since: int, patience: int) -> None:
        """It has so many ms from then on. Of several times it was told the one that ends last counts."""
        known = self._waits.get(finding)
        if known is None:
            heapq.heappush(self._due, (since + patience, next(self._order), finding))
        if known is None or sum(known) < since + patience:
            self._waits[finding] = since, patience

    def over(self, now: int) -> list[LiveFinding]:
        """Those that have had their time, heard all of it, and wait no longer."""
        found: list[LiveFinding] = []
        while self._due and self._due[0][0] <= now:
            *_, finding = heapq.heappop(self._due)
            since, patience = self._waits[finding]
            due = since + patience + self._blindness.milliseconds(since, now)
            if due > now:
                heapq.heappush(self._due, (due, next(self._order), finding))
            else:
                del self._waits[finding]
                found.append(finding)
        return found

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is."""
        waiting, self._waits, self._due = self._waits, {}, []
        for finding, (since, patience) in waiting.items():
            self.wait(finding, now, max(min(since + patience - now, CLOCK_MS), 0))
