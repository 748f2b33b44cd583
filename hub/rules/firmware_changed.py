"""Firmware was changed.

Meaning: The device runs another firmware than when it was last asked.

Why it matters: With a firmware come other settings, accounts and faults. One that nobody planned may be an attack, or a
device that was swapped.

First step: Ask who installed it, and when. Then look at the device: time settings, accounts, recording plan and
streams are what an update likes to set back. If nobody did, check the device's accounts and its network.
"""

from hub.rule import N_, Changed, Rule, Settings, Severity
from wire.messages import DeviceKind


class FirmwareChangedSettings(Settings):
    """A day: long enough to be read by whoever comes next."""

    severity: Severity = Severity.INFO
    clear_seconds: float = 86_400.0


rule = Rule(
    name="firmware_changed",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=Changed("firmware"),
    summary=N_("The firmware was {before} and is {after} now."),
    settings=FirmwareChangedSettings,
)
