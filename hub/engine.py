"""Judges samples and silence by the rules, and says what changed. Holds state in memory, touches no database.

Whoever calls it commits the transitions in one SQL transaction with the agents' marks; when that fails, the engine is
thrown away and rebuilt from what is committed (`hub/rebuild.py`). It never needs to take anything back.
"""

import heapq
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from hub.blindness import Blindness
from hub.check import Check, compile_check, watch
from hub.finding import Change, Life, advance
from hub.fleet import AgentState, KnownValues, LiveFinding, Site, Subject
from hub.occurrence import LATE_MS, happened, matches, quiet
from hub.rule import UNKNOWN, Judgement, Occurrence, Rule, Settings, Snapshot
from hub.series.store import Point, Value
from wire.messages import Device, DeviceKind, Report

log = logging.getLogger(__name__)

AHEAD_MS = 300_000
"""How far past the hub's clock a sample is judged; it is stored at its own time."""

SKEW_MS = 120_000
"""A report that claims to be sent later than this after it came was sent by a clock that is ahead."""

REACH_MS = 60_000
"""How much older than its report a sample may be and still be judged after the clock was set back."""

STALE_MS = 86_400_000
"""How much older than its agent's newest report a sample may be and still be judged."""

CLOCK_STEP_MS = 2000
"""A report made later whose clock reads this much earlier than the one before was made after the clock was set back."""


class Transition(NamedTuple):
    """Something that happened to a finding, and how it stood right then: a batch may hold several of one finding.

    `promoted`: its cause is gone, it stands for itself now.
    """

    change: Change | Literal["promoted"]
    finding: LiveFinding
    at: int
    life: Life
    detail: Mapping[str, float | str | bool | None]
    cause: LiveFinding | None


class Taken(NamedTuple):
    """What became of an inventory: devices taken, and ids of those that vanished or were not taken, and why."""

    accepted: list[Device]
    vanished: list[str]
    conflicts: list[str]
    """Claimed by another agent."""
    unknown_kinds: list[str]
    """Of a kind that a later version of the wire may know."""


