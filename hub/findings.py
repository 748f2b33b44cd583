"""Every live finding: it opens, is explained by another, comes back, closes; and what changed, in order."""

import heapq
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from hub.blindness import Blindness
from hub.causes import STAND_MS, Causes, patience
from hub.check import Check
from hub.cover import Cover, Covers
from hub.covering import Covering
from hub.finding import Change, Life, advance
from hub.fleet import LiveFinding, Site, Subject
from hub.grouping import Groups
from hub.lapsed import Lapsed
from hub.occurrence import quiet
from hub.recovering import Recovering
from hub.ripening import Ripening
from hub.rule import Judgement, Occurrence, Severity, Together

News = Change | Literal["promoted", "explained", "reopened", "worsened", "amended"]


class Transition(NamedTuple):
    """Something that happened to a finding, and how it stood right then: a batch may hold several of one finding.

    `promoted`: its cause, or what covered it, is gone, it stands for itself now. `explained`: it was its own ticket, or
    another's consequence, and is the consequence of `cause` now. `reopened`: closed only lately, it is back.
    `worsened`: it is graver than it was. `amended`: it tells of less than it did.
    """

    change: News
    finding: LiveFinding
    at: int
    life: Life
    severity: Severity
    detail: Mapping[str, float | str | bool | list[str] | None]
    cause: LiveFinding | None
    """What explains it, or did until lately."""
    flaps: int
    returned: int | None
    cover: Cover | None = None
    """What keeps it from having a ticket."""
    why: str = ""
    """As the finding's."""
    over: Cover | None = None
    """Of what is `promoted`: what kept it from having a ticket until now."""


