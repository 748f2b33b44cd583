"""Doors."""

from simulator import faults
from simulator.virtual.effects.telling import (
    KNOWN_OF_ALL,
    alter,
    leave,
    story,
)
from simulator.virtual.thing import Facts, Happening, Thing, Values

STALE_SECONDS = 300.0
"""A state of which nothing was heard for so long is no longer told (agent.doors)."""


@alter.register
def _(fault: faults.DoorHeld, thing: Thing, values: Values, at: float) -> None:
    values["door_open"] = 1.0


@story.register
def _(fault: faults.DoorHeld, thing: Thing) -> list[Happening]:
    return _opened(fault)


def _opened(fault: faults.FaultBase) -> list[Happening]:
    opened = Happening(fault.at, "door.opened", {"state": "Open"})
    return [opened, Happening(fault.end, "door.closed", {"state": "Closed"})]


@alter.register
def _(fault: faults.DoorForced, thing: Thing, values: Values, at: float) -> None:
    values |= {"door_open": 1.0, "door_alarm": 1.0}


@story.register
def _(fault: faults.DoorForced, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.alarm", {"state": "DoorForcedOpen"}), *_opened(fault)]


@alter.register
def _(fault: faults.DoorTampered, thing: Thing, values: Values, at: float) -> None:
    values["door_alarm"] = 1.0


@story.register
def _(fault: faults.DoorTampered, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.tamper", {"state": "TamperDetected"})]


@alter.register
def _(fault: faults.DoorFails, thing: Thing, values: Values, at: float) -> None:
    values["door_fault"] = 1.0


@story.register
def _(fault: faults.DoorFails, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.fault", {"state": "FaultDetected"})]


@story.register
def _(fault: faults.DoorDenied, thing: Thing) -> list[Happening]:
    data: Facts = {"credential": "card-7", "reason": "NotPermittedAtThisTime"}
    return [Happening(fault.at + 2.0 * turn, "door.access_denied", data) for turn in range(fault.times)]


@story.register
def _(fault: faults.DoorDuress, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.duress", {"credential": "card-7", "reason": "Duress code"})]


@alter.register
def _(fault: faults.DoorSilent, thing: Thing, values: Values, at: float) -> None:
    silent = at - fault.at
    if fault.how == "controller":
        leave(values, ("account_", "requests_", "door_silence"))
        values |= {"door_reachable": 0.0, "ping_loss_ratio": 1.0}
    elif silent >= STALE_SECONDS:
        leave(values, (*KNOWN_OF_ALL, "door_silence", "door_reachable"))
    values["door_silence_seconds"] = max(silent, values["door_silence_seconds"])