class Engine:
    """All sites of one hub. Used by one thread."""

    def __init__(self, rules: Mapping[str, Rule], settings: Mapping[str, Settings], blindness: Blindness) -> None:
        self.sites: dict[str, Site] = {}
        self.blindness = blindness
        self.transitions: list[Transition] = []
        self._checks = {
            name: compile_check(rule, settings[name]) for name, rule in rules.items() if settings[name].enabled
        }
        self._absence = [check for check in self._checks.values() if check.rule.absence]
        self._broken: set[str] = set()
        self._before: dict[Subject, KnownValues] = {}
        self._due: list[tuple[int, str, str]] = []
        self._quiet: list[tuple[int, str, str, str]] = []
        conditions = [check.rule.condition for check in self._checks.values()]
        self.events = {condition.event for condition in conditions if isinstance(condition, Occurrence)}
        """The types of events that some rule looks at."""

    def take_transitions(self) -> list[Transition]:
        """What has happened since the last call."""
        taken, self.transitions = self.transitions, []
        return taken

    # --- who there is ---

    def hear(self, site: str, agent: str, now: int) -> AgentState:
        """A message of this agent has come in. Ends its silence; makes it known when it is new."""
        place = self.sites.get(site)
        if place is None:
            place = self.sites[site] = Site()
        state = place.agents.get(agent)
        if state is None:
            state = place.agents[agent] = AgentState(site, agent, now)
        state.heard = now
        subject = place.devices.get(agent)
        if subject is None or subject.agent != agent:
            if subject is not None:  # an agent's own id is its own, whoever named a device so before
                self._retire(subject, now)
            subject = self.add_subject(Subject(site, agent, DeviceKind.AGENT, agent))
        if subject.findings and any(check.rule.name in subject.findings for check in self._absence):
            self._judge_absence(state, subject, now)
        self._schedule(state)
        return state

    def known_agents(self, site: str) -> Collection[str]:
        """The agents ever heard at a site."""
        place = self.sites.get(site)
        return place.agents.keys() if place else ()

    def add_subject(self, subject: Subject) -> Subject:
        """Make a device known, with the checks that its kind and facts call for."""
        by_metric: dict[str, list[Check]] = {}
        by_event: dict[str, list[tuple[Check, Occurrence]]] = {}
        for check in self._checks.values():
            rule = check.rule
            if subject.kind in rule.kinds and not rule.absence and rule.applies(subject.facts):
                if isinstance(rule.condition, Occurrence):
                    by_event.setdefault(rule.condition.event, []).append((check, rule.condition))
                for metric in rule.wakes:
                    by_metric.setdefault(metric, []).append(check)
                    if rule.lookback_seconds:
                        subject.windows.setdefault(metric, deque())
        subject.checks = {metric: watch(metric, checks) for metric, checks in by_metric.items()}
        subject.occurrences = by_event
        self.sites.setdefault(subject.site, Site()).devices[subject.device] = subject
        return subject

    def inventory(self, state: AgentState, devices: Sequence[Device], now: int) -> Taken:
        """Take over an agent's whole inventory."""
        place = self.sites[state.site]
        taken = Taken([], [], [], [])
        for device in devices:
            known = place.devices.get(device.device)
            foreign = known is not None and known.agent != state.agent
            posing = device.kind == DeviceKind.AGENT and device.device != state.agent
            if not isinstance(device.kind, DeviceKind):
                taken.unknown_kinds.append(device.device)
            elif foreign or posing:
                taken.conflicts.append(device.device)
            else:
                taken.accepted.append(device)
                self._update_subject(state, device, device.kind, now)
        present = {device.device for device in taken.accepted} | {state.agent}
        taken.vanished.extend(
            d.device for d in place.devices.values() if d.agent == state.agent and d.device not in present
        )
        for name in taken.vanished:
            self._retire(place.devices.pop(name), now)
        return taken

    def _update_subject(self, state: AgentState, device: Device, kind: DeviceKind, now: int) -> None:
        old = self.sites[state.site].devices.get(device.device)
        if old is None or old.kind != kind:
            if old is not None:
                self._retire(old, now)
            old = Subject(state.site, device.device, kind, state.agent)
        old.parent, old.facts = device.parent, device.facts
        self.add_subject(old)
        ended = [f for f in old.findings.values() if not self._applies(f.rule, old)]
        for finding in ended:
            self._end(old, finding, now)

    def _applies(self, rule: str, subject: Subject) -> bool:
        check = self._checks.get(rule)
        return check is not None and subject.kind in check.rule.kinds and check.rule.applies(subject.facts)

    def close_orphans(self, now: int) -> None:
        """After a rebuild: end findings whose rule was removed or switched off, or whose device is retired."""
        for place in self.sites.values():
            for subject in list(place.devices.values()):
                for finding in list(subject.findings.values()):
                    if not subject.agent or not self._applies(finding.rule, subject):
                        self._end(subject, finding, now)
                if not subject.agent:
                    del place.devices[subject.device]

    def _retire(self, subject: Subject, now: int) -> None:
        for finding in list(subject.findings.values()):
            self._end(subject, finding, now)

    def _end(self, subject: Subject, finding: LiveFinding, now: int) -> None:
        """Close a finding whose rule or device is no longer there."""
        ended: Literal["closed", "dropped"] = "closed" if finding.life.state == "open" else "dropped"
        finding.life = replace(finding.life, state=ended, clearing=None, closed=now)
        self._change(subject, finding, ended, now)

    # --- samples ---

    def clock_order(self, state: AgentState, report: Report, received: int) -> None:
        """Notice a clock that was set back, lest everything look late until it catches up with itself.

        Within one boot the monotonic clock tells; across a reboot, a clock that was ahead of ours and no longer is.
        """
        offset = report.offset.ms
        sent = report.sent + (round(offset) if offset is not None else 0)
        newer = state.boot == report.boot and report.mono > state.mono
        righted = state.boot != report.boot and sent <= received + SKEW_MS < state.sent
        back = sent < state.sent - CLOCK_STEP_MS and (newer or righted)
        if back:
            for subject in self.sites[state.site].devices.values():
                if subject.agent == state.agent:
                    self._remember(subject)
                    subject.latest = subject.latest.no_later(sent - REACH_MS)
            state.mark, state.floor = min(state.mark, sent - REACH_MS), min(state.floor, sent - REACH_MS)
        if newer or back or (state.boot != report.boot and sent >= state.sent):
            state.boot, state.mono, state.sent = report.boot, report.mono, sent
            state.offset_ms, state.offset_source = None if offset is None else round(offset), report.offset.source

    def observe(self, state: AgentState, point: Point, subject: Subject, received: int) -> None:
        """Samples of one device at one corrected time. What is not newer than what was seen is late: not judged.

        What claims to be later than its agent's newest report was made before the agent's clock was set back: late too.
        And a backlog of days opens no tickets about days ago.
        """
        at, latest = point.at, subject.latest
        if not state.sent - STALE_MS <= at <= state.sent + CLOCK_STEP_MS:
            return
        if at < received - STALE_MS and state.offset_ms is not None:
            return  # nor one that comes before anything live, where the agent's time was measured and can be believed
        news: Mapping[str, float] = point.values
        if at > latest.at:  # nearly always: all of it is news
            self._remember(subject)
            subject.latest = latest.then(at, news)
        else:
            news = {name: value for name, value in news.items() if at > (latest.time_of(name) or 0)}
            if not news:
                return
            self._remember(subject)
            subject.latest = latest.beside(at, news)
        if at <= state.floor:
            return
        state.mark = max(state.mark, at)
        if subject.windows:
            self._extend_windows(subject, at, news)
        # Times of a clock that is far ahead are of no use to people: findings begin when the hub was told.
        judged, findings = min(at, received + AHEAD_MS), subject.findings
        for metric, (low, high, checks) in subject.checks.items():
            value = news.get(metric)
            if value is not None and (findings or not low < value < high):
                for check in checks:
                    self._judge(check, subject, metric, value, judged, latest.time_of(metric))

    # --- events ---

    def happen(self, site: str, device: str, event: str, data: Mapping[str, Any], at: int, received: int) -> None:
        """An event that has never been judged before: `at` its corrected time, `received` the hub's, both ms UTC."""
        subject = self.sites[site].devices.get(device)
        late = received - at > LATE_MS
        for check, wanted in subject.occurrences.get(event, ()) if subject else ():
            if subject is not None and matches(wanted, data) and (wanted.late or not late):
                self._occur(check, subject, {**data, "case": "late"} if late else data, at, received)

    def _occur(self, check: Check, subject: Subject, detail: Mapping[str, Any], at: int, received: int) -> None:
        name = check.rule.name
        finding = subject.findings.get(name)
        life, change = happened(finding.life if finding else None, at, received)
        if finding is None:
            finding = LiveFinding(subject.site, subject.device, name, check.settings.severity, life, {})
            subject.findings[name] = finding
            finding.cause = self._cause(subject)
        finding.life = life
        if change is None:
            return
        finding.detail = detail
        self._change(subject, finding, change, received)
        self.await_quiet(finding)

    def await_quiet(self, finding: LiveFinding) -> None:
        """Look at a finding again when it could close, if it is an event's."""
        check = self._checks.get(finding.rule)
        if check is not None and isinstance(check.rule.condition, Occurrence):
            due = quiet(finding.life, 0, check.holds.clear)
            heapq.heappush(self._quiet, (due, finding.site, finding.device, finding.rule))

    def _end_quiet(self, now: int) -> None:
        while self._quiet and self._quiet[0][0] <= now:
            _, site, device, rule = heapq.heappop(self._quiet)
            subject = self.sites[site].devices.get(device)
            finding = subject.findings.get(rule) if subject else None
            if subject is None or finding is None:
                continue  # its device or rule has gone meanwhile
            clear = self._checks[rule].holds.clear
            left = quiet(finding.life, now, clear)
            left += self.blindness.milliseconds(now + left - clear, now)  # what can't be heard is not quiet
            if left <= 0:
                self._end(subject, finding, now)
            else:
                heapq.heappush(self._quiet, (now + left, site, device, rule))

    # --- a batch that fails ---

    def begin_batch(self) -> None:
        """From now on, remember the values that were known before."""
        self._before = {}

    def values(self) -> dict[tuple[str, str], KnownValues]:
        """(site, device) → the newest values and windows."""
        return {
            (site, name): KnownValues(subject.kind, subject.latest, subject.windows)
            for site, place in self.sites.items()
            for name, subject in place.devices.items()
        }

    def values_before_batch(self) -> dict[tuple[str, str], KnownValues]:
        """The same, as they were when the batch began."""
        before = {(subject.site, subject.device): known for subject, known in self._before.items()}
        return self.values() | before

    def _remember(self, subject: Subject) -> None:
        if subject not in self._before:
            windows = {metric: deque(window) for metric, window in subject.windows.items()} if subject.windows else {}
            self._before[subject] = KnownValues(subject.kind, subject.latest, windows)

    def _extend_windows(self, subject: Subject, at: int, news: Mapping[str, float]) -> None:
        for metric, window in subject.windows.items():
            if metric in news:
                window.append(Value(at, news[metric]))
                horizon = at - max(check.rule.lookback_seconds for check in subject.checks[metric].checks) * 1000
                while window and window[0].at <= horizon:
                    window.popleft()

    def _judge(self, check: Check, subject: Subject, metric: str, value: float, at: int, before: int | None) -> None:
        if check.threshold:
            firing = value >= check.raise_at if check.above else value <= check.raise_at
            if firing:
                judgement = Judgement("firing", {metric: value})
            elif check.rule.name not in subject.findings:
                return
            elif value <= check.clear_at if check.above else value >= check.clear_at:
                judgement = Judgement("clear")
            else:
                return
        else:
            judgement = self._call(check, subject, at)
            if judgement.verdict != "firing" and check.rule.name not in subject.findings:
                return
        self._apply(check, subject, judgement, at, before)

    def _call(self, check: Check, subject: Subject, now: int, unheard_ms: int = 0) -> Judgement:
        condition: Any = check.rule.condition
        snapshot = Snapshot(
            subject.device,
            subject.kind,
            subject.facts,
            subject.latest,
            subject.windows,
            unheard_seconds=unheard_ms / 1000,
        )
        try:
            judged: Judgement = condition(snapshot, check.settings, now)
        except Exception:  # supervised: a defect of one rule must not stop the others, nor the data
            if check.rule.name not in self._broken:
                self._broken.add(check.rule.name)
                about = {"rule": check.rule.name, "site": subject.site, "device": subject.device}
                log.exception(
                    "rule %(rule)s failed on %(site)s/%(device)s and judges nothing there", about, extra=about
                )
            return UNKNOWN
        return judged

    # --- silence ---

    def tick(self, now: int) -> None:
        """Time has passed. Judges the agents whose silence is due; costs nothing for the others, nor while blind."""
        if not self.blindness.current:
            self._end_quiet(now)
        while not self.blindness.current and self._due and self._due[0][0] <= now:
            _, site, agent = heapq.heappop(self._due)
            state = self.sites[site].agents[agent]
            state.due = False
            subject = self.sites[site].devices[agent]
            self._judge_absence(state, subject, now)
            if not any(f.life.state == "open" for f in subject.findings.values() if f.rule in self._absence_names()):
                self._schedule(state, now)

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to judge next, ms UTC."""
        return min([queue[0][0] for queue in (self._due, self._quiet) if queue], default=None)

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is: nobody was heard in the future."""
        self._due.clear()
        for place in self.sites.values():
            for state in place.agents.values():
                state.heard, state.due, state.asked = min(state.heard, now), False, 0
                self._schedule(state)
            for finding in place.live():
                if finding.life.clearing is not None and finding.life.clearing > now:
                    finding.life = replace(finding.life, clearing=now)
                    self.await_quiet(finding)

    def _absence_names(self) -> set[str]:
        return {check.rule.name for check in self._absence}

    def _judge_absence(self, state: AgentState, subject: Subject, now: int) -> None:
        unheard = max(now - state.heard - self.blindness.milliseconds(state.heard, now), 0)
        for check in self._absence:
            if subject.kind in check.rule.kinds:
                judgement = self._call(check, subject, now, unheard)
                self._apply(check, subject, judgement, now, now, state.heard)

    def _schedule(self, state: AgentState, now: int | None = None) -> None:
        """Look at this agent again when its silence could first matter."""
        if state.due or not self._absence:
            return
        patience = min(round(getattr(check.settings, "silent_seconds", 60.0) * 1000) for check in self._absence)
        blind = self.blindness.milliseconds(state.heard, now) if now is not None else 0
        at = state.heard + blind + patience
        if now is not None:
            at = max(at, now + 1000)
        heapq.heappush(self._due, (at, state.site, state.agent))
        state.due = True

    # --- findings ---

    def _apply(
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
        life, change = advance(finding.life if finding else None, judgement, at, before, check.holds)
        if life is None:
            return
        if change == "opened" and began is not None:
            life = replace(life, since=began)
        if finding is None:
            finding = LiveFinding(subject.site, subject.device, name, check.settings.severity, life, judgement.detail)
            subject.findings[name] = finding
        finding.life = life
        if change is None:
            return
        if change in ("pending", "opened", "relapsed"):
            finding.detail = judgement.detail
        if change == "opened":
            finding.cause = self._cause(subject)
        self._change(subject, finding, change, at)

    def _cause(self, subject: Subject) -> LiveFinding | None:
        """The open finding nearest above this device that explains it, if any."""
        for ancestor in self.sites[subject.site].ancestors(subject):
            for finding in ancestor.findings.values():
                check = self._checks.get(finding.rule)
                if check and check.rule.hides_children and finding.life.state == "open":
                    return finding.cause or finding
        return None

    def _change(self, subject: Subject, finding: LiveFinding, change: Change, at: int) -> None:
        self._note(change, finding, at)
        if change not in ("closed", "dropped"):
            return
        subject.findings.pop(finding.rule, None)
        check = self._checks.get(finding.rule)
        if change == "dropped" or (check is not None and not check.rule.hides_children):
            return  # never was anybody's cause
        for other in self.sites[subject.site].live():
            if other.cause is finding:
                other.cause = None
                self._note("promoted", other, at)

    def _note(self, change: Change | Literal["promoted"], finding: LiveFinding, at: int) -> None:
        self.transitions.append(Transition(change, finding, at, finding.life, finding.detail, finding.cause))
