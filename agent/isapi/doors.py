"""What access controllers of Hikvision tell of doors: parts of the event stream, work status, event search. Pure.

An event is two numbers, `majorEventType` (1 alarm, 2 exception, 3 operation, 5 event) and `subEventType`, the same as
`major` and `minor` of the search and of the makers' SDK. Holders' names, card and personnel numbers are not read.
"""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from agent.device.errors import BadAnswer
from agent.doors.told import (
    BROKEN,
    CLOSED,
    DENIED,
    DURESS,
    FAULTY,
    FORCED,
    GRANTED,
    HELD_OPEN,
    LOCKED,
    NORMAL,
    OPEN,
    SOUND,
    TAMPERED,
    UNLOCKED,
    UNTAMPERED,
    AccessTold,
    Aspect,
    StateTold,
    Told,
    Value,
)

if TYPE_CHECKING:
    from lxml import etree

MOST_DOORS = 256
_MAX_NUMBER = 2**63
_FIRST_YEAR, _LAST_YEAR = 1970, 2105
_EVENT = "AccessControllerEvent"

READER = "reader "
"""What the token of an access point begins with: readers are numbered as doors are, and are others."""

ALARM, EXCEPTION, OPERATION, EVENT = 1, 2, 3, 5


@dataclass(frozen=True)
class Occurrence:
    """One event. `serial` and `at` (the controller's clock) tell it from all others; `live`: told as it happened."""

    serial: int | None
    at: datetime.datetime | None
    live: bool
    told: tuple[Told, ...]

    @property
    def key(self) -> str | None:
        """What tells it apart, None where the controller does not number its events."""
        if self.serial is None:
            return None
        return f"{self.serial} {self.at.isoformat() if self.at is not None else ''}"

    def late(self) -> "Occurrence":
        """The same, told after it could not be heard as it happened."""

        def marked(told: Told) -> Told:
            if isinstance(told, StateTold | AccessTold):
                return replace(told, data={**told.data, "after_gap": True})
            return told

        return replace(self, live=False, told=tuple(marked(one) for one in self.told))


def of_json(body: bytes) -> Occurrence | None:
    """The event in a JSON part; None for heartbeats and events of other kinds. Raises BadAnswer for no JSON object."""
    told = _object(body)
    event = told.get(_EVENT)
    if not isinstance(event, dict):
        return None
    return _occurrence(event, "majorEventType", "subEventType", told.get("dateTime"))


def of_xml(root: "etree._Element") -> Occurrence | None:
    """The event in an XML part (EventNotificationAlert), as in a JSON one."""
    event = next(root.iter(f"{{*}}{_EVENT}"), None)
    if event is None:
        return None
    fields = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in event if isinstance(child.tag, str)}
    return _occurrence(fields, "majorEventType", "subEventType", root.findtext("{*}dateTime"))


def of_status(body: bytes) -> list[StateTold]:
    """The states in an answer to AcsWorkStatus, as they are, of doors 1, 2, …. Raises BadAnswer for any other."""
    status = _object(body).get("AcsWorkStatus")
    if not isinstance(status, dict):
        raise BadAnswer("tells no work status")
    states: list[StateTold] = []
    for name, (aspect, values) in _STATUS.items():
        numbers = status.get(name)
        for index, number in enumerate(numbers[:MOST_DOORS] if isinstance(numbers, list) else ()):
            value = values.get(number) if isinstance(number, int) else None
            if value is not None:
                states.append(StateTold(str(index + 1), aspect, value, True, {"state": value}))
    closed = [one.door for one in states if one.aspect is Aspect.POSITION and one.value == CLOSED]
    return states + [StateTold(door, Aspect.ALARM, NORMAL, True, {"state": NORMAL}) for door in closed]


@dataclass(frozen=True)
class Page:
    """Of a search for events: those that mean something, how many there were in all, and whether more follow."""

    occurrences: list[Occurrence]
    count: int
    more: bool


def of_search(body: bytes) -> Page:
    """An answer to AcsEvent. Raises BadAnswer for any other."""
    answer = _object(body).get("AcsEvent")
    if not isinstance(answer, dict):
        raise BadAnswer("tells no events where it was searched for them")
    rows = answer.get("InfoList")
    rows = rows if isinstance(rows, list) else []
    found = (_occurrence(row, "major", "minor", row.get("time")) for row in rows if isinstance(row, dict))
    more = answer.get("responseStatusStrg") == "MORE" and bool(rows)
    return Page([one.late() for one in found if one is not None], len(rows), more)


