"""Channel vanished from its recorder.

Meaning: The recorder answers and lists its channels, and this one, which it listed before, is no longer among them.

Why it matters: Nobody sees a gap: on the recorder's screen the channel is simply not there. Somebody may have deleted
it, or the recorder was set back or swapped. Its recordings may be hidden or gone, too.

First step: Ask who removed it; the recorder's log may tell. If nobody did, compare the recorder's settings with the
copy you keep, and add the camera again. If it was taken away for good, take it out of the agent's configuration, or
wait: after a month without it the agent no longer misses it.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class ChannelVanishedSettings(Settings):
    """As for a channel that is offline."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


def judge(snapshot: Snapshot, settings: ChannelVanishedSettings, now: int) -> Judgement:
    """A camera that does not answer us either has that ticket."""
    listed, reachable = snapshot.latest.get("listed"), snapshot.latest.get("reachable")
    if listed is None:
        return UNKNOWN
    off = reachable is not None and reachable.value < 0.5
    return CLEAR if listed.value >= 0.5 or off else Judgement("firing")


rule = Rule(
    name="channel_vanished",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("The recorder no longer lists the channel."),
    metrics=("listed",),
    quiet=lambda _: {"listed": (0.5, 1.5)},
    settings=ChannelVanishedSettings,
    outage=True,
    in_key_area={"hold_seconds": 120.0},
)
