"""Picture is too dark.

Meaning: The picture is almost black at an hour at which it never is.

Why it matters: Nothing can be made out, live or in the recording.

First step: Is the light on where the camera stands? If it is, check exposure and shutter in the camera's settings, and
whether something lies before the lens. If it is not, somebody may have switched it off for a reason.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureDarkSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.CRITICAL


rule = Rule(
    name="picture_dark",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("dark"),
    summary=N_("The picture is too dark to see anything."),
    metrics=picture.WOKEN_BY,
    settings=PictureDarkSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
)
