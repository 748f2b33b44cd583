"""Disk is missing.

Meaning: A disk or array that was there is there no more: it was pulled, has died, or its cable or port has.

Why it matters: What was recorded on it is gone, or an array runs without reserve.

First step: Look at the slot: is the disk seated, does its light show? Try another port before you replace it. If it
was taken away on purpose, tell the agent to forget it.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class DiskMissingSettings(Settings):
    """At once: a recorder is asked once an hour."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0


rule = Rule(
    name="disk_missing",
    kinds=frozenset({DeviceKind.DISK}),
    condition=Threshold("present", lambda _: (0.0, 1.0)),
    summary=N_("The disk is not there any more."),
    settings=DiskMissingSettings,
    explains=frozenset({"disk_failing", "disk_hot", "disk_wearing"}),
    explains_beside=frozenset({"raid_degraded", "retention_below_target", "store_too_small"}),
)
