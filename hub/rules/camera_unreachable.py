"""Camera does not answer.

Meaning: The camera has not answered its management protocol for longer than the hold time, while its agent is well.

Why it matters: What this camera should see is most likely neither watched nor recorded.

First step: Check the camera's power and network port (the link light of its switch port), then its cable. If others
at the same switch are gone too, look at the switch first.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class CameraUnreachableSettings(Settings):
    """Five minutes lets a camera restart; two answer its return."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


rule = Rule(
    name="camera_unreachable",
    kinds=frozenset({DeviceKind.CAMERA}),
    condition=Threshold("reachable", lambda _: (0.0, 1.0)),
    summary=N_("The camera does not answer."),
    settings=CameraUnreachableSettings,
    hides_children=True,
    outage=True,
    in_key_area={"hold_seconds": 120.0},
)
