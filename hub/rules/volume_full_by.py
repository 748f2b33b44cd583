"""Volume will be full soon.

Meaning: At its present growth the volume will be full within the limit.

Why it matters: A full volume stops recording, databases and logs at once, most likely at night.

First step: See what grows: du in the large folders, or the recorder's own settings for how long it keeps recordings.
Make room or give it more before the date.
"""

from math import inf

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class VolumeFullBySettings(Settings):
    """A week is time enough to act; the agent's forecast is robust, an hour proves that it stays."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 3600.0
    clear_seconds: float = 3600.0
    raise_left_days: float = Field(default=7.0, gt=0, description="d")
    clear_left_days: float = Field(default=10.0, gt=0, description="d")


def judge(snapshot: Snapshot, settings: VolumeFullBySettings, now: int) -> Judgement:
    """A volume that no longer grows tells no number of days; one that is full has its own ticket."""
    left, fill = snapshot.latest.get("full_in_days"), snapshot.latest.get("fill_ratio")
    if fill is None:
        return UNKNOWN
    if left is None or left.at < fill.at:
        return CLEAR
    if left.value <= settings.raise_left_days and "volume_filling" not in snapshot.findings:
        return Judgement("firing", {"left_days": left.value, "fill_ratio": fill.value})
    return CLEAR if left.value >= settings.clear_left_days else UNKNOWN


rule = Rule(
    name="volume_full_by",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=judge,
    summary=N_("Full in {left_days}; {fill_ratio} of the space is in use."),
    metrics=("full_in_days", "fill_ratio"),
    quiet=lambda s: {"full_in_days": (s.raise_left_days, inf), "fill_ratio": (-inf, inf)},
    settings=VolumeFullBySettings,
    explains=frozenset({"volume_filling"}),
)
