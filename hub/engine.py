"""Judges samples and silence by the rules, and says what changed. Holds state in memory, touches no database.

Whoever calls it commits the transitions in one SQL transaction with the agents' marks; when that fails, the engine is
thrown away and rebuilt from what is committed (`hub/rebuild.py`). It never needs to take anything back.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from hub.blindness import Blindness
from hub.check import UNWATCHED, Check
from hub.findings import Findings, Transition
from hub.fleet import NOBODY, SITE, AgentState, KnownValues, Site, Subject
from hub.happening import Happenings
from hub.judge import Judge
from hub.newest import Newest
from hub.plan import Plans
from hub.rule import Judgement, Rule, Settings
from hub.scope import Whereabouts
from hub.series.store import Point, Value
from hub.silence import Silence
from hub.unusual import Unusuals
from hub.window import Values, Window
from wire.messages import Device, DeviceKind, Report

AHEAD_MS = 300_000
"""How far past the hub's clock a sample is judged; it is stored at its own time."""

SKEW_MS = 120_000
"""A report that claims to be sent later than this after it came was sent by a clock that is ahead."""

REACH_MS = 60_000
"""How much older than its report a sample may be and still be judged after the clock was set back."""

STALE_MS = 86_400_000
"""How much older than its agent's newest report a sample may be and still be judged."""

LATE_MS = 900_000
"""A state heard so long after it was measured says nothing of now: it is remembered, and the next live one is judged.
Longer than an agent needs to send again what went astray."""

CLOCK_STEP_MS = 2000
"""A report made later whose clock reads this much earlier than the one before was made after the clock was set back."""


