"""Room is too hot.

Meaning: The air of the room has been above the limit for longer than the hold time.

Why it matters: Recorders and disks fail by the dozen in a room whose cooling has stopped.

First step: Look whether the cooling runs; open the door and put up a fan if it does not. Call who services it.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class RoomHotSettings(Settings):
    """Ten minutes let a door stand open."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 600.0
    clear_seconds: float = 600.0
    raise_celsius: float = Field(default=35.0, description="Cel")
    clear_celsius: float = Field(default=32.0, description="Cel")


rule = Rule(
    name="room_hot",
    kinds=frozenset({DeviceKind.ROOM}),
    condition=Threshold("temperature_celsius", lambda s: (s.raise_celsius, s.clear_celsius)),
    summary=N_("The room is at {temperature_celsius}."),
    settings=RoomHotSettings,
    explains=frozenset({"room_humid", "temperature_unusual"}),
    in_key_area={"severity": Severity.CRITICAL},
)
