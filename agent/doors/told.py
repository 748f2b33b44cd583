"""What may be told of a door, whoever tells it: in the words of ONVIF's Door Control and Access Control services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

OPEN, CLOSED = "Open", "Closed"
LOCKED, UNLOCKED = "Locked", "Unlocked"
NORMAL, FORCED, HELD_OPEN = "Normal", "DoorForcedOpen", "DoorOpenTooLong"
TAMPERED, UNTAMPERED = "TamperDetected", "NotInTamper"
FAULTY, SOUND = "FaultDetected", "NotInFault"
BROKEN = "Fault"
"""What a contact or a lock says of itself when it cannot tell its position."""
ACCESSED = "Accessed"
"""The mode of a door for the moment somebody is let through: an access, no change of how the door is run."""
LOCKED_MODES = frozenset({"Locked", "DoubleLocked", "Blocked", "LockedDown"})
UNLOCKED_MODES = frozenset({"Unlocked", "LockedOpen", ACCESSED})
UNUSUAL_MODES = frozenset({"Blocked", "LockedDown", "LockedOpen"})
"""Modes in which the door obeys nobody's card: somebody ordered that."""

GRANTED, DENIED, DURESS = "door.access_granted", "door.access_denied", "door.duress"
TAKEN, NOT_TAKEN = "door.access_taken", "door.access_not_taken"
MODE_CHANGED = "door.mode_changed"

Value = str | float | bool | None


class Aspect(StrEnum):
    """A property of a door, as the last part of ONVIF's topic for it."""

    POSITION = "DoorPhysicalState"
    LOCK = "LockPhysicalState"
    DOUBLE_LOCK = "DoubleLockPhysicalState"
    ALARM = "DoorAlarm"
    TAMPER = "DoorTamper"
    FAULT = "DoorFault"
    MODE = "DoorMode"


_EVENTS: Mapping[tuple[Aspect, str], str] = {
    (Aspect.POSITION, OPEN): "door.opened",
    (Aspect.POSITION, CLOSED): "door.closed",
    (Aspect.POSITION, BROKEN): "door.fault",
    (Aspect.LOCK, BROKEN): "door.fault",
    (Aspect.DOUBLE_LOCK, BROKEN): "door.fault",
    (Aspect.ALARM, FORCED): "door.alarm",
    (Aspect.ALARM, HELD_OPEN): "door.alarm",
    (Aspect.TAMPER, TAMPERED): "door.tamper",
    (Aspect.FAULT, FAULTY): "door.fault",
} | {(Aspect.MODE, mode): MODE_CHANGED for mode in UNUSUAL_MODES}

WELL = frozenset({CLOSED, NORMAL, UNTAMPERED, SOUND, LOCKED, UNLOCKED})
"""Values that are no news where nothing was known before."""

EVENTS: tuple[str, ...] = tuple(
    dict.fromkeys((*_EVENTS.values(), MODE_CHANGED, GRANTED, DENIED, DURESS, TAKEN, NOT_TAKEN))
)
"""Every type of event that what is told may become."""


@dataclass(frozen=True)
class StateTold:
    """A property's value; `initial` where it is only told how things are, not that they changed.

    `door` is the source's token for it, None for what concerns all doors of a controller. `part` tells apart what may
    be ill side by side (`reader 1`, `power`). `mono` is when it was so, None for now. A source that `repeats` tells its
    states again and again, changed or not. `remembered`: told from somebody's memory, so the door itself was not heard.
    """

    door: str | None
    aspect: Aspect
    value: str
    initial: bool
    data: Mapping[str, Value] = field(default_factory=dict)
    part: str = ""
    repeats: bool = False
    remembered: bool = False
    mono: float | None = None

    @property
    def event(self) -> str | None:
        """What a change to this value is called; None where nobody needs to know."""
        return _EVENTS.get((self.aspect, self.value))


@dataclass(frozen=True)
class AccessTold:
    """Something that happened at an access point (a reader) or, with some sources, at a door."""

    event: str
    access_point: str | None
    door: str | None
    data: Mapping[str, Value] = field(default_factory=dict)
    mono: float | None = None


@dataclass(frozen=True)
class Presence:
    """A source says of a door that it hears it (`there`), or that it has lost it."""

    door: str
    there: bool
    remembered: bool = False


@dataclass(frozen=True)
class Gap:
    """The source could not be heard for a while: how its doors are is unknown until they are told of again."""

    door: None = None


Told = StateTold | AccessTold | Presence | Gap
