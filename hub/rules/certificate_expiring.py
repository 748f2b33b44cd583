"""Device's certificate expires soon.

Meaning: The certificate with which the device shows who it is will expire within the limit, or has expired.

Why it matters: Software that checks certificates will refuse to connect, and then neither watches nor records. What
does not check can no longer be told from an impostor.

First step: Make a new certificate, on the device's own pages or with your authority, and install it. The device's page
here shows to whom the old one is made out.
"""

from math import inf

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class CertificateExpiringSettings(Settings):
    """Time enough to have one made, and to go there."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0
    raise_left_days: float = Field(default=21.0, description="d")
    clear_left_days: float = Field(default=22.0, description="d")


def judge(snapshot: Snapshot, settings: CertificateExpiringSettings, now: int) -> Judgement:
    """Between the two levels nothing changes."""
    left = snapshot.latest.get("certificate_left_days")
    if left is None:
        return UNKNOWN
    if left.value < settings.raise_left_days:
        case = "expired" if left.value <= 0 else "expiring"
        return Judgement("firing", {"certificate_left_days": abs(left.value), "case": case})
    return CLEAR if left.value >= settings.clear_left_days else UNKNOWN


rule = Rule(
    name="certificate_expiring",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("The device's certificate is good for another {certificate_left_days}."),
    cases={
        "expiring": N_("The device's certificate is good for another {certificate_left_days}."),
        "expired": N_("The device's certificate expired {certificate_left_days} ago."),
    },
    metrics=("certificate_left_days",),
    quiet=lambda settings: {"certificate_left_days": (settings.raise_left_days, inf)},
    settings=CertificateExpiringSettings,
)
