"""The hub's certificate expires soon.

Meaning: The certificate with which the hub shows the message broker who it is will expire within the limit, or has.

Why it matters: With an expired certificate the broker refuses the hub at its next connection, and nobody is watched.

First step: Have a new certificate made and put it, with its key, into the files that the hub's configuration names
under [broker.tls]. The hub reads them at every new connection; it need not be restarted.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HubCertificateExpiringSettings(Settings):
    """Long enough to have one made."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 0.0
    clear_seconds: float = 0.0
    raise_left_days: float = Field(default=21.0, description="d")
    clear_left_days: float = Field(default=22.0, description="d")


rule = Rule(
    name="hub_certificate_expiring",
    kinds=frozenset({DeviceKind.HUB}),
    condition=Threshold("certificate_left_days", lambda s: (s.raise_left_days, s.clear_left_days)),
    summary=N_("The hub's certificate is good for another {certificate_left_days}."),
    settings=HubCertificateExpiringSettings,
)
