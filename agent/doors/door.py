"""What is known of one door, and how what is told of it becomes events and values."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agent.collector import Happening
from agent.doors.told import (
    ACCESSED,
    BROKEN,
    CLOSED,
    FAULTY,
    LOCKED,
    LOCKED_MODES,
    MODE_CHANGED,
    NORMAL,
    OPEN,
    TAMPERED,
    UNLOCKED,
    UNLOCKED_MODES,
    UNUSUAL_MODES,
    WELL,
    Aspect,
    StateTold,
    Value,
)

_MAX_PARTS = 64
"""Parts of a door whose states are kept: readers, contacts, power."""


class Entry(Protocol):
    """A door as configured: its device id and the source's token for it."""

    @property
    def id(self) -> str:
        """Its device id."""
        ...

    @property
    def token(self) -> str:
        """What the source calls it."""
        ...

    @property
    def access_points(self) -> Sequence[str]:
        """Its readers."""
        ...


class Door:
    """`known` outlives a lost connection, `present` does not. Times are monotonic seconds."""

    def __init__(self, entry: Entry, since: float) -> None:
        self.entry = entry
        self.known: dict[tuple[Aspect, str], str] = {}
        self.present: dict[tuple[Aspect, str], str] = {}
        self.heard: float | None = None
        """When it was last heard of."""
        self._since = since
        self.lost = False
        """Its source says that it does not hear it any more."""

    def silence(self, now: float) -> float:
        """Seconds since it was last heard of; before that, since we began to listen."""
        return max(0.0, now - (self.heard if self.heard is not None else self._since))

    def lose(self) -> None:
        """Its source does not hear it: how it is nobody knows."""
        self.lost = True
        self.present.clear()

    def learn(self, told: StateTold, now: float) -> Happening | None:
        """An event only where the value changed: a state told again, or told for the first time as it is, is none."""
        key = (told.aspect, told.part)
        if key not in self.known and len(self.known) >= _MAX_PARTS:
            return None
        self.present[key] = told.value
        if told.aspect is Aspect.MODE and told.value == ACCESSED:
            return None  # known stays what it was before somebody was let through
        before = self.known.get(key)
        self.known[key] = told.value
        event = told.event
        if told.aspect is Aspect.MODE and before in UNUSUAL_MODES:
            event = MODE_CHANGED  # its end is news too
        if event is None or told.value == before:
            return None
        if before is None and (told.initial or (told.repeats and told.value in WELL)):
            return None
        data: dict[str, Value] = dict(told.data)
        if told.part:
            data["part"] = told.part
        if told.initial:
            data["after_gap"] = True  # it changed while we could not hear; when, nobody told
        return Happening(self.entry.id, event, data, told.mono if told.mono is not None else now)

    def values(self) -> dict[str, float]:
        """Metrics of its states; what has not been told since we can hear it is missing."""
        values: dict[str, float] = {}
        position = self.present.get((Aspect.POSITION, ""))
        if position in (OPEN, CLOSED):
            values["door_open"] = float(position == OPEN)
        locked = self._locked()
        if locked is not None:
            values["door_locked"] = float(locked)
        alarm, tampers = self.present.get((Aspect.ALARM, "")), self._all(Aspect.TAMPER)
        if alarm is not None or tampers:
            values["door_alarm"] = float((alarm or NORMAL) != NORMAL or TAMPERED in tampers)
        faults = self._all(Aspect.FAULT)
        broken = BROKEN in self._all(Aspect.POSITION, Aspect.LOCK, Aspect.DOUBLE_LOCK)
        if faults or broken:
            values["door_fault"] = float(FAULTY in faults or broken)
        return values

    def _locked(self) -> bool | None:
        """What the bolts say, else what the mode says: a mode is what was ordered."""
        bolts = self._all(Aspect.LOCK, Aspect.DOUBLE_LOCK)
        if LOCKED in bolts:
            return True
        if UNLOCKED in bolts:
            return False
        mode = self.present.get((Aspect.MODE, ""))
        if mode in LOCKED_MODES:
            return True
        return False if mode in UNLOCKED_MODES else None

    def _all(self, *aspects: Aspect) -> list[str]:
        return [value for (aspect, _), value in self.present.items() if aspect in aspects]


def by_token(doors: Sequence[Door]) -> Mapping[str, Door]:
    """The same, to be found by what their source calls them."""
    return {door.entry.token: door for door in doors}
