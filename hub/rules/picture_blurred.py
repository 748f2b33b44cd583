"""Picture is blurred.

Meaning: The picture has lost more than half of the sharpness that this view used to have.

Why it matters: Faces and number plates cannot be made out, live or in the recording.

First step: Clean the dome or lens: water, dust and spray are the usual cause. Then set the focus, by day and by night.
Fog and heavy rain pass.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureBlurredSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="picture_blurred",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("blurred"),
    summary=N_("The picture is blurred."),
    metrics=picture.WOKEN_BY,
    settings=PictureBlurredSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.CRITICAL},
)
