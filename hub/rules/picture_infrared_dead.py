"""Infra-red light is dead.

Meaning: By night the picture is black, though this camera's own infra-red light used to show the scene.

Why it matters: The camera is blind from dusk till dawn, and by day nobody notices.

First step: Look at the camera in the dark: its lamps glow faintly red, or not at all. Check that infra-red is switched
on in its settings and that its power supply is strong enough for it; the lamps are what takes most.
"""

from hub import picture
from hub.rule import N_, Rule, Severity
from wire.messages import DeviceKind


class PictureInfraredDeadSettings(picture.PictureSettings):
    """As for every flaw of a picture."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="picture_infrared_dead",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=picture.of("infrared_dead"),
    summary=N_("By night the camera's infra-red light does not shine."),
    metrics=picture.WOKEN_BY,
    settings=PictureInfraredDeadSettings,
    lookback_seconds=picture.LIGHT_SECONDS,
    in_key_area={"severity": Severity.CRITICAL},
)
