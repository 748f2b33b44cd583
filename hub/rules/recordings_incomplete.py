"""Recordings of several channels have gaps.

Meaning: On the last full day several channels of one recorder lack parts of what their plans wanted. What they share
has failed for a while: the recorder, its disks, its power or its network.

Why it matters: All of them lack the same time, so no other camera can stand in for it.

First step: Compare when the gaps were: the same time means a restart or an outage of the recorder; look in the tickets
of that day. If they are spread, its disks or its network can't keep up.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class RecordingsIncompleteSettings(Settings):
    """Three are no coincidence. Recorders are asked for the day before every six hours."""

    severity: Severity = Severity.WARNING
    least_channels: int = Field(default=3, ge=2, description="1, channels")
    share_ratio: float = Field(default=0.5, gt=0, le=1, description="1, of its channels")
    within_seconds: float = Field(default=28_800.0, gt=0, description="s, in which they were found incomplete")


rule = Rule(
    name="recordings_incomplete",
    kinds=frozenset({DeviceKind.RECORDER, DeviceKind.HOST}),
    condition=Together(
        frozenset({"daily_integrity", "recording_gap"}),
        lambda s: (s.least_channels, s.share_ratio, s.within_seconds),
    ),
    summary=N_("{number} of {of} channels lack parts of the last full day."),
    settings=RecordingsIncompleteSettings,
    hides_children=True,
)
