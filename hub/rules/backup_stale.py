"""Backup is stale.

Meaning: The newest backup is older than the limit, or what is there can't be read.

Why it matters: When the recorder or the hub dies, what changed since the last good backup is lost.

First step: Look at the log of the backup job: did it run, had it space, could it reach its target? Run it by hand,
and restore one file from it to see that it works.
"""

from math import inf

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class BackupStaleSettings(Settings):
    """A nightly backup may come half a day late."""

    severity: Severity = Severity.WARNING
    raise_age_seconds: float = Field(default=129_600.0, gt=0, description="s")


def judge(snapshot: Snapshot, settings: BackupStaleSettings, now: int) -> Judgement:
    """None, old, or of no use."""
    found = snapshot.latest.get("backups")
    if found is not None and found.value < 0.5:
        return Judgement("firing", {"case": "none"})
    age, readable = snapshot.latest.get("backup_age_seconds"), snapshot.latest.get("backup_readable")
    if age is not None and age.value >= settings.raise_age_seconds:
        return Judgement("firing", {"age_seconds": age.value, "case": "old"})
    if readable is not None and readable.value < 0.5:
        return Judgement("firing", {"case": "unreadable"})
    return UNKNOWN if age is None and readable is None and found is None else CLEAR


rule = Rule(
    name="backup_stale",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=judge,
    summary=N_("The newest backup is of no use."),
    cases={
        "none": N_("There is no backup."),
        "old": N_("The newest backup is {age_seconds} old."),
        "unreadable": N_("The newest backup can't be read."),
    },
    metrics=("backups", "backup_age_seconds", "backup_readable"),
    quiet=lambda s: {
        "backups": (0.5, inf),
        "backup_age_seconds": (-inf, s.raise_age_seconds),
        "backup_readable": (0.5, 1.5),
    },
    settings=BackupStaleSettings,
)
