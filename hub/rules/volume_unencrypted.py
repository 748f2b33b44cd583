"""Volume is not encrypted.

Meaning: What lies on this volume of recordings or backups, or on one that was encrypted before, can be read by whoever
carries the disk away.

Why it matters: Recordings show people. A stolen or discarded disk that can be read is a breach of their privacy, and
of most rules for such rooms.

First step: Plan to move the data to an encrypted volume (LUKS, BitLocker). If this volume holds nothing about people,
switch the rule off for it.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class VolumeUnencryptedSettings(Settings):
    """It does not change by itself: no hold."""

    severity: Severity = Severity.WARNING


def judge(snapshot: Snapshot, settings: VolumeUnencryptedSettings, now: int) -> Judgement:
    """A system volume that never was encrypted is as its maker left it, like nearly all."""
    encrypted = snapshot.latest.get("encrypted")
    if encrypted is None:
        return UNKNOWN
    if encrypted.value >= 0.5:
        return CLEAR
    keeps_people = snapshot.facts.get("role") in ("recording", "backup")
    was = any(value.value >= 0.5 for value in snapshot.windows.get("encrypted", ()))
    return Judgement("firing") if keeps_people or was else UNKNOWN


rule = Rule(
    name="volume_unencrypted",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=judge,
    summary=N_("The volume is not encrypted."),
    metrics=("encrypted",),
    quiet=lambda _: {"encrypted": (0.5, 1.5)},
    settings=VolumeUnencryptedSettings,
    lookback_seconds=7 * 86_400.0,
    sample_seconds=86_400.0,
)