def search(identity: str, position: int, most: int, begin: datetime.datetime, end: datetime.datetime) -> bytes:
    """What AcsEvent is asked: all events between two moments of the controller's clock, oldest first."""
    condition = {
        "searchID": identity,
        "searchResultPosition": position,
        "maxResults": most,
        "major": 0,
        "minor": 0,
        "startTime": begin.isoformat(timespec="seconds"),
        "endTime": end.isoformat(timespec="seconds"),
    }
    return json.dumps({"AcsEventCond": condition}).encode()


# -- what the numbers mean -----------------------------------------------------------------------------------------

_STATUS: Mapping[str, tuple[Aspect, Mapping[int, str]]] = {
    "magneticStatus": (Aspect.POSITION, {0: CLOSED, 1: OPEN, 2: BROKEN, 3: BROKEN, 4: BROKEN}),
    "doorLockStatus": (Aspect.LOCK, {0: LOCKED, 1: UNLOCKED, 2: BROKEN, 3: BROKEN, 4: BROKEN}),
    "doorStatus": (Aspect.MODE, {2: "LockedOpen", 3: "Blocked", 4: "Locked"}),
}
"""In AcsWorkStatus: the contact, the lock's relay, and how the door is run (1, asleep, says nothing of that)."""


@dataclass(frozen=True)
class _State:
    """A state; of a `part` of a door, or of the controller and so of all its doors (`everywhere`)."""

    aspect: Aspect
    value: str
    part: str = ""
    reason: str = ""
    everywhere: bool = False


@dataclass(frozen=True)
class _Access:
    event: str
    reason: str = ""


_Meaning = _State | _Access


def _each(event: str, reason: str, *numbers: int) -> dict[tuple[int, int], tuple[_Meaning, ...]]:
    return {(EVENT, number): (_Access(event, reason),) for number in numbers}


def _pair(
    major: int, begins: int, aspect: Aspect, ill: str, well: str, part: str, everywhere: bool = False
) -> dict[tuple[int, int], tuple[_Meaning, ...]]:
    """A trouble and, under the next number, its end."""
    return {
        (major, begins): (_State(aspect, ill, part, everywhere=everywhere),),
        (major, begins + 1): (_State(aspect, well, part, everywhere=everywhere),),
    }


_MEANINGS: Mapping[tuple[int, int], Sequence[_Meaning]] = {
    # Cards, codes, fingers, faces and their combinations that passed; failed; took too long.
    **_each(GRANTED, "", 1, 2, 16, 34, 38, 40, 43, 46, 54, 57, 60, 63, 66, 69, 72, 75, 77, 101, 105),
    **_each(DENIED, "InvalidPIN", 3, 153),
    **_each(DENIED, "Timeout", 4, 36, 42, 45, 48, 56, 59, 62, 65, 68, 71, 74, 79, 103),
    **_each(DENIED, "Mismatch", 39, 41, 44, 47, 55, 58, 61, 64, 67, 70, 73, 76, 78, 80, 102, 106),
    **_each(DENIED, "TooManyAttempts", 5),
    **_each(DENIED, "Unauthorized", 6, 12, 14, 15),
    **_each(DENIED, "NotPermittedAtThisTime", 7, 13),
    **_each(DENIED, "CredentialExpired", 8),
    **_each(DENIED, "CredentialNotFound", 9, 49, 154),
    **_each(DENIED, "AntipassbackViolation", 10),
    **_each(DENIED, "Interlock", 11),
    **_each(GRANTED, "ExitButton", 23),
    (OPERATION, 1024): (_Access(GRANTED, "RemoteOpen"),),
    (ALARM, 1034): (_Access(DURESS),),
    (ALARM, 1036): (_Access(DENIED, "TooManyAttempts"),),
    # The door itself.
    (EVENT, 19): (_State(Aspect.MODE, "LockedOpen"),),
    (EVENT, 20): (_State(Aspect.MODE, "Locked"),),
    (EVENT, 21): (_State(Aspect.LOCK, UNLOCKED),),
    (EVENT, 22): (_State(Aspect.LOCK, LOCKED),),
    (EVENT, 25): (_State(Aspect.POSITION, OPEN),),
    (EVENT, 26): (_State(Aspect.POSITION, CLOSED), _State(Aspect.ALARM, NORMAL)),
    (EVENT, 27): (_State(Aspect.ALARM, FORCED), _State(Aspect.POSITION, OPEN)),
    (EVENT, 28): (_State(Aspect.POSITION, OPEN), _State(Aspect.ALARM, HELD_OPEN)),
    (EVENT, 31): (_State(Aspect.MODE, "Blocked"),),
    (EVENT, 32): (_State(Aspect.MODE, "Locked"),),
    (EVENT, 52): (_State(Aspect.MODE, "LockedOpen", reason="Fire"),),
    (EVENT, 53): (_State(Aspect.MODE, "Locked", reason="Fire"),),
    **{(EVENT, number): (_State(Aspect.LOCK, BROKEN, reason="Wiring"),) for number in (83, 84, 85)},
    **{(EVENT, number): (_State(Aspect.POSITION, BROKEN, reason="Wiring"),) for number in (86, 87, 88)},
    # The controller and what hangs on it.
    **_pair(ALARM, 1028, Aspect.TAMPER, TAMPERED, UNTAMPERED, "controller", everywhere=True),
    **_pair(ALARM, 1030, Aspect.TAMPER, TAMPERED, UNTAMPERED, "reader"),
    **_pair(ALARM, 1039, Aspect.TAMPER, TAMPERED, UNTAMPERED, "security module"),
    **_pair(EXCEPTION, 58, Aspect.FAULT, FAULTY, SOUND, "bus", everywhere=True),
    **_pair(EXCEPTION, 1027, Aspect.FAULT, FAULTY, SOUND, "battery", everywhere=True),
    **_pair(EXCEPTION, 1029, Aspect.FAULT, FAULTY, SOUND, "power", everywhere=True),
    **_pair(EXCEPTION, 1033, Aspect.FAULT, FAULTY, SOUND, "reader"),
    **_pair(EXCEPTION, 1037, Aspect.FAULT, FAULTY, SOUND, "channel controller", everywhere=True),
    **_pair(EXCEPTION, 1039, Aspect.FAULT, FAULTY, SOUND, "security module"),
}


