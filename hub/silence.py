"""Agents that say nothing: judged when their silence is due, at no cost for the others."""

import heapq
from collections.abc import Mapping

from hub.blindness import Blindness
from hub.check import Check
from hub.findings import Findings
from hub.fleet import AgentState, Site, Subject
from hub.judge import Judge


class Silence:
    """When whose silence is to be judged."""

    def __init__(self, sites: Mapping[str, Site], findings: Findings, judge: Judge, blindness: Blindness) -> None:
        self._sites = sites
        self._findings = findings
        self._judge = judge
        self._blindness = blindness
        self._due: list[tuple[int, str, str]] = []

    @property
    def next_due(self) -> int | None:
        """When `tick` has something to judge next, ms UTC."""
        return self._due[0][0] if self._due else None

    def broken(self, state: AgentState, subject: Subject, now: int) -> None:
        """It has been heard: `state.heard` says so."""
        if subject.findings and any(check.rule.name in subject.findings for check in subject.plan.absence):
            self._look(state, subject, now)
        self.expect(state, subject)

    def expect(self, state: AgentState, subject: Subject) -> None:
        """Look at this agent when its silence could first matter."""
        if not state.due and subject.plan.absence:
            self._push(state, self._patient_until(state, subject, None))

    def tick(self, now: int) -> None:
        """Time has passed. To be asked only while everything can be heard."""
        while self._due and self._due[0][0] <= now:
            _, site, agent = heapq.heappop(self._due)
            state = self._sites[site].agents[agent]
            state.due = False
            subject = self._sites[site].devices[agent]
            if not subject.plan.absence:
                continue  # switched off meanwhile
            again = self._look(state, subject, now)
            absent = (check.rule.name for check in subject.plan.absence)
            if again is not None:
                self._push(state, again)
            elif not any(name in subject.findings and subject.findings[name].life.state == "open" for name in absent):
                self._push(state, max(self._patient_until(state, subject, now), now + 1000))

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is: nobody was heard in the future."""
        self._due.clear()
        for place in self._sites.values():
            for state in place.agents.values():
                state.heard, state.due, state.asked = min(state.heard, now), False, 0
                self.expect(state, place.devices[state.agent])

    def _look(self, state: AgentState, subject: Subject, now: int) -> int | None:
        """Judge; when to look again, where others may be about to fall silent with it."""
        unheard, again = max(now - state.heard - self._blindness.milliseconds(state.heard, now), 0), None
        for check in subject.plan.absence:
            judgement = self._judge.call(check, subject, now, unheard)
            known = subject.findings.get(check.rule.name)
            if judgement.verdict == "firing" and (known is None or known.life.state == "pending"):
                until = self._wait(check, subject, state.heard, now)
                if until is not None:
                    self._findings.hold(check, subject, state.heard, judgement.detail, now)
                    again = until if again is None else min(again, until)
                    continue
            self._findings.apply(check, subject, judgement, now, now, state.heard)
        return again

    def _wait(self, check: Check, subject: Subject, heard: int, now: int) -> int | None:
        """Until when, lest a site that is cut off makes a ticket an agent: for who has said nothing for long itself."""
        place = self._sites[subject.site]
        joining = self._findings.groups.joining(check, subject, heard)
        due = [
            (self._patient_until(place.agents[child.device], child, now), _patience(child) // 2) for child in joining
        ]
        later = [at for at, half in due if now < at <= now + half]
        return min(later) + 1 if later else None

    def _patient_until(self, state: AgentState, subject: Subject, now: int | None) -> int:
        blind = self._blindness.milliseconds(state.heard, now) if now is not None else 0
        return state.heard + blind + _patience(subject)

    def _push(self, state: AgentState, at: int) -> None:
        heapq.heappush(self._due, (at, state.site, state.agent))
        state.due = True


def _patience(subject: Subject) -> int:
    """How long it may say nothing, ms."""
    seconds = min(check.rule.patience(check.settings, subject.latest) for check in subject.plan.absence)
    return round(seconds * 1000)
