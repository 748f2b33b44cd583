"""Network port has errors.

Meaning: Packets arrive damaged at this port or interface, longer than the hold time.

Why it matters: Streams stutter and recordings lose pictures long before the link goes down.

First step: Change the cable, then the port. Look for a plug that was crimped badly, or both ends set to different
speeds.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class PortErrorsSettings(Settings):
    """Ten minutes pass over somebody who plugs a cable."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 600.0
    clear_seconds: float = 600.0
    raise_per_second: float = Field(default=1.0, gt=0, description="1/s")
    clear_per_second: float = Field(default=0.1, ge=0, description="1/s")


rule = Rule(
    name="port_errors",
    kinds=frozenset({DeviceKind.NETWORK}),
    condition=Threshold("network_errors_per_second", lambda s: (s.raise_per_second, s.clear_per_second)),
    summary=N_("{network_errors_per_second} packets arrive damaged."),
    settings=PortErrorsSettings,
)
