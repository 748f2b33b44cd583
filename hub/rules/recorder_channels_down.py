"""Many channels of a recorder are gone at once.

Meaning: The recorder answers, and lost many of its channels within a short time.

Why it matters: That many cameras do not fail together. What feeds or connects them has failed, and none of them is
being recorded.

First step: Find what these channels have in common: a switch, its power over Ethernet, the recorder's own ports, a
supply. Put that right first. The channels are listed here and close by themselves.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class RecorderChannelsDownSettings(Settings):
    """Three, and half of all: fewer are told one by one."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 120.0
    number: int = Field(default=3, ge=2, description="1, channels")
    share: float = Field(default=0.5, ge=0, le=1, description="1, of all of them")
    within_seconds: float = Field(default=300.0, gt=0, description="s, between the first and the last")


rule = Rule(
    name="recorder_channels_down",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Together(
        frozenset({"channel_offline", "channel_vanished", "channel_video_loss"}),
        lambda s: (s.number, s.share, s.within_seconds),
        abrupt=True,
    ),
    summary=N_("{number} of {of} channels were lost together."),
    settings=RecorderChannelsDownSettings,
    hides_children=True,
)
