"""Disk shows its age.

Meaning: One of the disk's counts of bad or doubtful sectors has grown within the last week, or a flash disk has used
up its rated life.

Why it matters: Most disks that fail had such counts grow before. There is still time to replace it in daylight.

First step: Run a long self-test (smartctl -t long) and look again in a week. If the count goes on growing, order a
disk; if it stands still, keep an eye on it.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class DiskWearingSettings(Settings):
    """Any growth counts: raw values above none of 5, 187, 197 and 198 merit a look (practice of large operators)."""

    severity: Severity = Severity.WARNING
    raise_growth: float = Field(default=1.0, gt=0, description="1, sectors or errors within the lookback")
    raise_wear_ratio: float = Field(default=0.95, gt=0, description="1, of the rated life of flash memory")


COUNTS = (
    "smart_reallocated_sectors",
    "smart_pending_sectors",
    "smart_uncorrectable_sectors",
    "smart_uncorrectable_errors",
)
"""Command time-outs are left out: loose cables and one maker's packed counter make them grow on healthy disks."""


def judge(snapshot: Snapshot, settings: DiskWearingSettings, now: int) -> Judgement:
    """Growth against the least of the lookback; a single look proves none."""
    wear = snapshot.latest.get("smart_wear_ratio")
    if wear is not None and wear.value >= settings.raise_wear_ratio:
        return Judgement("firing", {"case": "wear", "ratio": wear.value})
    for name in COUNTS:
        newest, window = snapshot.latest.get(name), snapshot.windows.get(name)
        if newest is not None and window:
            grown = newest.value - min(value.value for value in window)
            if grown >= settings.raise_growth:
                return Judgement("firing", {"count": newest.value, "grown": grown})
    return CLEAR


rule = Rule(
    name="disk_wearing",
    kinds=frozenset({DeviceKind.DISK}),
    condition=judge,
    summary=N_("Bad or doubtful sectors: {count}, {grown} more than a week ago."),
    cases={"wear": N_("{ratio} of the flash memory's rated life is used up.")},
    metrics=(*COUNTS, "smart_wear_ratio"),
    settings=DiskWearingSettings,
    lookback_seconds=7 * 86_400.0,
    sample_seconds=43_200.0,
)
