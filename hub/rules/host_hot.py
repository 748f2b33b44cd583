"""Machine is too hot.

Meaning: The machine's hottest sensor has been above the limit for longer than the hold time.

Why it matters: A hot machine slows down, then switches itself off, and its disks age fast.

First step: Feel whether the room is hot. Then look for a stopped fan, a blocked filter, or something put onto the
machine.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HostHotSettings(Settings):
    """Processors bear more, but not for years."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 300.0
    clear_seconds: float = 300.0
    raise_celsius: float = Field(default=80.0, description="Cel")
    clear_celsius: float = Field(default=75.0, description="Cel")


rule = Rule(
    name="host_hot",
    kinds=frozenset({DeviceKind.HOST}),
    condition=Threshold("temperature_celsius", lambda s: (s.raise_celsius, s.clear_celsius)),
    summary=N_("The machine is at {temperature_celsius}."),
    settings=HostHotSettings,
    explains=frozenset({"temperature_unusual"}),
)
