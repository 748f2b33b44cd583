"""Events as people read them: the details in words, without what the event's own name says already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.console import words
from hub.console.page import LATEST
from hub.locale import Translator
from hub.store import reads

_SAID = frozenset({"Open", "Closed", "TamperDetected", "FaultDetected"})
"""States that only repeat the event."""
NEAR_MS = 30_000
"""A device's own time is shown where it is farther than this from ours: news is pulled, so some seconds are usual."""


_TIMES = frozenset({"device_time", "booted", "from", "to", "first", "last"})
_DURATIONS = frozenset({"seconds"})
_MILLISECONDS_FROM = 1e11
"""A number this large counts milliseconds since 1970, a smaller one seconds: until the year 5138 there is no doubt."""


@dataclass(frozen=True)
class Detail:
    """One fact of an event. `text` is empty where the name says it all."""

    name: str
    text: str


@dataclass(frozen=True)
class Told:
    """An event in words: what happened at `at` (ms UTC), and what else is known of it."""

    at: int
    title: str
    details: Sequence[Detail]


def title(event: reads.Event, speech: Translator) -> str:
    """What happened, in a few words; the event's own type where we have none."""
    said = _said(event)
    return speech.gettext(words.EVENTS_WHERE[said]) if said else _word(words.EVENTS, event.type, speech)


def details(event: reads.Event, speech: Translator) -> list[Detail]:
    """What else is known of an event, in the order it was sent."""
    said = _said(event)
    return [
        _detail(key, value, speech)
        for key, value in event.data.items()
        if _matters(event.at, key, value) and not (said and said[1] == key)
    ]


def listed(events: Sequence[reads.Event], speech: Translator) -> list[Told]:
    """Each event in words."""
    return [Told(event.at, title(event, speech), details(event, speech)) for event in events]


def _said(event: reads.Event) -> tuple[str, str, bool] | None:
    """The detail that gives the event its name."""
    told = ((event.type, key, value) for key, value in event.data.items() if isinstance(value, bool))
    return next((one for one in told if one in words.EVENTS_WHERE), None)


def _matters(at: int, key: str, value: Any) -> bool:
    if key == "state":
        return value not in _SAID
    told = _time(value) if key == "device_time" else None
    return told is None or abs(told - at) > NEAR_MS


def _detail(key: str, value: Any, speech: Translator) -> Detail:
    name = _word(words.EVENT_FIELDS, key, speech)
    if key == "after_gap" and value is True:
        return Detail(name, "")
    told = _time(value) if key in _TIMES else None
    if told is not None:
        return Detail(name, speech.moment(told))
    if key in _DURATIONS and isinstance(value, int | float) and not isinstance(value, bool):
        return Detail(name, speech.value("_seconds", value))
    text = _word(words.VALUES, value, speech) if isinstance(value, str) else speech.value(key, value)
    return Detail(name, text)


def _word(table: Mapping[str, str], code: str, speech: Translator) -> str:
    return speech.gettext(table[code]) if code in table else code


def _time(value: Any) -> int | None:
    """A time as ms UTC: ISO 8601 with its zone, or a number since 1970. None for what is none, or of no real time."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        at = value if value >= _MILLISECONDS_FROM else value * 1000
        return round(at) if 0 < at <= LATEST else None
    try:
        told = datetime.fromisoformat(str(value))
        usable = told.tzinfo is not None and told.year >= 1970  # a clock that was never set says 1970, none says less
        return round(told.timestamp() * 1000) if usable else None
    except (ValueError, OverflowError):
        return None
