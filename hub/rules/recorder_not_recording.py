"""Recorder records many of its channels no more.

Meaning: Many channels of this recorder stopped being recorded at about the same time, or had their plans switched off.

Why it matters: The cameras are well and live view goes on, while the room loses its evidence.

First step: Look at the recorder's disks first: full without overwriting, read-only, failed, missing. Then at its
recording plans and licence, and in its log for who changed them. The channels are listed here and close by themselves.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class RecorderNotRecordingSettings(Settings):
    """Three, and half of all: fewer are told one by one. Channels are asked every ten minutes."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 120.0
    number: int = Field(default=3, ge=2, description="1, channels")
    share: float = Field(default=0.5, ge=0, le=1, description="1, of all of them")
    within_seconds: float = Field(default=1200.0, gt=0, description="s, between the first and the last")


rule = Rule(
    name="recorder_not_recording",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Together(
        frozenset({"channel_not_recording", "channel_recording_ceased", "channel_plan_off"}),
        lambda s: (s.number, s.share, s.within_seconds),
        abrupt=True,
    ),
    summary=N_("{number} of {of} channels stopped being recorded together."),
    settings=RecorderNotRecordingSettings,
    hides_children=True,
)
