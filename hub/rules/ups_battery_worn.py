"""UPS needs a new battery.

Meaning: The UPS has tested its battery and asks for another.

Why it matters: At the next power cut it will not hold as long as planned, or not at all.

First step: Order the battery for this model and have it changed. Until then save work as if there were no UPS.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class UpsBatteryWornSettings(Settings):
    """Its own verdict: no hold."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0


rule = Rule(
    name="ups_battery_worn",
    kinds=frozenset({DeviceKind.UPS}),
    condition=Threshold("battery_replace", lambda _: (1.0, 0.0)),
    summary=N_("The UPS asks for a new battery."),
    settings=UpsBatteryWornSettings,
)
