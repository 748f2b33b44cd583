"""Camera looks elsewhere.

Meaning: The view is another one than the camera used to have: it was turned, pushed or came loose.

Why it matters: What it was put up for is no longer watched, and whoever turned it may have meant that.

First step: Compare the picture with an older recording. Look in the recording for who turned it. Turn it back and
tighten its mount; if the new view is wanted, have the agent learn it anew.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureMovedSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="picture_moved",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("moved"),
    summary=N_("The camera looks elsewhere than before."),
    metrics=picture.WOKEN_BY,
    settings=PictureMovedSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.CRITICAL},
)
