"""What messages of a broker say of doors, by rules of the configuration. Pure.

A retained message is how things are (or were): never an event, unless it differs from what was known. One that is not
retained may repeat a state: an event is a change.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from agent.device.text import printable
from agent.doors import words
from agent.doors.told import AccessTold, Presence, Told, Value
from agent.doors.topic_settings import SubscriptionSettings

MAX_PAYLOAD = 64 * 1024
"""The largest message looked at, bytes."""
MAX_TOPIC = 1000


@dataclass(frozen=True)
class Message:
    """As it came, heard at these moments of ours."""

    topic: str
    payload: bytes
    retained: bool
    mono: float
    wall: float


class Unreadable(ValueError):  # noqa: N818 - a verdict
    """A message that a rule cannot make sense of. The text says why and quotes nothing."""


def read(message: Message, rules: Sequence[SubscriptionSettings]) -> list[Told]:
    """What a message says, by every rule whose topics it is of. Raises Unreadable where none can read it."""
    if len(message.topic) > MAX_TOPIC:
        raise Unreadable(f"a topic of more than {MAX_TOPIC} characters")
    told: list[Told] = []
    trouble: Unreadable | None = None
    content = _Content(message.payload)
    for rule in rules:
        if not message.payload or not _of(rule.topic, message.topic):
            continue  # nothing at all is how a retained message is taken back
        try:
            told += _by(rule, message, content)
        except Unreadable as error:
            trouble = error
    if trouble is not None and not told:
        raise trouble
    return told


def _by(rule: SubscriptionSettings, message: Message, content: "_Content") -> list[Told]:
    if len(message.payload) > MAX_PAYLOAD:
        raise Unreadable(f"larger than {MAX_PAYLOAD} bytes")
    door = _door(rule, message, content)
    if door is None:
        return []
    word = _word(rule, content)
    if word is None:
        return [] if message.retained else [Presence(door, True)]
    data: dict[str, Value] = {}
    for name, pointer in (("reason", rule.reason_field), ("credential", rule.credential_field)):
        text = printable(content.text(pointer)) if pointer is not None else ""
        if text:
            data[name] = text
    when, claimed = None, None
    if rule.at_field is not None:
        when, claimed = words.moment(content.value(rule.at_field), message.mono, message.wall)
    if claimed is not None:
        data["device_time"] = claimed
    told = words.told(word, door, words.Occasion(data, when, initial=message.retained, repeats=True))
    return [one for one in told if not (message.retained and isinstance(one, AccessTold))]


def _door(rule: SubscriptionSettings, message: Message, content: "_Content") -> str | None:
    """The token of the door that it is about; None where the topic has no such level."""
    if rule.door is not None:
        return rule.door
    if rule.door_level is not None:
        levels = message.topic.split("/")
        return printable(levels[rule.door_level - 1]) or None if rule.door_level <= len(levels) else None
    return printable(content.text(rule.door_field or "")) or None


def _word(rule: SubscriptionSettings, content: "_Content") -> str | None:
    """What its value means; capital letters make no difference."""
    value = (content.text(rule.value_field) if rule.value_field else content.plain).strip().casefold()
    return next((word for text, word in rule.events.items() if text.casefold() == value), None)


class _Content:
    """A payload as text, and as JSON once somebody asks for a field of it."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._root: Any = None
        self._parsed = False
        self._readable = True

    @property
    def plain(self) -> str:
        """The whole of it. A JSON string is what it says: some publish `"OPEN"` with its quotes."""
        text = self._payload.decode(errors="replace").strip()
        if text.startswith('"'):
            try:
                root = json.loads(text)
            except (ValueError, RecursionError):
                return text
            return root if isinstance(root, str) else text
        return text

    def value(self, pointer: str) -> Any:
        """What is at a JSON pointer, None where there is nothing. Raises Unreadable for what is no JSON."""
        found = self._json()
        for part in _parts(pointer):
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isascii() and part.isdecimal() and len(part) < 6:
                found = found[int(part)] if int(part) < len(found) else None
            else:
                return None
        return found

    def text(self, pointer: str) -> str:
        """The same as text: true, false, null and numbers as JSON has them; objects and arrays are none."""
        found = self.value(pointer)
        if isinstance(found, str):
            return found
        if found is None or isinstance(found, dict | list):
            return ""
        return json.dumps(found)

    def _json(self) -> Any:
        if not self._parsed:
            self._parsed = True
            try:
                self._root = json.loads(self._payload.decode(), parse_constant=_refuse)
            except (ValueError, RecursionError):
                self._readable = False
        if not self._readable:
            raise Unreadable("no JSON")
        return self._root


def _parts(pointer: str) -> Iterator[str]:
    """RFC 6901: the names on the way."""
    return (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _of(pattern: str, topic: str) -> bool:
    """Whether a topic is one of a filter's (MQTT 3.1.1, 4.7)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in ("+", levels[number]):
            return False
    return len(levels) == len(wanted)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
