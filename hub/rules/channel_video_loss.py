"""Recorder gets no picture from a channel.

Meaning: The recorder lists the channel as present, but says that no picture comes from it.

Why it matters: Nothing of what this camera should see is recorded, though the channel looks connected.

First step: Look at the channel on the recorder's own screen. Check the camera's cable and power, and with an analogue
camera its plug; then whether the camera's stream settings (codec, resolution) were changed to ones that the recorder
cannot take.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class ChannelVideoLossSettings(Settings):
    """As for a channel that is offline."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


def judge(snapshot: Snapshot, settings: ChannelVideoLossSettings, now: int) -> Judgement:
    """A channel that is offline has no picture either: that is the other ticket."""
    lost, online = snapshot.latest.get("video_loss"), snapshot.latest.get("online")
    if lost is None:
        return UNKNOWN
    if lost.value < 0.5 or (online is not None and online.value < 0.5):
        return CLEAR
    return Judgement("firing")


rule = Rule(
    name="channel_video_loss",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("The recorder gets no picture from the channel."),
    metrics=("video_loss",),
    quiet=lambda _: {"video_loss": (-0.5, 0.5)},
    settings=ChannelVideoLossSettings,
    outage=True,
    in_key_area={"hold_seconds": 120.0},
)
