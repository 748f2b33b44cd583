"""All clocks at an agent are off at once.

Meaning: Most devices that this agent watches seem to have a wrong clock since about the same time.

Why it matters: That many clocks do not go wrong together. Most likely the agent's own machine has a wrong clock and no
time server that tells it so; or the time server that all of them follow does.

First step: Compare the agent's machine with a clock that you trust. If it is wrong, see which time server it is to ask
and whether that answers. If it is right, look at the time server that the devices follow.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class AgentClockWrongSettings(Settings):
    """Three, and nearly all."""

    severity: Severity = Severity.WARNING
    clear_seconds: float = 120.0
    number: int = Field(default=3, ge=2, description="1, devices")
    share: float = Field(default=0.8, ge=0, le=1, description="1, of all of them")
    within_seconds: float = Field(default=1800.0, gt=0, description="s, between the first and the last")


rule = Rule(
    name="agent_clock_wrong",
    kinds=frozenset({DeviceKind.AGENT}),
    condition=Together(frozenset({"clock_drift"}), lambda s: (s.number, s.share, s.within_seconds)),
    summary=N_("{number} of {of} clocks went wrong together."),
    settings=AgentClockWrongSettings,
    hides_children=True,
)
