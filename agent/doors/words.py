"""The words in which programs of others tell of doors: in JSON lines, and behind topics of a broker."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from agent.doors.told import (
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
    Presence,
    StateTold,
    Told,
    Value,
)

OLDEST_SECONDS = 86_400.0
"""An event that is older by its own word is told as of now, with its word beside it."""
_AHEAD_SECONDS = 2.0
"""A sender's clock may be so far ahead of ours."""

_STATES: Mapping[str, tuple[tuple[Aspect, str], ...]] = {
    "opened": ((Aspect.POSITION, OPEN),),
    "closed": ((Aspect.POSITION, CLOSED), (Aspect.ALARM, NORMAL)),
    "forced": ((Aspect.ALARM, FORCED), (Aspect.POSITION, OPEN)),
    "held_open": ((Aspect.POSITION, OPEN), (Aspect.ALARM, HELD_OPEN)),
    "alarm_over": ((Aspect.ALARM, NORMAL),),
    "tamper": ((Aspect.TAMPER, TAMPERED),),
    "tamper_over": ((Aspect.TAMPER, UNTAMPERED),),
    "fault": ((Aspect.FAULT, FAULTY),),
    "fault_over": ((Aspect.FAULT, SOUND),),
    "locked": ((Aspect.LOCK, LOCKED),),
    "unlocked": ((Aspect.LOCK, UNLOCKED),),
}
_ACCESS: Mapping[str, str] = {"granted": GRANTED, "denied": DENIED, "duress": DURESS}
_PRESENCE: Mapping[str, bool] = {"alive": True, "lost": False}

Word = Literal[
    "granted",
    "denied",
    "duress",
    "opened",
    "closed",
    "forced",
    "held_open",
    "alarm_over",
    "tamper",
    "tamper_over",
    "fault",
    "fault_over",
    "locked",
    "unlocked",
    "alive",
    "lost",
]
"""One of them."""
WORDS: tuple[str, ...] = get_args(Word)
"""All of them. A door that closed is neither forced nor held open any more."""


@dataclass(frozen=True)
class Occasion:
    """How a word came: `initial` as in StateTold, with what `data`, and when (monotonic, None for now)."""

    data: Mapping[str, Value]
    mono: float | None = None
    initial: bool = False
    repeats: bool = False


def told(word: str, door: str, occasion: Occasion) -> list[Told]:
    """What a word says of a door. Raises KeyError for none of WORDS."""
    if word in _PRESENCE:
        return [Presence(door, _PRESENCE[word], remembered=occasion.initial)]
    data, mono = occasion.data, occasion.mono
    if word in _ACCESS:
        return [AccessTold(_ACCESS[word], None, door, data, mono)]
    initial, repeats = occasion.initial, occasion.repeats
    return [
        StateTold(door, aspect, value, initial, {"state": value, **data}, "", repeats, initial, mono)
        for aspect, value in _STATES[word]
    ]


def moment(at: object, mono: float, wall: float) -> tuple[float | None, str | None]:
    """When it was, by RFC 3339 text or Unix milliseconds: monotonic where that can be, else the sender's word.

    It can be within the last day. Both are None for what is no time.
    """
    seconds = _seconds(at)
    if seconds is None:
        return None, None
    age = wall - seconds
    if -_AHEAD_SECONDS <= age <= OLDEST_SECONDS:
        return mono - max(0.0, age), None
    try:
        when = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return None, None
    return None, when.isoformat(timespec="milliseconds")


def _seconds(at: object) -> float | None:
    if isinstance(at, bool):
        return None
    try:
        if isinstance(at, int | float):
            return float(at) / 1000 if math.isfinite(at) else None
        if isinstance(at, str):
            when = datetime.datetime.fromisoformat(at.strip()[:40])
            return when.timestamp() if when.tzinfo else None  # whose local time would that be?
    except (ValueError, OverflowError):
        pass
    return None
