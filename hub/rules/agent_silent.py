"""Agent has fallen silent.

Meaning: Nothing has been heard from this agent for longer than its hold time, although hub and broker were up.

Why it matters: Everything this agent watches is now unknown, not fine. A camera or disk that fails meanwhile goes
unseen.

First step: Check whether the machine has power and network. If it answers, look at the agent's service and its log,
then restart it; what it measured meanwhile is kept on its disk and will arrive.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class AgentSilentSettings(Settings):
    """Silence is measured on the hub's clock and only while the hub could have heard the agent."""

    severity: Severity = Severity.CRITICAL
    silent_seconds: float = Field(default=180.0, gt=0, description="s without any message")


def judge(snapshot: Snapshot, settings: AgentSilentSettings, now: int) -> Judgement:
    """Firing once the agent could have been heard for `silent_seconds` and was not."""
    if snapshot.unheard_seconds < settings.silent_seconds:
        return CLEAR
    return Judgement("firing", {"silent_seconds": snapshot.unheard_seconds})


rule = Rule(
    name="agent_silent",
    kinds=frozenset({DeviceKind.AGENT}),
    condition=judge,
    summary=N_("No message for more than {silent_seconds}."),
    settings=AgentSilentSettings,
    absence=True,
    hides_children=True,
    outage=True,
)
