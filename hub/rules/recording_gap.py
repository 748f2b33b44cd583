"""Recording of yesterday has a gap.

Meaning: On the last full day something that the plan wanted is not there: a gap longer than the limit, though less
than one part in a hundred of the day.

Why it matters: If somebody asks for that time, there is nothing to show; gaps that come back have a cause.

First step: Look when it was and what else happened then: a restart, a lost camera, a move of the clock. Note it in
the log of the room.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from hub.unrecordable import DOWN
from wire.messages import DeviceKind


class RecordingGapSettings(Settings):
    """Gaps over five minutes are listed, the practice of the field.

    Half an hour shows whether it is one channel, or all of a recorder, which are asked one after the other.
    """

    severity: Severity = Severity.INFO
    hold_seconds: float = 1800.0
    raise_gap_seconds: float = Field(default=300.0, gt=0, description="s, the longest gap of the last full day")
    least_ratio: float = Field(default=0.99, gt=0, le=1, description="1, below it the daily integrity has the ticket")


def judge(snapshot: Snapshot, settings: RecordingGapSettings, now: int) -> Judgement:
    """The worse of the two tells: a day of which more is missing is a matter of integrity."""
    gap, whole = snapshot.latest.get("recording_longest_gap_seconds"), snapshot.latest.get("recording_integrity_ratio")
    if gap is None:
        return UNKNOWN
    if gap.value < settings.raise_gap_seconds or (whole is not None and whole.value < settings.least_ratio):
        return CLEAR
    return UNKNOWN if snapshot.findings & DOWN else Judgement("firing", {"gap_seconds": gap.value})


rule = Rule(
    name="recording_gap",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("The longest gap of the last full day is {gap_seconds}."),
    metrics=("recording_longest_gap_seconds",),
    quiet=lambda s: {"recording_longest_gap_seconds": (-1.0, s.raise_gap_seconds)},
    settings=RecordingGapSettings,
    seldom=True,
    in_key_area={"severity": Severity.WARNING},
)
