"""Recorder channel is offline.

Meaning: The recorder answers, and says that the camera behind this channel is not there.

Why it matters: The camera behind this channel is not being recorded.

First step: Look at the channel on the recorder's own screen. Check the camera's power and cable, then the recorder's
port; a changed camera password or address looks the same.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class ChannelOfflineSettings(Settings):
    """As for a camera of its own."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


def judge(snapshot: Snapshot, settings: ChannelOfflineSettings, now: int) -> Judgement:
    """A camera that does not answer us either has that ticket, a channel that is not even listed another."""
    latest = snapshot.latest
    online = latest.get("online")
    if online is None:
        return UNKNOWN
    elsewhere = any(name in latest and latest[name].value < 0.5 for name in ("reachable", "listed"))
    return CLEAR if online.value >= 0.5 or elsewhere else Judgement("firing")


rule = Rule(
    name="channel_offline",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("The recorder reports the channel as missing."),
    metrics=("online",),
    quiet=lambda _: {"online": (0.5, 1.5)},
    settings=ChannelOfflineSettings,
    outage=True,
    in_key_area={"hold_seconds": 120.0},
)
