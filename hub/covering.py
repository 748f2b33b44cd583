"""Which open findings have no ticket because a maintenance window or silence covers them, and what of it ends when.

A finding is covered or not as it opens, or begins to stand for itself. When its cover is over it gets its ticket once
it is seen still to fire: by a value newer than that, or after a while in any case. What happened under a cover, rather
than lasted, is over with it; whether it did says the time it happened, whenever it is heard of.
"""

from collections.abc import Mapping
from typing import Literal

from hub.blindness import Blindness
from hub.check import Check
from hub.cover import BEHIND_MS, NO_COVERS, Cover, Covers
from hub.fleet import LiveFinding, Site, Subject

GRACE_MS = 600_000
"""After so long without a fresh value, though it could have been heard, a finding whose cover is over stands all the
same."""

STANDS = frozenset({"opened", "promoted", "reopened", "explained"})
"""The changes after which a finding wants a ticket, or is another's consequence."""


class Covering:
    """The covers of the moment, and the findings they hold. Used by the engine's thread."""

    def __init__(self, sites: Mapping[str, Site], blindness: Blindness) -> None:
        self._sites = sites
        self._blindness = blindness
        self.covers: Covers = NO_COVERS
        self._held: dict[LiveFinding, None] = {}

    def hold(self, finding: LiveFinding) -> None:
        """After a rebuild: its cover is known."""
        self._held[finding] = None

    def settle(self, change: str, finding: LiveFinding, at: int) -> Cover | None:
        """Reckon with a change, before it is told. Returns a cover that is over with it: the ticket is due now."""
        over = None
        if change in STANDS:
            finding.cover = None if finding.explained else self._of(finding, self._began(finding, at))
        elif change == "relapsed" and finding.cover is not None:
            over, finding.cover = finding.cover, self._of(finding, self._began(finding, at))
        if finding.cover is not None and finding.life.state == "open":
            self._held[finding] = None
        else:
            self._held.pop(finding, None)
        return over if finding.cover is None else None

    def lifted(self, finding: LiveFinding, at: int) -> bool:
        """Whether it is covered, and would not be by what happens again at a time (ms UTC)."""
        return finding.cover is not None and self._of(finding, at) is None

    def over(self, now: int) -> list[tuple[Subject, LiveFinding, Literal["end", "stand"]]]:
        """What nothing covers any more: whether it ends with its cover, or stands for itself from now on. To be asked
        only while everything can be heard."""
        found: list[tuple[Subject, LiveFinding, Literal["end", "stand"]]] = []
        for finding in list(self._held):
            subject, check = self._known(finding)
            if subject is None or check is None or self._of(finding, now) is not None:
                continue
            if check.passing:
                found.append((subject, finding, "end"))
            elif finding.life.clearing is None and self._fresh(check, subject, finding, now):
                found.append((subject, finding, "stand"))
        return found

    def heard_since(self, cover: Cover, now: int) -> int:
        """For how long, since this cover's last time ended, anybody could be heard, ms; at most as far back as covers
        are known."""
        ended = self._ended(cover, now)
        return now - ended - self._blindness.milliseconds(ended, now)

    def _ended(self, cover: Cover, now: int) -> int:
        return max(self.covers.ended(cover, now), now - BEHIND_MS)

    def _of(self, finding: LiveFinding, at: int) -> Cover | None:
        """What covers this finding at a time (ms UTC), if anything."""
        subject, check = self._known(finding) if self.covers else (None, None)
        return self.covered(subject, check, at) if subject is not None and check is not None else None

    def covered(self, subject: Subject, check: Check, at: int) -> Cover | None:
        """What covers a device's findings of this rule at a time (ms UTC), if anything."""
        if not self.covers or check.rule.never_covered:
            return None
        chain = [subject.device, *(one.device for one in self._sites[subject.site].ancestors(subject))]
        return self.covers.find(subject.site, chain, check.rule.name, at)

    def _began(self, finding: LiveFinding, at: int) -> int:
        """The time that decides whether it is covered: of what happened when it did, else when it is found, `at`."""
        _, check = self._known(finding)
        if check is None or not check.passing:
            return at
        return finding.life.since if finding.happened is None else finding.happened

    def _known(self, finding: LiveFinding) -> tuple[Subject | None, Check | None]:
        """Its device and rule, where they are still known."""
        subject = self._sites[finding.site].devices.get(finding.device)
        return subject, subject.plan.checks.get(finding.rule) if subject is not None else None

    def _fresh(self, check: Check, subject: Subject, finding: LiveFinding, now: int) -> bool:
        """Whether what it fires upon is newer than its cover's end. Silence is fresh where nothing was missed for as
        long as it is borne: who could not be heard may be back."""
        if finding.cover is None:
            return True
        ended, heard = self._ended(finding.cover, now), self.heard_since(finding.cover, now)
        if check.rule.absence:
            patience = round(check.rule.patience(check.settings, subject.latest) * 1000)
            return not self._blindness.milliseconds(now - patience, now) or heard > max(patience, GRACE_MS)
        if heard > GRACE_MS:
            return True
        agent = self._sites[subject.site].agents.get(subject.agent)
        times = [subject.latest.time_of(metric) or 0 for metric in check.rule.wakes]
        return max(times) >= ended if times else agent is None or agent.mark >= ended
