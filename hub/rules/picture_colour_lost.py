"""Picture lost its colour by day.

Meaning: The picture is black and white in an hour and a light in which it always had colour.

Why it matters: The colour of clothes and cars is what witnesses remember; the recording lacks it.

First step: Look at the camera's day and night setting: is it fixed to night, or its switching level wrong? If not, its
infra-red filter may be stuck: switch it to and fro some times, else the camera has to be changed.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureColourLostSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.INFO


rule = Rule(
    name="picture_colour_lost",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("colour_lost"),
    summary=N_("The picture has no colour by day."),
    metrics=picture.WOKEN_BY,
    settings=PictureColourLostSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.WARNING},
)