class Findings:
    """The findings of all sites. `now` is the hub's clock, as of the newest message or moment of time; ms UTC."""

    def __init__(self, sites: Mapping[str, Site], blindness: Blindness) -> None:
        self.sites = sites
        self.blindness = blindness
        self.transitions: list[Transition] = []
        self.now = 0
        self.groups = Groups(sites, self)
        self.covering = Covering(sites, blindness)
        self._ripening = Ripening(sites)
        self._quiet: list[tuple[int, str, str, str]] = []
        self._awaited: set[tuple[str, str, str]] = set()
        """What is in it, once each."""
        self._recovering = Recovering(blindness)
        self.lapsed = Lapsed()
        self._causes = Causes(sites, blindness, self.lapsed)

    # --- from judgements ---

    def apply(
        self,
        check: Check,
        subject: Subject,
        judgement: Judgement,
        at: int,
        before: int | None,
        began: int | None = None,
    ) -> None:
        """Let a finding live on by one judgement. `began`: when what is judged began, where that is known better."""
        name = check.rule.name
        finding = subject.findings.get(name)
        holds = check.holds if finding is None else check.holds_after(finding.flaps)
        pace = 0 if finding is None else finding.pace
        life, change = advance(finding.life if finding else None, judgement, at, before, holds, pace)
        if life is None:
            return
        if change == "opened":
            life = life if began is None else replace(life, since=began)
            self.open(check, subject, life, judgement.detail, at, judgement.severity)
            return
        if finding is None:
            finding = subject.findings[name] = self._new(check, subject, life, judgement.detail)
        finding.life, finding.pace = life, 0 if before is None else at - before
        if change in ("pending", "relapsed"):
            finding.detail = judgement.detail
        if change == "pending" and check.rule.seldom:
            finding.severity = judgement.severity or check.settings.severity
            self._ripening.wait(check, finding, self.now)
        if change is not None:
            self._change(subject, finding, change, at)
        if life.state == "open" and judgement.severity is not None:
            self._worsen(finding, judgement, judgement.severity, at)

    def _worsen(self, finding: LiveFinding, judgement: Judgement, severity: Severity, at: int) -> None:
        """The same fault, graver than before: people see it as it is now."""
        if severity.rank > finding.severity.rank:
            finding.severity, finding.detail = severity, judgement.detail
            self.note("worsened", finding, at)

    def hold(self, check: Check, subject: Subject, since: int, detail: Mapping[str, Any], at: int) -> None:
        """What would open now has to wait."""
        if check.rule.name not in subject.findings:
            finding = self._new(check, subject, Life("pending", since), detail)
            subject.findings[finding.rule] = finding
            self._change(subject, finding, "pending", at)

    def open(
        self,
        check: Check,
        subject: Subject,
        life: Life,
        detail: Mapping[str, Any],
        at: int,
        severity: Severity | None = None,
    ) -> None:
        """A finding opens: after its group's, where it is one of many, and as itself again where it is back.

        `severity`: where it is not the settings'.
        """
        lately = self._causes.lately(check, subject, life.since, at)
        if lately is None:
            self.groups.gather(check, subject, life.since, at)
        name, change = check.rule.name, "opened"
        finding, lapsed = subject.findings.get(name), self.lapsed.back(check, subject, life.since)
        if lapsed is not None:
            if finding is not None:  # pending under a number of its own
                finding.life = replace(finding.life, state="dropped")
                self.note("dropped", finding, at)
            finding, change, lapsed.returned = lapsed, "reopened", life.since
            finding.flaps += 1
            life = replace(lapsed.life, state="open", clearing=None, closed=None)
        elif finding is None:
            finding = self._new(check, subject, life, detail)
        finding.life, finding.detail, finding.why = life, detail, ""
        finding.severity = severity or check.settings.severity
        subject.findings[name] = finding
        finding.cause = self._causes.nearest(check, subject, finding) or self._causes.ended(check, subject, finding)
        if finding.cause is None and lately is not None:
            finding.cause = lately.cause or lately
            since = self.now - max(at - (lately.life.closed or at), 0)
            self._recovering.wait(finding, since, patience(check, finding))
        finding.for_good = finding.cause is not None and check.aftermath
        self._change(subject, finding, "reopened" if change == "reopened" else "opened", at)
        for other in self._causes.consequences(check, subject, finding):
            self._explain(self.sites[subject.site], other, finding.root, at)

    def renew(
        self, subject: Subject, finding: LiveFinding, life: Life, detail: Mapping[str, Any], happened: int, at: int
    ) -> None:
        """What an event raised has happened again, and is heard of `at`."""
        finding.life, finding.detail, finding.happened = life, detail, happened
        self._change(subject, finding, "relapsed", at)
        if finding.for_good and finding.cause is not None and finding.cause.life.state != "open":
            check = subject.plan.checks.get(finding.rule)  # this time is not that fault's end any more
            finding.cause = self._causes.nearest(check, subject, finding) if check else None
            finding.for_good = False
            self.note("explained" if finding.explained else "promoted", finding, at)

    def amend(self, finding: LiveFinding, detail: Mapping[str, Any], at: int) -> None:
        """Part of what it tells of is over."""
        finding.detail = detail
        self.note("amended", finding, at)

    def end(self, subject: Subject, finding: LiveFinding, now: int, *, lapse: bool = False, why: str = "") -> None:
        """Close a finding: its rule or device is no longer there, or (`lapse`) it may come back."""
        ended: Literal["closed", "dropped"] = "closed" if finding.life.state == "open" else "dropped"
        finding.life, finding.why = replace(finding.life, state=ended, clearing=None, closed=now), why
        self._change(subject, finding, ended, now, lapse=lapse)

    def _new(self, check: Check, subject: Subject, life: Life, detail: Mapping[str, Any]) -> LiveFinding:
        return LiveFinding(subject.site, subject.device, check.rule.name, check.settings.severity, life, detail)

    def _change(self, subject: Subject, finding: LiveFinding, change: News, at: int, *, lapse: bool = True) -> None:
        self.note(change, finding, at)
        check = subject.plan.checks.get(finding.rule)
        if change in ("closed", "dropped"):
            subject.findings.pop(finding.rule, None)
            if change == "closed" and lapse and check is not None and not check.passing:
                self.lapsed.remember(finding, self.now + round(check.settings.flap_seconds * 1000))
            if change == "closed" and (check is None or check.rule.may_explain):
                self._release(finding)
        elif check is not None and (check.passing or change == "clearing"):
            self._await_quiet(check, finding)
        self.groups.review(subject, finding.rule, at)

    def note(self, change: News, finding: LiveFinding, at: int, over: Cover | None = None) -> None:
        """One thing more to write down."""
        ended = self.covering.settle(change, finding, at)
        as_it_is = (finding.life, finding.severity, finding.detail, finding.cause, finding.flaps, finding.returned)
        self.transitions.append(Transition(change, finding, at, *as_it_is, finding.cover, finding.why, over))
        if ended is not None:
            self.note("promoted", finding, at, ended)

    def cover(self, covers: Covers, now: int) -> None:
        """What maintenance windows and silences cover from now on; what they no longer cover stands for itself, once
        it can be heard whether it is over."""
        self.covering.covers = covers
        if self.blindness.current is not None:
            return
        for subject, finding, fate in self.covering.over(now):
            if fate == "end":
                self.end(subject, finding, now)
            elif not finding.explained:
                self._uncover(subject, finding, now)

    def _uncover(self, subject: Subject, finding: LiveFinding, now: int) -> None:
        """It has its ticket now; or the group has that it is part of with others that are covered no longer."""
        over, finding.cover = finding.cover, None
        self.groups.gather(subject.plan.checks[finding.rule], subject, finding.began, now)
        if not finding.explained:
            self.note("promoted", finding, now, over)

    # --- causes ---

    def _explain(self, place: Site, finding: LiveFinding, cause: LiveFinding, at: int) -> None:
        finding.cause = cause
        self.note("explained", finding, at)
        for other in place.live():
            if other.cause is finding:
                other.cause = cause
                self.note("explained", other, at)

    def _release(self, gone: LiveFinding) -> None:
        """What it explained, and what it led to its own cause, has its time to go."""
        place = self.sites[gone.site]
        for below in place.devices.values():
            for other in below.findings.values():
                if other.cause is None or other.for_good or other is gone:
                    continue
                led = other.cause is gone.cause and any(one.device == gone.device for one in place.ancestors(below))
                if led or other.cause is gone:
                    self._await_standing(other)

    def rearranged(self, place: Site) -> None:
        """What hangs on what has changed: what explained a finding may no longer."""
        for finding in place.live():
            if finding.cause is not None and not finding.for_good and finding not in self._recovering:
                self._await_standing(finding)

    def _await_standing(self, finding: LiveFinding) -> None:
        check = self.sites[finding.site].devices[finding.device].plan.checks.get(finding.rule)
        self._recovering.wait(finding, self.now, patience(check, finding))

    def _stand(self, now: int) -> None:
        """What still fires though its cause is long gone stands for itself, or for what is above it now: for a group,
        where others of it were left as well."""
        due = [f for f in self._recovering.over(now) if f.life.state == "open" and f.cause is not None]
        places = [(self.sites[f.site], self.sites[f.site].devices[f.device], f) for f in due if not f.for_good]
        for _, subject, finding in sorted(places, key=lambda one: sum(1 for _ in one[0].ancestors(one[1]))):
            check = subject.plan.checks.get(finding.rule)
            if finding.life.clearing is not None and check is not None and not check.passing:
                self._await_standing(finding)  # most likely it is about to close
                continue
            causes = list(self._causes.all(check, subject, finding)) if check is not None else []
            if finding.explained and finding.cause in causes:
                continue
            finding.cause = next(iter(causes), None)
            if finding.cause is None and check is not None:
                self.groups.gather(check, subject, finding.began, now)
                if finding.explained:
                    continue
            self.note("explained" if finding.explained else "promoted", finding, now)

    # --- time ---

    def resume(self, finding: LiveFinding) -> None:
        """After a rebuild: wait on for what time alone brings about."""
        check = self.sites[finding.site].devices[finding.device].plan.checks.get(finding.rule)
        if check is not None:
            self._resume_quiet(check, finding)
        if check is not None and finding.life.state == "pending":
            self._ripening.wait(check, finding, self.now)
        if finding.cause is not None and not finding.for_good:  # explained as yet: by what an older hub thought, too
            self._await_standing(finding)

    def _resume_quiet(self, check: Check, finding: LiveFinding) -> None:
        """A quiet that is the hub's to time has not begun in the future, whatever its clock said then."""
        if finding.life.clearing is not None and (check.passing or isinstance(check.rule.condition, Together)):
            finding.life = replace(finding.life, clearing=min(finding.life.clearing, self.now))
            self._await_quiet(check, finding)

    def _await_quiet(self, check: Check, finding: LiveFinding) -> None:
        """Look at a finding again when it could close, if it closes without being judged: an event's or a group's."""
        key = finding.site, finding.device, finding.rule
        if key not in self._awaited and (check.passing or isinstance(check.rule.condition, Together)):
            self._awaited.add(key)
            heapq.heappush(self._quiet, (quiet(finding.life, 0, check.holds_after(finding.flaps).clear), *key))

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to do next, ms UTC."""
        heads = (self._quiet[0][0] if self._quiet else None, self._recovering.next_due, self._ripening.next_due)
        return min((head for head in heads if head is not None), default=None)

    def tick(self, now: int) -> None:
        """Time has passed in which everything could be heard."""
        self._end_quiet(now)
        self._stand(now)
        for check, subject, finding in self._ripening.ripe(now):
            life = replace(finding.life, state="open", opened=now)
            self.open(check, subject, life, finding.detail, now, finding.severity)
        self.lapsed.forget(now)

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is."""
        self.now = now
        self._recovering.clock_set_back(now)
        self._ripening.clock_set_back(now)
        self.lapsed.clock_set_back(now)
        self._quiet, self._awaited = [], set()
        for place in self.sites.values():
            for subject in place.devices.values():
                for finding in subject.findings.values():
                    check = subject.plan.checks.get(finding.rule)
                    if check is not None:
                        self._resume_quiet(check, finding)

    def _end_quiet(self, now: int) -> None:
        while self._quiet and self._quiet[0][0] <= now:
            _, *key = heapq.heappop(self._quiet)
            site, device, rule = key
            self._awaited.discard((site, device, rule))
            subject = self.sites[site].devices.get(device)
            finding = subject.findings.get(rule) if subject else None
            check = subject.plan.checks.get(rule) if subject else None
            if subject is None or finding is None or check is None or (finding.life.clearing is None):
                continue  # its device or rule has gone meanwhile, or the group's condition is back
            clear = check.holds_after(finding.flaps).clear
            left = quiet(finding.life, now, clear)
            left += self.blindness.milliseconds(now + left - clear, now)  # what can't be heard is not quiet
            if left <= 0 and _lasts(check, subject):
                finding.life, left = replace(finding.life, clearing=now), clear or STAND_MS
            if left <= 0:
                self.end(subject, finding, now, lapse=not check.passing)
            else:
                self._awaited.add((site, device, rule))
                heapq.heappush(self._quiet, (now + left, site, device, rule))


def _lasts(check: Check, subject: Subject) -> bool:
    """Whether what an event raised is seen to last."""
    condition = check.rule.condition
    told = subject.latest.get(condition.lasting) if isinstance(condition, Occurrence) and condition.lasting else None
    return told is not None and told.value >= 0.5
