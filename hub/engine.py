"""Judges samples and silence by the rules, and says what changed. Holds state in memory, touches no database.

Whoever calls it commits the transitions in one SQL transaction with the agents' marks; when that fails, the engine is
thrown away and rebuilt from what is committed (`hub/rebuild.py`). It never needs to take anything back.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from hub.blindness import Blindness
from hub.check import UNWATCHED, Check
from hub.findings import Findings, Transition
from hub.fleet import NOBODY, SITE, AgentState, KnownValues, Site, Subject
from hub.happening import Happenings
from hub.inventory import Inventories, Taken
from hub.judge import Judge
from hub.lateness import BEHIND_MS, bounds, news_of, note_order
from hub.newest import Newest
from hub.plan import Plans
from hub.rule import Judgement, Rule, Settings
from hub.series.store import Point, Value
from hub.silence import Silence
from hub.unusual import Unusuals
from hub.window import Values, Window
from wire.messages import Device, DeviceKind, Report

AHEAD_MS = 300_000
"""How far past the hub's clock a sample is judged; it is stored at its own time."""

Before = dict[Subject, tuple[Newest, Mapping[Window, Values], Mapping[str, Any]]]
"""Devices' newest values, windows and what was learned, as they were."""

_CLEAR = Judgement("clear")


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
        self._inventories = Inventories(self.sites, self._plans, self.findings, self._happenings, self.unusuals)
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
            state = place.agents[agent] = AgentState(site, agent, now, revised=now)
            if len(place.agents) > 1 and SITE not in place.devices:
                self.add_subject(Subject(site, SITE, DeviceKind.SITE, NOBODY))
        state.heard = now
        subject = place.devices.get(agent)
        if subject is None or subject.agent != agent:
            if subject is not None:  # an agent's own id is its own, whoever named a device so before
                self._inventories.retire(subject, now)
            subject = self.add_subject(Subject(site, agent, DeviceKind.AGENT, agent))
        self._silence.broken(state, subject, now)
        return state

    def known_agents(self, site: str) -> Collection[str]:
        """The agents ever heard at a site."""
        place = self.sites.get(site)
        return place.agents.keys() if place else ()

    def add_subject(self, subject: Subject) -> Subject:
        """Make a device known, with the checks that its kind and facts call for."""
        return self._inventories.add(subject)

    def inventory(self, state: AgentState, devices: Sequence[Device], now: int) -> Taken:
        """Take over an agent's whole inventory."""
        return self._inventories.take(state, devices, now)

    # --- samples ---

    def clock_order(self, state: AgentState, report: Report, received: int) -> None:
        """Take note of a report's place among its agent's, before its samples are observed. Where the agent's clock was
        set back, what is known of its devices is dated back, and windows lose what is later."""
        back = note_order(state, report, received)
        if back is not None:
            state.revised += 1
            for subject in self.sites[state.site].devices.values():
                if subject.agent == state.agent:
                    self._before.setdefault(subject, (subject.latest, subject.windows, subject.learned))
                    subject.latest = subject.latest.no_later(back)
                    subject.windows = {
                        window: tuple(value for value in values if value.at <= back)
                        for window, values in subject.windows.items()
                    }

    def observe(self, state: AgentState, points: Iterable[tuple[Subject, Point]], received: int) -> None:
        """A report's samples, each of one device at one corrected time. What is late is not judged: not newer than what
        was seen, or out of bounds (`hub/lateness.py`)."""
        earliest, newest, live = bounds(state, received)
        for subject, point in points:
            at, values, latest = point.at, point.values, subject.latest
            if not earliest <= at <= newest:
                continue
            if at > latest.at:  # nearly always: all of it is news
                following = latest.then(at, values)
            else:
                at, values, following = news_of(at, values, latest, state.overlap)
                if subject.findings and point.at > state.floor:
                    self._overtaken(subject, {m: v for m, v in point.values.items() if m not in values}, point.at)
                if not values:
                    continue
            self._before.setdefault(subject, (latest, subject.windows, subject.learned))
            subject.latest = following
            if at <= state.mark - BEHIND_MS:
                state.revised += 1
            if at <= state.floor:
                continue
            if at > state.mark:
                state.mark = at
            if subject.plan.windows:
                self._extend_windows(subject, at, values)
            if at >= live:  # else a backlog that comes before anything live
                # Times of a clock that is far ahead are of no use to people: findings begin when the hub was told.
                self._judge_values(subject, values, min(at, received + AHEAD_MS), latest)
            elif subject.findings:
                self._contradict(subject, values, at)

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

    def _contradict(self, subject: Subject, late: Mapping[str, float], at: int) -> None:
        """What comes too late opens nothing; but what it shows to have been well has not lasted until now."""
        for metric, value in late.items():
            for check in subject.plan.watches.get(metric, UNWATCHED)[2]:
                self._contradicted(check, subject, metric, value, at)

    def _overtaken(self, subject: Subject, overtaken: Mapping[str, float], at: int) -> None:
        """As `_contradict`, by what newer values came before: what they show began no earlier than the newest of them.
        By levels alone: a function would judge the newest, not what it was like then."""
        for metric, value in overtaken.items():
            for check in subject.plan.watches.get(metric, UNWATCHED)[2]:
                if check.threshold and self._contradicted(check, subject, metric, value, at):
                    newest = subject.latest[metric]
                    self._judge_sample(check, subject, metric, newest.value, newest.at, at)

    def _contradicted(self, check: Check, subject: Subject, metric: str, value: float, at: int) -> bool:
        """Whether what was to be told soon is dropped, for since it began it has been well."""
        finding = subject.findings.get(check.rule.name)
        if finding is None or finding.life.state != "pending" or at <= finding.life.since:
            return False
        judgement = _by_threshold(check, metric, value) if check.threshold else self._judge.call(check, subject, at)
        if judgement is None or judgement.verdict != "clear":
            return False
        self.findings.apply(check, subject, judgement, at, None)
        return True

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
        judgement = _by_threshold(check, metric, value) if check.threshold else self._judge.call(check, subject, at)
        if judgement is None or (judgement.verdict != "firing" and check.rule.name not in subject.findings):
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
        self._inventories.close_orphans(now)
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


def _by_threshold(check: Check, metric: str, value: float) -> Judgement | None:
    """None between the two levels: whatever was, still is."""
    if value >= check.raise_at if check.above else value <= check.raise_at:
        return Judgement("firing", {metric: value})
    if value <= check.clear_at if check.above else value >= check.clear_at:
        return _CLEAR
    return None
