"""Video traffic is unusual.

Meaning: Far more or far less has come in over the network in the last hours than usually does at this time of the week,
and than on any other day at this hour.

Why it matters: Much less means that cameras send less than they should, or that some send nothing. Much more loads the
network, the recorder and its store, and may be something that does not belong there.

First step: Compare the cameras of this recorder: does one of them stand out? Was a bitrate, a resolution or a number of
streams changed? What has lasted for a day counts as usual, and the ticket resolves by itself.
"""

from hub.rule import N_, Rule, Unusual
from hub.unusual import RatioSettings
from wire.messages import DeviceKind


class NetworkReceiveUnusualSettings(RatioSettings):
    """Of many cameras together a half is already much."""

    least_factor: float = 2.5


rule = Rule(
    name="network_receive_unusual",
    kinds=frozenset({DeviceKind.HOST}),
    condition=Unusual(
        "network_receive_bytes_per_second",
        lambda s: (s.raise_score, s.least_factor, s.learn_days),
        floor=10_000.0,
        sum_of=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER, DeviceKind.SWITCH, DeviceKind.NETWORK}),
    ),
    summary=N_(
        "Receives {network_receive_bytes_per_second} instead of the usual {usual_network_receive_bytes_per_second}."
    ),
    cases={
        "high": N_(
            "Receives {network_receive_bytes_per_second}, "
            "far more than the usual {usual_network_receive_bytes_per_second}."
        ),
        "low": N_(
            "Receives {network_receive_bytes_per_second}, "
            "far less than the usual {usual_network_receive_bytes_per_second}."
        ),
    },
    settings=NetworkReceiveUnusualSettings,
)
