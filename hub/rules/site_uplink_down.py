"""Site has lost its uplink.

Meaning: All agents of the site fell silent at about the same time, although hub and broker were up: most likely the
site's line, its router or its power.

Why it matters: Nothing of this site is seen until it is back; its recorders probably go on recording, but nobody
would notice if they did not.

First step: Call the site: is there power, does anything else reach the internet? Then the line's provider. What the
agents measure meanwhile is kept on their disks and arrives by itself.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class SiteUplinkDownSettings(Settings):
    """Of two agents both, of more nearly all."""

    severity: Severity = Severity.CRITICAL
    least_agents: int = Field(default=2, ge=2, description="1, agents")
    share_ratio: float = Field(default=0.9, gt=0, le=1, description="1, of the site's agents")
    within_seconds: float = Field(default=300.0, gt=0, description="s, in which they fell silent")


rule = Rule(
    name="site_uplink_down",
    kinds=frozenset({DeviceKind.SITE}),
    condition=Together(
        frozenset({"agent_silent"}), lambda s: (s.least_agents, s.share_ratio, s.within_seconds), abrupt=True
    ),
    summary=N_("{number} of {of} agents fell silent at the same time."),
    settings=SiteUplinkDownSettings,
    hides_children=True,
    outage=True,
)
