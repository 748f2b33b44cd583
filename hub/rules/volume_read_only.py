"""Volume became read-only.

Meaning: The file system can no longer be written to; the kernel does that when it meets errors on the disk.

Why it matters: Nothing can be recorded or kept on it any more.

First step: Read the kernel's log (dmesg) for errors of the disk below it. Save what is there before you repair the
file system or replace the disk.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class VolumeReadOnlySettings(Settings):
    """At once: nothing is written meanwhile."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0


rule = Rule(
    name="volume_read_only",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=Threshold("read_only", lambda _: (1.0, 0.0)),
    summary=N_("The volume can't be written to."),
    settings=VolumeReadOnlySettings,
    applies=lambda facts: facts.get("writable") is not False,
    hides_children=True,
    outage=True,
)
