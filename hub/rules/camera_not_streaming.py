"""Camera delivers no stream.

Meaning: The camera answers and takes our account, but does not describe its main video stream (RTSP).

Why it matters: What it sees can be neither watched nor recorded, although it looks alive.

First step: Open the camera's live picture. If others see it, too many of them may be watching: close some. If nobody
does, restart the camera; then check that RTSP is switched on and that its main profile still exists.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class CameraNotStreamingSettings(Settings):
    """Streams are looked at every five minutes: three times in a row none, two times there is one again."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 540.0
    clear_seconds: float = 240.0


rule = Rule(
    name="camera_not_streaming",
    kinds=frozenset({DeviceKind.CAMERA}),
    condition=Threshold("streaming", lambda _: (0.0, 1.0)),
    summary=N_("The camera answers, but delivers no stream."),
    settings=CameraNotStreamingSettings,
    outage=True,
)