@dataclass(frozen=True)
class _Place:
    """Where it was: the door's token and the reader's, each "" where it is not told; what all of it carries."""

    door: str
    reader: str
    data: Mapping[str, Value] = field(default_factory=dict)


def _occurrence(event: Mapping[str, Any], major: str, minor: str, at: object) -> Occurrence | None:
    """None for what does not concern doors, or lacks the numbers that say what it is."""
    kind = (_number(event.get(major)), _number(event.get(minor)))
    meanings = _MEANINGS.get((kind[0] or 0, kind[1] or 0))
    if meanings is None:
        return None
    when = _moment(at)
    data: dict[str, Value] = {"device_time": when.isoformat(timespec="milliseconds")} if when is not None else {}
    reader = _counted(event.get("cardReaderNo"))
    place = _Place(_counted(event.get("doorNo")), f"{READER}{reader}" if reader else "", data)
    told = tuple(one for meaning in meanings for one in _told(meaning, place))
    late = str(event.get("currentEvent", True)).lower() == "false"
    found = Occurrence(_number(event.get("serialNo")), when, True, told)
    return found.late() if late else found


def _told(meaning: _Meaning, place: _Place) -> Iterator[Told]:
    reason: dict[str, Value] = {"reason": meaning.reason} if meaning.reason else {}
    if isinstance(meaning, _Access):
        yield AccessTold(meaning.event, place.reader or None, place.door or None, {**reason, **place.data})
        return
    door = None if meaning.everywhere else place.door or place.reader or None
    part = place.reader or meaning.part if meaning.part == "reader" else meaning.part
    data = {"state": meaning.value, **reason, **place.data}
    yield StateTold(door, meaning.aspect, meaning.value, False, data, part)


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("no JSON") from None
    if not isinstance(told, dict):
        raise BadAnswer("no JSON object")
    return told


def _number(value: object) -> int | None:
    """A whole number, also as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MAX_NUMBER:
        return None
    return value


def _counted(value: object) -> str:
    """A door's or reader's number as a token; 0 is how some firmware says that there is none."""
    number = _number(value)
    return str(number) if number is not None and 1 <= number <= MOST_DOORS else ""


def _moment(text: object) -> datetime.datetime | None:
    """The controller's word for when; without an offset it is no moment, nor in years that no clock shows: there a day
    more or less is no date at all."""
    if not isinstance(text, str):
        return None
    try:
        when = datetime.datetime.fromisoformat(text.strip()[:40])
    except ValueError:
        return None
    return when if when.tzinfo is not None and _FIRST_YEAR <= when.year <= _LAST_YEAR else None
