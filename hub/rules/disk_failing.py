"""Disk is failing.

Meaning: The disk itself (SMART) or its recorder says that it is no longer healthy.

Why it matters: It may stop at any time, with all that is recorded on it.

First step: Save what must be kept, order a replacement and change the disk soon, before others of its age follow.
Note slot and serial number first: the inventory has them.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class DiskFailingSettings(Settings):
    """A verdict, not a measurement: no hold."""

    severity: Severity = Severity.CRITICAL


BAD = (("smart_healthy", False), ("disk_healthy", False), ("smart_critical_warning", True))
"""Metric, and what of it is bad: that it is set, or that it is not."""


def judge(snapshot: Snapshot, settings: DiskFailingSettings, now: int) -> Judgement:
    """One verdict is enough; where its recorder has a ticket about its storage already, that is the one."""
    known = [(name, snapshot.latest[name].value, bad) for name, bad in BAD if name in snapshot.latest]
    failing = [name for name, value, bad in known if (value >= 0.5) is bad]
    recorder = snapshot.relatives.parent()
    if failing and recorder is not None and "hardware_failing" in recorder.findings:
        alarm = recorder.latest.get("storage_failure")
        if alarm is not None and alarm.value >= 0.5:
            return UNKNOWN
    if failing:
        return Judgement("firing", {"case": "recorder" if failing[0] == "disk_healthy" else "smart"})
    return CLEAR if known else UNKNOWN


rule = Rule(
    name="disk_failing",
    kinds=frozenset({DeviceKind.DISK}),
    condition=judge,
    summary=N_("The disk is no longer healthy."),
    cases={
        "smart": N_("The disk's own test says that it is failing."),
        "recorder": N_("The recorder calls the disk faulty."),
    },
    metrics=("smart_healthy", "disk_healthy", "smart_critical_warning"),
    quiet=lambda _: {"smart_healthy": (0.5, 1.5), "disk_healthy": (0.5, 1.5), "smart_critical_warning": (-1.0, 0.5)},
    settings=DiskFailingSettings,
    explains=frozenset({"disk_wearing", "disk_hot"}),
)
