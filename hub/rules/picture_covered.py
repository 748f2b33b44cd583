"""View is covered.

Meaning: The camera's view is covered: cloth, tape, paper, paint or something placed before it.

Why it matters: Whoever covers a camera does not want to be seen. Until it is free, it records nothing of use.

First step: Look at the pictures from before it was covered, and at the cameras next to it: who came near? Send
somebody to free the view. If nothing is there, clean the lens and check that the camera was not pushed against a wall.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureCoveredSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.CRITICAL


rule = Rule(
    name="picture_covered",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("covered"),
    summary=N_("The camera's view is covered."),
    metrics=picture.WOKEN_BY,
    settings=PictureCoveredSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
)
