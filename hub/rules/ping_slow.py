"""Way to the device is slow.

Meaning: A packet to the device and back has taken far longer in the last hours than it usually does at this time of
the week.

Why it matters: A network that is full, a radio link in bad weather or a loop in the wiring loses pictures before it
loses the device.

First step: Are other devices on the same switch or link slow, too? Then look there: traffic, errors of the ports, the
radio link. What has lasted for a day counts as usual, and the ticket resolves by itself.
"""

from hub.rule import N_, Rule, Unusual
from hub.unusual import RatioSettings
from wire.messages import DeviceKind


class PingSlowSettings(RatioSettings):
    """Ways jitter: only several times as long is news."""

    least_factor: float = 4.0


rule = Rule(
    name="ping_slow",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER, DeviceKind.SWITCH, DeviceKind.DOOR, DeviceKind.NETWORK}),
    condition=Unusual(
        "ping_seconds",
        lambda s: (s.raise_score, s.least_factor, s.learn_days),
        floor=0.01,
        towards=frozenset({"high"}),
    ),
    summary=N_("Takes {ping_seconds} to answer, usually {usual_ping_seconds}."),
    settings=PingSlowSettings,
)
