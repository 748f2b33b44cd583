"""Camera refuses our account.

Meaning: The camera answers, but has refused the agent's account, at more than one attempt.

Why it matters: Nobody can tell any more whether it streams, what it shows and whether its settings were changed. The
recorder may be locked out in the same way.

First step: Log in to the camera with the agent's account. If it works, the camera's connections were most likely used
up: see who else holds some, then restart it. If not, set the password again on the camera or in the agent's
configuration, and find out who changed it. The agent tries again by itself half an hour after a refusal; do not try
passwords, the camera may lock the account.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class CameraUnauthenticatedSettings(Settings):
    """An agent leaves an account that was refused alone for half an hour: one refusal may be a camera that is busy."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 2100.0
    clear_seconds: float = 60.0


rule = Rule(
    name="camera_unauthenticated",
    kinds=frozenset({DeviceKind.CAMERA}),
    condition=Threshold("authenticated", lambda _: (0.0, 1.0)),
    summary=N_("The camera refuses our account."),
    settings=CameraUnauthenticatedSettings,
    in_key_area={"severity": Severity.CRITICAL},
)
