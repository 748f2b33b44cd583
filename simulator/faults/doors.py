"""What befalls doors."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from wire.messages import DeviceKind as Kind


class DoorHeld(FaultBase):
    """A door is opened, and closed at the end."""

    kind: Literal["door_held"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is held open"


class DoorForced(FaultBase):
    """A door is opened by force, and closed at the end."""

    kind: Literal["door_forced"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is forced open"


class DoorTampered(FaultBase):
    """Somebody is at the door's contacts."""

    kind: Literal["door_tampered"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is tampered with"


class DoorFails(FaultBase):
    """The door's hardware reports a fault."""

    kind: Literal["door_fails"]
    befalls = (Kind.DOOR,)
    tells = "the hardware of {fault.device} fails"


class DoorDenied(FaultBase):
    """A credential is turned away `times` times. Nothing heals at the end."""

    kind: Literal["door_denied"]
    times: Annotated[int, Field(ge=1, le=1000)] = 5
    befalls = (Kind.DOOR,)
    tells = "{fault.device} turns a card away {fault.times} times"


class DoorDuress(FaultBase):
    """Somebody opens the door under threat. Nothing heals at the end."""

    kind: Literal["door_duress"]
    befalls = (Kind.DOOR,)
    tells = "{fault.device} is opened under duress"


class DoorSilent(FaultBase):
    """Nothing is heard of the door: its `controller` is gone, or its `events` no longer come though it answers."""

    kind: Literal["door_silent"]
    how: Literal["controller", "events"] = "controller"
    befalls = (Kind.DOOR,)
    tells = "nothing is heard of {fault.device} ({fault.how})"
    living = False
