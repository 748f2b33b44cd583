"""Volume is not encrypted.

Meaning: What lies on this volume can be read by whoever carries the disk away.

Why it matters: Recordings show people. A stolen or discarded disk that can be read is a breach of their privacy, and
of most rules for such rooms.

First step: Plan to move the data to an encrypted volume (LUKS, BitLocker). If this volume holds nothing about people,
switch the rule off for it.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class VolumeUnencryptedSettings(Settings):
    """It does not change by itself: no hold."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0


rule = Rule(
    name="volume_unencrypted",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=Threshold("encrypted", lambda _: (0.0, 1.0)),
    summary=N_("The volume is not encrypted."),
    settings=VolumeUnencryptedSettings,
)
