"""Picture cannot be had.

Meaning: The agent asks the camera or its recorder for a picture, and gets none that can be read, though the device is
there, takes our account and has a video signal.

Why it matters: Nobody knows what this camera shows: whether it is sharp, covered or turned away.

First step: Open the camera's picture with the agent's account: the account may lack the right to see it, or the
address for single pictures was switched off or changed with the firmware.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind

BARRED = ("reachable", "authenticated", "streaming", "online")
"""What must be there for a picture; where it is not, that is the ticket."""


class PictureMissingSettings(Settings):
    """A picture every ten minutes: three in a row are missing."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1080.0
    clear_seconds: float = 0.0


def judge(snapshot: Snapshot, settings: PictureMissingSettings, now: int) -> Judgement:
    """Only where nothing else explains it."""
    latest = snapshot.latest
    taken, lost = latest.get("picture_taken"), latest.get("video_loss")
    if taken is None:
        return UNKNOWN
    barred = any(name in latest and latest[name].value < 0.5 for name in BARRED)
    if taken.value >= 0.5 or barred or (lost is not None and lost.value >= 0.5):
        return CLEAR
    return Judgement("firing")


rule = Rule(
    name="picture_missing",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.CHANNEL}),
    condition=judge,
    summary=N_("No picture of this camera can be had."),
    metrics=("picture_taken",),
    quiet=lambda _: {"picture_taken": (0.5, 1.5)},
    settings=PictureMissingSettings,
    in_key_area={"severity": Severity.CRITICAL},
)
