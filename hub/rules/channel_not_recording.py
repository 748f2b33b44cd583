"""Channel is not recorded although its plan wants it.

Meaning: The recording plan wants this channel recorded now, and the recorder says that it does not record it. There is
a picture: the channel is online.

Why it matters: Live view looks well, and what happens now will be missing when it is asked for.

First step: On the recorder, start recording of the channel by hand and see whether it says why it can't: no space, a
disk that is full or failed, a licence, a stream it cannot record. Check that somebody did not stop recording by hand.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class ChannelNotRecordingSettings(Settings):
    """Recorders are asked every ten minutes, give or take one: two times in a row not recorded; recorded once, it is
    over."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 500.0
    clear_seconds: float = 0.0


def judge(snapshot: Snapshot, settings: ChannelNotRecordingSettings, now: int) -> Judgement:
    """Without a picture there is nothing to record: a channel that is offline or lost its picture has that ticket."""
    latest = snapshot.latest
    active, planned = latest.get("recording_active"), latest.get("recording_planned")
    if active is None or planned is None:
        return UNKNOWN
    online, lost = latest.get("online"), latest.get("video_loss")
    no_picture = (online is not None and online.value < 0.5) or (lost is not None and lost.value >= 0.5)
    if active.value >= 0.5 or planned.value < 0.5 or no_picture:
        return CLEAR
    return Judgement("firing")


rule = Rule(
    name="channel_not_recording",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("The plan wants a recording, and the recorder makes none."),
    metrics=("recording_active",),
    quiet=lambda _: {"recording_active": (0.5, 1.5)},
    settings=ChannelNotRecordingSettings,
    outage=True,
)
