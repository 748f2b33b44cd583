"""Agent has fallen silent.

Meaning: Nothing has been heard from this agent for longer than its hold time, although hub and broker were up.

Why it matters: Everything this agent watches is now unknown, not fine. A camera or disk that fails meanwhile goes
unseen.

First step: Check whether the machine has power and network. If it answers, look at the agent's service and its log,
then restart it; what it measured meanwhile is kept on its disk and will arrive.
"""

from collections.abc import Mapping

from pydantic import Field

from hub.rule import CLEAR, N_, Judgement, Rule, Settings, Severity, Snapshot
from hub.series.store import Value
from wire.messages import DeviceKind


class AgentSilentSettings(Settings):
    """Silence is measured on the hub's clock and only while the hub could have heard the agent.

    One that said last that reports wait has a narrow way, on which but some get through: one more that goes astray is
    no silence yet, and what keeps the others waiting has a ticket of its own (`agent_behind`). A few always wait for a
    moment where several collectors report at a time.
    """

    severity: Severity = Severity.CRITICAL
    silent_seconds: float = Field(default=180.0, gt=0, description="s without any message")
    waiting_reports: float = Field(default=5.0, gt=0, description="1, reports that wait: from so many it has longer")
    waiting_factor: float = Field(default=2.0, ge=1, description="1, times as long then")


def patience(settings: AgentSilentSettings, latest: Mapping[str, Value]) -> float:
    """How long an agent with these newest values may say nothing, s."""
    waiting = latest.get("spool_reports")
    longer = waiting is not None and waiting.value >= settings.waiting_reports
    return settings.silent_seconds * settings.waiting_factor if longer else settings.silent_seconds


def judge(snapshot: Snapshot, settings: AgentSilentSettings, now: int) -> Judgement:
    """Firing once the agent could have been heard for as long as it is waited for, and was not."""
    if snapshot.unheard_seconds < patience(settings, snapshot.latest):
        return CLEAR
    return Judgement("firing", {"silent_seconds": snapshot.unheard_seconds})


rule = Rule(
    name="agent_silent",
    kinds=frozenset({DeviceKind.AGENT}),
    condition=judge,
    summary=N_("No message for more than {silent_seconds}."),
    settings=AgentSilentSettings,
    absence=True,
    patience=patience,
    hides_children=True,
    outage=True,
)
