"""Switch does not answer.

Meaning: The switch has not answered for longer than the hold time.

Why it matters: What hangs on it is most likely cut off, too; the list of consequences names it.

First step: Look at the switch's power and its uplink. If it runs and passes traffic, its management address or its
SNMP settings were changed.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class SwitchUnreachableSettings(Settings):
    """Less than a camera's five minutes: it is the cause."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0


rule = Rule(
    name="switch_unreachable",
    kinds=frozenset({DeviceKind.SWITCH}),
    condition=Threshold("reachable", lambda _: (0.0, 1.0)),
    summary=N_("The switch does not answer."),
    settings=SwitchUnreachableSettings,
    hides_children=True,
    outage=True,
)
