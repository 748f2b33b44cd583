"""Disk is missing.

Meaning: A disk or array that was there is there no more: it was pulled, has died, or its cable or port has.

Why it matters: What was recorded on it is gone, or an array runs without reserve.

First step: Look at the slot: is the disk seated, does its light show? Try another port before you replace it. If it
was taken away on purpose, tell the agent to forget it.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class DiskMissingSettings(Settings):
    """No hold: recorders tell of their disks once an hour, and a disk does not come and go."""

    severity: Severity = Severity.CRITICAL


def judge(snapshot: Snapshot, settings: DiskMissingSettings, now: int) -> Judgement:
    """Where its recorder has a ticket about its storage already, that is the one."""
    present = snapshot.latest.get("present")
    if present is None:
        return UNKNOWN
    if present.value >= 0.5:
        return CLEAR
    recorder = snapshot.relatives.parent()
    if recorder is not None and "hardware_failing" in recorder.findings:
        alarm = recorder.latest.get("storage_failure")
        if alarm is not None and alarm.value >= 0.5:
            return UNKNOWN
    return Judgement("firing")


rule = Rule(
    name="disk_missing",
    kinds=frozenset({DeviceKind.DISK}),
    condition=judge,
    summary=N_("The disk is not there any more."),
    metrics=("present",),
    quiet=lambda _: {"present": (0.5, 1.5)},
    settings=DiskMissingSettings,
    explains=frozenset({"disk_failing", "disk_wearing", "disk_hot"}),
    explains_beside=frozenset({"raid_degraded", "retention_below_target", "store_too_small"}),
    outage=True,
)
