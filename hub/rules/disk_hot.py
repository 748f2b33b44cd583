"""Disk is too hot.

Meaning: The disk has been at or above the limit for longer than the hold time.

Why it matters: Disks that run hot die years early.

First step: Look for a stopped fan or a blocked filter; give the disks air. If the room is hot, start there.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class DiskHotSettings(Settings):
    """Sixty is the limit of most makers. No hold: most disks are asked once an hour or once a day."""

    severity: Severity = Severity.WARNING
    raise_celsius: float = Field(default=60.0, description="Cel")
    clear_celsius: float = Field(default=56.0, description="Cel")


COLDEST = -273.15
"""°C: nothing is colder."""


def judge(snapshot: Snapshot, settings: DiskHotSettings, now: int) -> Judgement:
    """Where the machine or the room around it is too hot, that has the ticket."""
    heat = snapshot.latest.get("temperature_celsius")
    if heat is None or settings.clear_celsius < heat.value < settings.raise_celsius:
        return UNKNOWN
    if heat.value <= settings.clear_celsius:
        return CLEAR
    machine = snapshot.relatives.parent()
    around = [machine, *machine.relatives.children()] if machine is not None else []
    if any(one.findings & {"host_hot", "room_hot"} for one in around):
        return UNKNOWN
    return Judgement("firing", {"temperature_celsius": heat.value})


rule = Rule(
    name="disk_hot",
    kinds=frozenset({DeviceKind.DISK}),
    condition=judge,
    summary=N_("The disk is at {temperature_celsius}."),
    metrics=("temperature_celsius",),
    quiet=lambda s: {"temperature_celsius": (COLDEST, s.raise_celsius)},
    settings=DiskHotSettings,
    explains=frozenset({"temperature_unusual"}),
)
