"""Several cameras went down together.

Meaning: Several cameras of one switch or agent stopped answering within minutes of each other. What they
share has failed: power, a PoE switch, a cable or a fuse.

Why it matters: A whole part of the premises is neither watched nor recorded.

First step: Look at what the cameras have in common: the circuit's fuse, the PoE switch and its cable upstream. The
list of consequences names the cameras.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class CamerasDownSettings(Settings):
    """Three of them are no coincidence, if that is most of what hangs there. Two minutes, as for each of them."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 120.0
    least_cameras: int = Field(default=3, ge=2, description="1, cameras")
    share_ratio: float = Field(default=0.6, gt=0, le=1, description="1, of those that hang there")
    within_seconds: float = Field(default=300.0, gt=0, description="s, in which they went down")


rule = Rule(
    name="cameras_down",
    kinds=frozenset({DeviceKind.AGENT, DeviceKind.SWITCH}),
    condition=Together(
        frozenset({"camera_unreachable"}), lambda s: (s.least_cameras, s.share_ratio, s.within_seconds), abrupt=True
    ),
    summary=N_("{number} of {of} cameras went down at the same time."),
    settings=CamerasDownSettings,
    hides_children=True,
)
