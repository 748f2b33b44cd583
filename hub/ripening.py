"""Findings of what is told seldom: they open when their hold time has passed, though nothing new was told meanwhile.

What every minute is told anew holds by its samples; what a recorder is asked for every six hours would hold for six
hours then. The hold time of such rules is a wait for others, so that what several devices have in common is one ticket.
"""

import heapq
from collections.abc import Iterator, Mapping

from hub.check import Check
from hub.fleet import LiveFinding, Site, Subject

MAX_WAIT_MS = 3_600_000
"""After the hub's clock was set back."""

Key = tuple[str, str, str]
"""Site, device, rule."""


class Ripening:
    """When which of them is due, each once: no more entries than findings that are pending."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._sites = sites
        self._due: list[tuple[int, str, str, str]] = []
        self._awaited: set[Key] = set()

    @property
    def next_due(self) -> int | None:
        """When there is one to open, ms UTC on the hub's clock."""
        return self._due[0][0] if self._due else None

    def wait(self, check: Check, finding: LiveFinding, now: int) -> None:
        """It began to be pending, or was found so after a rebuild: then it waits again."""
        key = finding.site, finding.device, finding.rule
        if check.rule.seldom and key not in self._awaited:
            self._awaited.add(key)
            heapq.heappush(self._due, (now + check.holds.hold, *key))

    def ripe(self, now: int) -> Iterator[tuple[Check, Subject, LiveFinding]]:
        """Those that are still pending now that their time has come."""
        while self._due and self._due[0][0] <= now:
            _, *key = heapq.heappop(self._due)
            site, device, rule = key
            self._awaited.discard((site, device, rule))
            subject = self._sites[site].devices.get(device) if site in self._sites else None
            finding = subject.findings.get(rule) if subject else None
            check = subject.plan.checks.get(rule) if subject else None
            if subject is None or finding is None or check is None or finding.life.state != "pending":
                continue  # it has gone meanwhile, or is open
            yield check, subject, finding

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is: who waits, waits no longer than from now on."""
        self._due = sorted((min(due, now + MAX_WAIT_MS), site, device, rule) for due, site, device, rule in self._due)
