"""Amount recorded is unusual.

Meaning: A channel has written far more or far less in the last hours than it usually writes at this time of the week,
and than on any other day at this hour.

Why it matters: Much less may be a picture that has frozen or gone dark, a lowered quality, or a plan that was changed.
Much more fills the store ahead of time, and the oldest recordings go before they may.

First step: Look at the live picture and at a recording of the last hour. Is the picture as it should be, and does the
camera's bitrate say what was agreed? What has lasted for a day counts as usual, and the ticket resolves by itself.
"""

from hub.rule import N_, Rule, Unusual
from hub.unusual import RatioSettings
from wire.messages import DeviceKind


class WriteRateUnusualSettings(RatioSettings):
    """Scenes differ from day to day: half or twice as much is no news."""

    least_factor: float = 3.0


rule = Rule(
    name="write_rate_unusual",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=Unusual(
        "recording_bytes_per_second", lambda s: (s.raise_score, s.least_factor, s.learn_days), floor=1000.0
    ),
    summary=N_("Writes {recording_bytes_per_second} instead of the usual {usual_recording_bytes_per_second}."),
    cases={
        "high": N_("Writes {recording_bytes_per_second}, far more than the usual {usual_recording_bytes_per_second}."),
        "low": N_("Writes {recording_bytes_per_second}, far less than the usual {usual_recording_bytes_per_second}."),
    },
    settings=WriteRateUnusualSettings,
)
