"""Agent is behind.

Meaning: Reports wait on the agent's disk although the hub hears it: more are made than get through, or a backlog
after an outage drains slowly.

Why it matters: Tickets about this site come late, and once the agent's disk is full it begins to thin out what it
keeps.

First step: Look at the site's uplink: packet loss, a full line, somebody's download. If only this agent is behind,
look at its machine's load and its log. Nothing is lost so far; what waits arrives by itself.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class AgentBehindSettings(Settings):
    """Twenty minutes let a backlog of hours drain, and its own word on an outage that is over opens no ticket. A line
    that is too slow is so at every busy hour of the day: that is one ticket. An agent that reports every five minutes
    takes hours to be so far behind again."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1200.0
    clear_seconds: float = 120.0
    flap_seconds: float = 21_600.0
    raise_reports: float = Field(default=20.0, gt=0, description="1, reports that wait")
    clear_reports: float = Field(default=5.0, ge=0, description="1, reports that wait")


rule = Rule(
    name="agent_behind",
    kinds=frozenset({DeviceKind.AGENT}),
    condition=Threshold("spool_reports", lambda s: (s.raise_reports, s.clear_reports)),
    summary=N_("{spool_reports} reports wait on the agent's disk."),
    settings=AgentBehindSettings,
)
