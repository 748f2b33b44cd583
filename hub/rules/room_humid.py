"""Room is too humid.

Meaning: The air of the room has been more humid than the limit for longer than the hold time.

Why it matters: Moist air corrodes contacts, and where it condenses it ruins power supplies and disks.

First step: Look for water: a leak, a blocked drain of the air conditioning, a window left open. Then see that the
cooling or a dryer runs.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class RoomHumidSettings(Settings):
    """Eighty per cent is what most makers allow. Half an hour lets a mopped floor dry."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1800.0
    clear_seconds: float = 600.0
    raise_ratio: float = Field(default=0.8, gt=0, le=1, description="1, relative humidity")
    clear_ratio: float = Field(default=0.7, gt=0, le=1, description="1, relative humidity")


rule = Rule(
    name="room_humid",
    kinds=frozenset({DeviceKind.ROOM}),
    condition=Threshold("humidity_ratio", lambda s: (s.raise_ratio, s.clear_ratio)),
    summary=N_("The humidity of the room is {humidity_ratio}."),
    settings=RoomHumidSettings,
)