Before = dict[Subject, tuple[Newest, Mapping[Window, Values], Mapping[str, Any]]]
"""Devices' newest values, windows and what was learned, as they were."""


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
        self.findings = Findings(self.sites, blindness)
        self._plans = Plans(rules, settings)
        self._judge = Judge(self.sites)
        self._silence = Silence(self.sites, self.findings, self._judge, blindness)
        self._happenings = Happenings(self.findings)
        self.unusuals = Unusuals(self.sites)
        self._before: Before = {}
        self._batches: deque[Before] = deque()
        """What was known before each batch that is not committed, oldest first."""
        self.events = self._plans.events
        """The types of events that some rule looks at."""

    def take_transitions(self) -> list[Transition]:
        """What has happened since the last call."""
        taken, self.findings.transitions = self.findings.transitions, []
        return taken

    # --- who there is ---

    def hear(self, site: str, agent: str, now: int) -> AgentState:
        """A message of this agent has come in. Ends its silence; makes it known when it is new."""
        self.findings.now = now
        place = self.sites.get(site)
        if place is None:
            place = self.sites[site] = Site()
        state = place.agents.get(agent)
        if state is None:
            state = place.agents[agent] = AgentState(site, agent, now)
            if len(place.agents) > 1 and SITE not in place.devices:
                self.add_subject(Subject(site, SITE, DeviceKind.SITE, NOBODY))
        state.heard = now
        subject = place.devices.get(agent)
        if subject is None or subject.agent != agent:
            if subject is not None:  # an agent's own id is its own, whoever named a device so before
                self._retire(subject, now)
            subject = self.add_subject(Subject(site, agent, DeviceKind.AGENT, agent))
        self._silence.broken(state, subject, now)
        return state

    def known_agents(self, site: str) -> Collection[str]:
        """The agents ever heard at a site."""
        place = self.sites.get(site)
        return place.agents.keys() if place else ()

    def add_subject(self, subject: Subject) -> Subject:
        """Make a device known, with the checks that its kind and facts call for."""
        where = Whereabouts(subject.site, subject.device, subject.kind, subject.room)
        subject.plan, subject.area = self._plans.of(where, subject.facts)
        subject.windows = {window: subject.windows.get(window, ()) for window in chain(*subject.plan.windows.values())}
        self.sites.setdefault(subject.site, Site()).add(subject)
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
            elif foreign or posing or device.kind == DeviceKind.SITE:
                taken.conflicts.append(device.device)
            else:
                taken.accepted.append(device)
                self._update_subject(state, device, device.kind, now)
        present = {device.device for device in taken.accepted} | {state.agent}
        taken.vanished.extend(
            d.device for d in place.devices.values() if d.agent == state.agent and d.device not in present
        )
        for name in taken.vanished:
            self._retire(place.remove(name), now)
        self.findings.groups.review_all(place, now)
        return taken

    def _update_subject(self, state: AgentState, device: Device, kind: DeviceKind, now: int) -> None:
        old = self.sites[state.site].devices.get(device.device)
        if old is None or old.kind != kind:
            if old is not None:
                self._retire(old, now)
            old = Subject(state.site, device.device, kind, state.agent)
        before = old.facts
        old.parent, old.facts, old.room = device.parent, device.facts, device.room or ""
        self.add_subject(old)
        for finding in [f for f in old.findings.values() if f.rule not in old.plan.checks]:
            self.findings.end(old, finding, now, why="unwatched")
        if old.plan.changes:
            self._happenings.changed(old, before, now)

    def _close_orphans(self, now: int) -> None:
        """After a rebuild: end findings whose rule was removed or switched off, or whose device is retired."""
        for place in self.sites.values():
            for subject in list(place.devices.values()):
                for finding in list(subject.findings.values()):
                    if not subject.agent or finding.rule not in subject.plan.checks:
                        self.findings.end(subject, finding, now, why="unwatched" if subject.agent else "retired")
                if not subject.agent:
                    place.remove(subject.device)

    def _retire(self, subject: Subject, now: int) -> None:
        self._happenings.forget(subject)
        self.unusuals.forget(subject)
        for finding in list(subject.findings.values()):
            self.findings.end(subject, finding, now, why="retired")

    # --- samples ---

    def clock_order(self, state: AgentState, report: Report, received: int) -> None:
        """Notice a clock that was set back, lest everything look late until it catches up with itself.

        Within one boot the monotonic clock tells; across a reboot, a clock that was ahead of ours and no longer is.
        """
        offset = report.offset.ms
        sent = report.sent + (round(offset) if offset is not None else 0)
        newer = state.boot == report.boot and report.mono > state.mono
        state.overlap = _overlap(state.offset_ms, offset) if newer else 0
        righted = state.boot != report.boot and sent <= received + SKEW_MS < state.sent
        back = sent < state.sent - CLOCK_STEP_MS and (newer or righted)
        if back:
            for subject in self.sites[state.site].devices.values():
                if subject.agent == state.agent:
                    self._before.setdefault(subject, (subject.latest, subject.windows, subject.learned))
                    subject.latest = subject.latest.no_later(sent - REACH_MS)
            state.mark, state.floor = min(state.mark, sent - REACH_MS), min(state.floor, sent - REACH_MS)
        self._count_reports(state, report, newer)
        if newer or back or (state.boot != report.boot and sent >= state.sent):
            state.boot, state.mono, state.sent = report.boot, report.mono, sent
            state.offset_ms, state.offset_source = None if offset is None else round(offset), report.offset.source

    def _count_reports(self, state: AgentState, report: Report, newer: bool) -> None:
        """Notice a report that is missing: it comes late, or never."""
        spool, _, number = report.id.rpartition(":")
        if newer and spool == state.spool and int(number) > state.number + 1:
            state.hole = state.sent
        if newer or spool != state.spool:
            state.spool, state.number = spool, int(number)

    def observe(self, state: AgentState, points: Iterable[tuple[Subject, Point]], received: int) -> None:
        """A report's samples, each of one device at one corrected time. What is not newer than what was seen is late:
        not judged.

        What claims to be later than its agent's newest report was made before the agent's clock was set back: late too.
        And a backlog of days opens no tickets about days ago.
        """
        earliest, newest, live = state.sent - STALE_MS, state.sent + CLOCK_STEP_MS, 0
        if state.offset_ms is not None:  # the agent's time was measured and can be believed
            earliest, live = max(earliest, received - STALE_MS), received - LATE_MS
        for subject, point in points:
            at, values, latest = point.at, point.values, subject.latest
            if not earliest <= at <= newest:
                continue
            if at > latest.at:  # nearly always: all of it is news
                following = latest.then(at, values)
            else:
                at, values, following = _late(at, values, latest, state.overlap)
                if not values:
                    continue
            self._before.setdefault(subject, (latest, subject.windows, subject.learned))
            subject.latest = following
            if at <= state.floor:
                continue
            if at > state.mark:
                state.mark = at
            if subject.plan.windows:
                self._extend_windows(subject, at, values)
            if at >= live:  # else a backlog that comes before anything live
                # Times of a clock that is far ahead are of no use to people: findings begin when the hub was told.
                self._judge_values(subject, values, min(at, received + AHEAD_MS), latest)

    def _judge_values(self, subject: Subject, news: Mapping[str, float], at: int, before: Newest) -> None:
        """Values that rules have not seen yet; `before` were the newest till now."""
        plan, findings = subject.plan, subject.findings
        if watches := plan.watches:
            for metric, value in news.items():
                low, high, checks = watches.get(metric, UNWATCHED)
                if findings or not low < value < high:
                    for check in checks:
                        self._judge_sample(check, subject, metric, value, at, before.time_of(metric))
        if plan.learners:
            for check, verdict in self.unusuals.judge(subject, news, at):
                if verdict.firing or check.rule.name in findings:
                    self.findings.apply(check, subject, *verdict)

    # --- events ---

    def happen(self, site: str, device: str, event: str, data: Mapping[str, Any], at: int, received: int) -> None:
        """An event that has never been judged before: `at` its corrected time, `received` the hub's, both ms UTC."""
        subject = self.sites[site].devices.get(device)
        if subject is not None:
            self._happenings.happen(subject, event, data, at, received)

    def counted_events(self) -> Mapping[str, int]:
        """Types of events that a rule counts → over how many ms at most."""
        return self._plans.counted

    def recall(self, site: str, device: str, event: str, data: Mapping[str, Any], at: int) -> None:
        """After a rebuild: one that was judged before, for rules that count them."""
        subject = self.sites[site].devices.get(device)
        if subject is not None:
            self._happenings.recall(subject, event, data, at)

    # --- a batch that fails ---

    def begin_batch(self) -> None:
        """From now on, remember the values that were known before."""
        self._before = {}
        self._batches.append(self._before)

    def batch_committed(self) -> None:
        """The oldest batch is in the database: it can't fail any more."""
        if self._batches:
            self._batches.popleft()

    def values_committed(self) -> dict[tuple[str, str], KnownValues]:
        """(site, device) → the newest values and windows, as they were before the first batch not committed."""
        known = {
            (site, name): KnownValues(subject.kind, subject.latest, subject.windows, subject.learned)
            for site, place in self.sites.items()
            for name, subject in place.devices.items()
        }
        for batch in reversed(self._batches):
            known |= {(one.site, one.device): KnownValues(one.kind, *before) for one, before in batch.items()}
        return known

    def _extend_windows(self, subject: Subject, at: int, news: Mapping[str, float]) -> None:
        """Replaces them, so that whoever remembers how they were need not copy them: most samples change none."""
        changed: dict[Window, Values] = {}
        for metric, value in news.items():
            for window in subject.plan.windows.get(metric, ()):
                values = subject.windows[window]
                extended = window.extended(values, Value(at, value))
                if extended is not values:
                    changed[window] = extended
        if changed:
            subject.windows = subject.windows | changed

    def _judge_sample(
        self, check: Check, subject: Subject, metric: str, value: float, at: int, before: int | None
    ) -> None:
        if check.rule.fickle and before is not None:
            state = self.sites[subject.site].agents.get(subject.agent)
            if state is not None and before <= state.hole:
                before = None
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
            judgement = self._judge.call(check, subject, at)
            if judgement.verdict != "firing" and check.rule.name not in subject.findings:
                return
        self.findings.apply(check, subject, judgement, at, before)

    # --- time ---

    def tick(self, now: int) -> None:
        """Time has passed. Judges what is due; costs nothing for the rest, nor while blind."""
        self.findings.now = now
        if not self.blindness.current:
            self.findings.tick(now)
            self._silence.tick(now)

    def restored(self, now: int) -> None:
        """After a rebuild: what is known of findings is complete. Ends those of rules and devices that are gone, and
        waits on for what time alone brings about."""
        self._close_orphans(now)
        for place in self.sites.values():
            for finding in place.live():
                self.findings.resume(finding)

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to judge next, ms UTC."""
        return min((due for due in (self._silence.next_due, self.findings.next_due) if due is not None), default=None)

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is."""
        self._silence.clock_set_back(now)
        self.findings.clock_set_back(now)


def _overlap(before: int | None, offset: float | None) -> int:
    """How far (ms) a report's corrected times may lie before those of the report before it, though the agent measured
    them later: each is corrected by what its clock was off then, which is measured anew and never quite the same."""
    fallen = before - round(offset) if before is not None and offset is not None else 0
    return fallen if 0 < fallen < CLOCK_STEP_MS else 0


def _late(
    at: int, values: Mapping[str, float], latest: Newest, overlap: int
) -> tuple[int, Mapping[str, float], Newest]:
    """What is news of values that are not newer than all of the latest: as of when, which, and the latest with them."""
    if at + overlap > latest.at and (swapped := latest.differing(values)):
        return latest.at + 1, swapped, latest.then(latest.at + 1, swapped)
    news = {name: value for name, value in values.items() if at > (latest.time_of(name) or 0)}
    return at, news, latest.beside(at, news)
