"""Recorder channel is offline.

Meaning: The recorder answers but no longer lists this channel as present.

Why it matters: The camera behind this channel is not being recorded.

First step: Look at the channel on the recorder's own screen. Check the camera's power and cable, then the recorder's
port; a changed camera password or address looks the same.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class ChannelOfflineSettings(Settings):
    """As for a camera of its own."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


rule = Rule(
    name="channel_offline",
    kinds=frozenset({DeviceKind.CHANNEL}),
    condition=Threshold("online", lambda _: (0.0, 1.0)),
    summary=N_("The recorder reports the channel as missing."),
    settings=ChannelOfflineSettings,
    outage=True,
)
