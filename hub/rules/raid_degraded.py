"""Array runs without reserve.

Meaning: The array works with fewer disks than it should have.

Why it matters: The next disk that fails takes all of it.

First step: Find the member that is missing (the array's list, the disks' tickets) and replace it. Watch the
rebuilding to its end.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class RaidDegradedSettings(Settings):
    """At once; a disk of the same machine that is missing, or a member that is failing, is the cause."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0


def explained(array: Snapshot) -> bool:
    """Whether a member is known to be failing: a disk that failed long ago may be in another array, or in none."""
    machine = array.relatives.parent()
    members = f"{array.facts.get('members', '')} {array.facts.get('failed', '')}".split()
    for disk in machine.relatives.children() if machine is not None else ():
        name = str(disk.facts.get("path", "")).removeprefix("/dev/")
        if "disk_failing" in disk.findings and name and any(member.startswith(name) for member in members):
            return True
    return False


def judge(snapshot: Snapshot, settings: RaidDegradedSettings, now: int) -> Judgement:
    """As the kernel has it; a member that is failing has the ticket already."""
    degraded = snapshot.latest.get("raid_degraded")
    if degraded is None:
        return UNKNOWN
    if degraded.value < 0.5:
        return CLEAR
    if explained(snapshot):
        return UNKNOWN
    missing = snapshot.latest.get("raid_disks_missing")
    return Judgement("firing", {"missing": missing.value if missing is not None else 1.0})


rule = Rule(
    name="raid_degraded",
    kinds=frozenset({DeviceKind.DISK}),
    condition=judge,
    summary=N_("The array lacks {missing} of its disks."),
    metrics=("raid_degraded",),
    quiet=lambda _: {"raid_degraded": (-0.5, 0.5)},
    settings=RaidDegradedSettings,
)
