"""Disk is too hot.

Meaning: The disk has been at or above the limit for longer than the hold time.

Why it matters: Disks that run hot die years early.

First step: Look for a stopped fan or a blocked filter; give the disks air. If the room is hot, start there.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class DiskHotSettings(Settings):
    """Sixty is the limit of most makers."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 300.0
    clear_seconds: float = 300.0
    raise_celsius: float = Field(default=60.0, description="Cel")
    clear_celsius: float = Field(default=56.0, description="Cel")


rule = Rule(
    name="disk_hot",
    kinds=frozenset({DeviceKind.DISK}),
    condition=Threshold("temperature_celsius", lambda s: (s.raise_celsius, s.clear_celsius)),
    summary=N_("The disk is at {temperature_celsius}."),
    settings=DiskHotSettings,
    explains=frozenset({"temperature_unusual"}),
)
