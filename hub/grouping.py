"""Findings of many children of one parent that began together: one finding of the parent's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hub.check import Check
from hub.finding import Life
from hub.fleet import Site, Subject
from hub.rule import Judgement, Together
from wire.messages import DeviceKind

if TYPE_CHECKING:
    from hub.findings import Findings


class Groups:
    """Looks at what the children of a device have in common. Holds no state: the findings are all there is to know."""

    def __init__(self, sites: Mapping[str, Site], findings: "Findings") -> None:
        self._sites = sites
        self._findings = findings

    def gather(self, check: Check, subject: Subject, since: int, at: int) -> None:
        """A child's finding, begun `since`, is about to open: does it complete a group? Then the parent's opens. What a
        maintenance window or silence covers is no part of one."""
        if self._covered(subject, check, at):
            return
        for parent, group, condition in self._above(subject, check.rule.name):
            if group.rule.name in parent.findings:
                continue
            begun, of = self._begun(parent, condition, subject, since, at)
            together = _together(begun, since, condition.levels(group.settings)[2])
            if _enough(len(together), of, condition.levels(group.settings)):
                life = Life("open", since=min(together), opened=at)
                self._findings.open(group, parent, life, {"number": len(together), "of": of}, at)

    def joining(self, check: Check, subject: Subject, since: int) -> Sequence[Subject]:
        """Children without a finding that were heard last no later than with this one, and could complete a group."""
        now = self._findings.now
        for parent, group, condition in self._above(subject, check.rule.name):
            if group.rule.name in parent.findings or self._covered(subject, check, now):
                return ()
            levels = condition.levels(group.settings)
            begun, of = self._begun(parent, condition, subject, since, now)
            together = _together(begun, since, levels[2])
            place = self._sites[subject.site]
            silent = [
                child
                for child in place.members(parent)
                if child is not subject
                and child.device in place.agents
                and place.agents[child.device].heard <= since + levels[2] * 1000
                and any(
                    one.rule.name in condition.rules and not self._covered(child, one, now)
                    for one in child.plan.absence
                )
                and condition.rules.isdisjoint(child.findings)
            ]
            if not _enough(len(together), of, levels) and _enough(len(together) + len(silent), of, levels):
                return silent
        return ()

    def review(self, subject: Subject, rule: str, at: int) -> None:
        """A child's finding has changed: are there still enough?"""
        for parent, group, condition in self._above(subject, rule):
            self._recount(parent, group, condition, at)

    def review_all(self, site: Site, at: int) -> None:
        """What hangs on what has changed."""
        for parent in site.devices.values():
            if parent.findings:
                for group, condition in parent.plan.groups:
                    self._recount(parent, group, condition, at)

    def _recount(self, parent: Subject, group: Check, condition: Together, at: int) -> None:
        if group.rule.name not in parent.findings:
            return
        number, left = condition.levels(group.settings)[0], 0
        for child in self._sites[parent.site].members(parent):
            left += any(f.rule in condition.rules and f.life.clearing is None for f in child.findings.values())
            if left >= number:
                break
        judgement = Judgement("firing" if left >= number else "clear")
        self._findings.apply(group, parent, judgement, at, at)

    def _above(self, subject: Subject, rule: str) -> Iterator[tuple[Subject, Check, Together]]:
        """The parents of this device that group findings of this rule, and by what."""
        place = self._sites[subject.site]
        whole = place.whole if subject.kind is DeviceKind.AGENT else None
        for parent in (*place.holders(subject), *([whole] if whole is not None else [])):
            if parent.plan.groups:
                for group, condition in parent.plan.groups:
                    if rule in condition.rules:
                        yield parent, group, condition

    def _begun(
        self, parent: Subject, condition: Together, subject: Subject, since: int, at: int
    ) -> tuple[list[int], int]:
        """When each child's finding began (of several the one nearest to `since`), and how many children there are.
        Those that are covered count as neither, one that is about to close as well."""
        begun, of = [since], 0
        for child in self._sites[parent.site].members(parent):
            rules = [name for name in condition.rules if name in child.plan.checks]
            rules = [name for name in rules if not self._covered(child, child.plan.checks[name], at)]
            of += bool(rules)
            found = [child.findings[name] for name in rules if name in child.findings]
            times = [finding.began for finding in found if finding.life.clearing is None]
            if times and child is not subject:
                begun.append(min(times, key=lambda began: abs(began - since)))
        return begun, of

    def _covered(self, child: Subject, check: Check, at: int) -> bool:
        finding = child.findings.get(check.rule.name)
        held = finding is not None and finding.cover is not None
        return held or self._findings.covering.covered(child, check, at) is not None


def _together(begun: Sequence[int], since: int, within: float) -> list[int]:
    """The most of these times (ms) that lie within so many seconds and `since` among them."""
    span = within * 1000
    near = sorted(time for time in begun if abs(time - since) <= span)
    groups = [[time for time in near if first <= time <= first + span] for first in near if first <= since]
    return max((group for group in groups if group[-1] >= since), key=len)


def _enough(number: int, of: int, levels: tuple[int, float, float]) -> bool:
    return number >= levels[0] and number >= levels[1] * of
