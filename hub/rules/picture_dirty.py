"""Lens is webbed or dirty.

Meaning: A part of the picture has lost its detail: a cobweb, dirt or drops on the lens.

Why it matters: What passes through that part is not seen. By night a web before infra-red lamps shines and blinds the
camera.

First step: Clean the dome or lens and its surroundings with a soft cloth. Spiders come back for the warmth: ask for
something that keeps them away.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureDirtySettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="picture_dirty",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("dirty"),
    summary=N_("A part of the picture is dirty."),
    metrics=picture.WOKEN_BY,
    settings=PictureDirtySettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.CRITICAL},
)
