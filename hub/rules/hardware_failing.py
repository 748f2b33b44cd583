"""Device tells of failing hardware.

Meaning: The device itself says that its storage, a fan, its power supply or its temperature is not well. What follows
from one of these (the heat after the fan) is on the same ticket.

Why it matters: It still works. Left alone it will not: heat and failing disks end in lost footage.

First step: Look at the device's own status page for which disk, fan or supply is meant. Clean dust from fans and
vents, see that they turn; for a disk, have a spare at hand and copy what must be kept before you change it.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind

ALARMS = ("storage_failure", "power_failure", "fan_failure", "temperature_critical")
"""As the device tells them; where there are several, the first is the likely cause of the others."""


class HardwareFailingSettings(Settings):
    """Two minutes let a device restart, or an alarm be acknowledged."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 120.0
    clear_seconds: float = 300.0


def _disk_tells(snapshot: Snapshot) -> bool:
    """The disk that is meant has that ticket."""
    return any(one.findings & {"disk_failing", "disk_missing"} for one in snapshot.relatives.children())


def judge(snapshot: Snapshot, settings: HardwareFailingSettings, now: int) -> Judgement:
    """What it never told is nothing that fails."""
    told = [alarm for alarm in ALARMS if alarm in snapshot.latest]
    failing = [alarm for alarm in told if snapshot.latest[alarm].value >= 0.5]
    if not told or (failing == ["storage_failure"] and _disk_tells(snapshot)):
        return UNKNOWN
    return Judgement("firing", {"case": failing[0]}) if failing else CLEAR


rule = Rule(
    name="hardware_failing",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("The device tells of failing hardware."),
    cases={
        "storage_failure": N_("The device says that its storage has failed or is full."),
        "power_failure": N_("The device says that a power supply has failed."),
        "fan_failure": N_("The device says that a fan has failed."),
        "temperature_critical": N_("The device says that it is too hot."),
    },
    metrics=ALARMS,
    quiet=lambda _: dict.fromkeys(ALARMS, (-0.5, 0.5)),
    settings=HardwareFailingSettings,
)
