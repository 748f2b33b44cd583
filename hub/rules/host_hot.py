"""Machine is too hot.

Meaning: The machine's hottest sensor has been above the limit for longer than the hold time.

Why it matters: A hot machine slows down, then switches itself off, and its disks age fast.

First step: Feel whether the room is hot. Then look for a stopped fan, a blocked filter, or something put onto the
machine.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class HostHotSettings(Settings):
    """Processors bear more, but not for years."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 300.0
    clear_seconds: float = 300.0
    raise_celsius: float = Field(default=80.0, description="Cel")
    clear_celsius: float = Field(default=75.0, description="Cel")


COLDEST = -273.15
"""°C: nothing is colder."""


def judge(snapshot: Snapshot, settings: HostHotSettings, now: int) -> Judgement:
    """Where the room it stands in is too hot, that has the ticket."""
    heat = snapshot.latest.get("temperature_celsius")
    if heat is None or settings.clear_celsius < heat.value < settings.raise_celsius:
        return UNKNOWN
    if heat.value <= settings.clear_celsius:
        return CLEAR
    if any("room_hot" in one.findings for one in snapshot.relatives.children()):
        return UNKNOWN
    return Judgement("firing", {"temperature_celsius": heat.value})


rule = Rule(
    name="host_hot",
    kinds=frozenset({DeviceKind.HOST}),
    condition=judge,
    summary=N_("The machine is at {temperature_celsius}."),
    metrics=("temperature_celsius",),
    quiet=lambda s: {"temperature_celsius": (COLDEST, s.raise_celsius)},
    settings=HostHotSettings,
    explains=frozenset({"temperature_unusual"}),
)
