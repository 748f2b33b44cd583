"""Things that happen instead of lasting: events, and facts that change. What they raise closes after a quiet."""

from collections.abc import Mapping
from typing import Any

from hub.check import Check
from hub.findings import Findings
from hub.fleet import Subject
from hub.occurrence import LATE_MS, Count, happened, joined, matches, without
from hub.rule import Occurrence


class Happenings:
    """Judges them, and remembers those that count only in numbers."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._counts: dict[tuple[str, str, str], Count] = {}

    def happen(self, subject: Subject, event: str, data: Mapping[str, Any], at: int, received: int) -> None:
        """An event that has never been judged before: `at` its corrected time, `received` the hub's, both ms UTC."""
        late = received - at > LATE_MS
        for check, wanted in subject.plan.events.get(event, ()):
            if not matches(wanted, data) or (late and not wanted.late) or wanted.unless(data, check.settings, at):
                continue
            detail = {**data, "case": "late"} if late else dict(data)
            if wanted.count is not None:
                detail["count"] = number = self._count(check, subject, min(at, received))
                if number < wanted.count(check.settings)[0]:
                    continue
            self._occur(check, subject, detail, at, received)
        for check, wanted in subject.plan.ends.get(event, ()):
            finding = subject.findings.get(check.rule.name)
            if finding is None:
                continue
            left = without(finding.detail, wanted.by, data)
            if left is None:
                self._findings.end(subject, finding, received)
            elif left != finding.detail:
                self._findings.amend(finding, left, received)

    def recall(self, subject: Subject, event: str, data: Mapping[str, Any], at: int) -> None:
        """After a rebuild: an event that was judged before."""
        for check, wanted in subject.plan.events.get(event, ()):
            if wanted.count is not None and matches(wanted, data) and not wanted.unless(data, check.settings, at):
                self._count(check, subject, at)

    def changed(self, subject: Subject, before: Mapping[str, Any], now: int) -> None:
        """Its facts are others than before, perhaps."""
        for check, wanted in subject.plan.changes:
            old, new = before.get(wanted.fact), subject.facts.get(wanted.fact)
            if old is not None and new is not None and old != new:
                self._occur(check, subject, {"before": old, "after": new}, now, now)

    def forget(self, subject: Subject) -> None:
        """The device is gone."""
        for key in [key for key in self._counts if key[:2] == (subject.site, subject.device)]:
            del self._counts[key]

    def _count(self, check: Check, subject: Subject, at: int) -> int:
        condition: Any = check.rule.condition
        number, within = condition.count(check.settings)
        key = subject.site, subject.device, check.rule.name
        counted = self._counts.setdefault(key, Count())
        return counted.add(at, number, round(within * 1000))

    def _occur(self, check: Check, subject: Subject, detail: Mapping[str, Any], at: int, received: int) -> None:
        finding = subject.findings.get(check.rule.name)
        if finding is None:
            life, _ = happened(None, at, received)
            self._findings.open(check, subject, life, detail, received)
            return
        condition, began, news = check.rule.condition, min(at, received), False
        if isinstance(condition, Occurrence) and condition.by:
            told = joined(finding.detail, condition.by, detail)
            detail, news = told, told.get(condition.by) != finding.detail.get(condition.by)
        news = news or self._findings.covering.lifted(finding, began)
        life, change = happened(finding.life, at, received, news=news)
        if change is not None:
            self._findings.renew(subject, finding, life, detail, began, received)
