"""Picture is frozen.

Meaning: The same picture comes again and again, though here something always moves or flickers a little.

Why it matters: Who watches sees an empty yard that was empty hours ago. What is recorded is the same still.

First step: Compare the clock in the picture with yours. Restart the camera, or the channel's connection on the
recorder. If it happens again, update the firmware; if the time in the picture runs on, somebody may be feeding it a
still.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureFrozenSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.CRITICAL


rule = Rule(
    name="picture_frozen",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("frozen"),
    summary=N_("The picture has not changed any more."),
    metrics=picture.WOKEN_BY,
    settings=PictureFrozenSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
)
