"""What befalls the room: its power and its air."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from wire.messages import DeviceKind as Kind


class UpsOnBattery(FaultBase):
    """The mains are gone: the UPS runs on its battery, which would last `minutes`."""

    kind: Literal["ups_on_battery"]
    minutes: Annotated[float, Field(gt=0, le=10_000)] = 60.0
    befalls = (Kind.UPS,)
    tells = "{fault.device} runs on its battery"
    living = False


class BatteryWorn(FaultBase):
    """The UPS asks for a new battery."""

    kind: Literal["battery_worn"]
    befalls = (Kind.UPS,)
    tells = "{fault.device} asks for a new battery"
    living = False


class RoomHot(FaultBase):
    """The air of the room is `celsius` hot: the cooling failed."""

    kind: Literal["room_hot"]
    celsius: Annotated[float, Field(ge=-40, le=80)] = 39.0
    befalls = (Kind.ROOM,)
    tells = "{fault.device} is {fault.celsius:g} °C hot"
    living = False


class RoomHumid(FaultBase):
    """The air of the room has so large a `share` of the moisture it could hold: water came in, or a dryer failed."""

    kind: Literal["room_humid"]
    share: Annotated[float, Field(ge=0, le=1)] = 0.9
    befalls = (Kind.ROOM,)
    tells = "the air of {fault.device} is humid: {fault.share:.0%}"
    living = False
