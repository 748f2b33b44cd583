"""UPS runs on its battery.

Meaning: The mains has failed, or the UPS no longer takes it.

Why it matters: When the battery is empty everything behind it stops, the recordings first.

First step: Ask the site whether the power is out. If only the UPS is without it, look at its plug and fuse. The
summary says how long it lasts: switch off what is not needed.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class UpsOnBatterySettings(Settings):
    """Half a minute passes over a self-test."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 30.0
    clear_seconds: float = 60.0


def judge(snapshot: Snapshot, settings: UpsOnBatterySettings, now: int) -> Judgement:
    """With what is left, where it says so."""
    battery = snapshot.latest.get("on_battery")
    if battery is None:
        return UNKNOWN
    if battery.value < 0.5:
        return CLEAR
    left, low = snapshot.latest.get("battery_runtime_seconds"), snapshot.latest.get("battery_low")
    if low is not None and low.value >= 0.5:
        return Judgement("firing", {"case": "low"}, Severity.CRITICAL)
    return Judgement("firing", {"left_seconds": left.value, "case": "left"} if left is not None else {})


rule = Rule(
    name="ups_on_battery",
    kinds=frozenset({DeviceKind.UPS}),
    condition=judge,
    summary=N_("The UPS runs on its battery."),
    cases={
        "left": N_("The UPS runs on its battery, which lasts {left_seconds}."),
        "low": N_("The UPS runs on its battery, which is nearly empty."),
    },
    metrics=("on_battery", "battery_low"),
    quiet=lambda _: {"on_battery": (-0.5, 0.5), "battery_low": (-0.5, 1.5)},
    settings=UpsOnBatterySettings,
)
