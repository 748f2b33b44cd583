"""Events as people read them: the details in words, without what the event's own name says already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.console import words
from hub.locale import Translator
from hub.store import reads

_SAID = frozenset({"Open", "Closed", "TamperDetected", "FaultDetected"})
"""States that only repeat the event."""
NEAR_MS = 30_000
"""A device's own time is shown where it is farther than this from ours: news is pulled, so some seconds are usual."""


@dataclass(frozen=True)
class Detail:
    """One fact of an event. `text` is empty where the name says it all."""

    name: str
    text: str


def details(event: reads.Event, speech: Translator) -> list[Detail]:
    """What else is known of an event, in the order it was sent."""
    return [_detail(key, value, speech) for key, value in event.data.items() if _matters(event.at, key, value)]


def listed(events: Sequence[reads.Event], speech: Translator) -> list[tuple[reads.Event, list[Detail]]]:
    """Each event with its details."""
    return [(event, details(event, speech)) for event in events]


def _matters(at: int, key: str, value: Any) -> bool:
    if key == "state":
        return value not in _SAID
    told = _time(value) if key == "device_time" else None
    return told is None or abs(told - at) > NEAR_MS


def _detail(key: str, value: Any, speech: Translator) -> Detail:
    name = _word(words.EVENT_FIELDS, key, speech)
    if key == "after_gap" and value is True:
        return Detail(name, "")
    told = _time(value) if key == "device_time" else None
    if told is not None:
        return Detail(name, speech.moment(told))
    text = _word(words.VALUES, value, speech) if isinstance(value, str) else speech.value(key, value)
    return Detail(name, text)


def _word(table: Mapping[str, str], code: str, speech: Translator) -> str:
    return speech.gettext(table[code]) if code in table else code


def _time(value: Any) -> int | None:
    """An ISO 8601 time with its zone as ms UTC; None for what is none, or none of this world."""
    try:
        told = datetime.fromisoformat(str(value))
        usable = told.tzinfo is not None and told.year >= 1970  # a clock that was never set says 1970, none says less
        return round(told.timestamp() * 1000) if usable else None
    except (ValueError, OverflowError):
        return None
