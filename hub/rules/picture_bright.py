"""Picture is too bright.

Meaning: The picture is burnt out: much of it is plain white, more than ever at this camera.

Why it matters: Faces and number plates cannot be made out.

First step: Does a lamp or the sun shine into the lens, does its own infra-red light come back from a cobweb, a wall or
a dirty dome? If not, check exposure and backlight settings.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureBrightSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="picture_bright",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("bright"),
    summary=N_("The picture is too bright."),
    metrics=picture.WOKEN_BY,
    settings=PictureBrightSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.CRITICAL},
)
