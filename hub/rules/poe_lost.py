"""Switch feeds its devices no more.

Meaning: Several ports of one switch lost link and power within minutes of each other, while the switch itself
answers.

Why it matters: All cameras that it fed are dark.

First step: Look at the switch's budget and its supply: an overload switches all of it off. Restart the supply, then
add the devices one by one.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class PoeLostSettings(Settings):
    """Half of its ports, three at least. It ends no sooner than the last of its ports' tickets would."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 60.0
    least_ports: int = Field(default=3, ge=2, description="1, ports")
    share_ratio: float = Field(default=0.5, gt=0, le=1, description="1, of its ports")
    within_seconds: float = Field(default=180.0, gt=0, description="s, in which they went down")


rule = Rule(
    name="poe_lost",
    kinds=frozenset({DeviceKind.SWITCH}),
    condition=Together(
        frozenset({"link_down"}), lambda s: (s.least_ports, s.share_ratio, s.within_seconds), abrupt=True
    ),
    summary=N_("{number} of {of} ports went down at the same time."),
    settings=PoeLostSettings,
    hides_children=True,
    explains=frozenset({"cameras_down", "camera_unreachable"}),
)
