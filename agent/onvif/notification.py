"""Event notifications: XML to records. Pure functions.

Read from the raw XML, since onvif-zeep's schema loses the topic (its b-2.xsd makes the text of mixed content None).
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.device.text import printable

if TYPE_CHECKING:
    from lxml import etree

MAX_MESSAGES = 1024
MAX_ITEMS = 32
MAX_TEXT = 200


@dataclass(frozen=True)
class Notification:
    """One message.

    `topic` has no prefixes: `Door/State/DoorPhysicalState`. `operation` is Initialized (a state as it is), Changed or
    Deleted for states, None for things that happen. `at` is the device's clock.
    """

    topic: str
    operation: str | None = None
    at: datetime.datetime | None = None
    source: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


def notifications(envelope: "etree._Element") -> list[Notification]:
    """Those in a PullMessagesResponse, oldest first, at most MAX_MESSAGES. What has no topic or message is left out."""
    found: list[Notification] = []
    for element in envelope.iter("{*}NotificationMessage"):
        record = _record(element)
        if record is not None:
            found.append(record)
        if len(found) == MAX_MESSAGES:
            break
    return found


def _record(element: "etree._Element") -> Notification | None:
    topic = _topic(element.findtext("{*}Topic") or "")
    # The outer Message is WS-Notification's, the inner one ONVIF's.
    message = element.find("{*}Message/{*}Message")
    if not topic or message is None:
        return None
    return Notification(
        topic=topic,
        operation=message.get("PropertyOperation"),
        at=_time(message.get("UtcTime")),
        source=dict(_items(message, "Source")) | dict(_items(message, "Key")),
        data=dict(_items(message, "Data")),
    )


def _topic(text: str) -> str:
    """`tns1:Door/State/DoorMode` → `Door/State/DoorMode`; vendors' prefixes may stand at any level."""
    return "/".join(part.rpartition(":")[2].strip() for part in printable(text, MAX_TEXT).split("/"))


def _items(message: "etree._Element", part: str) -> Iterator[tuple[str, str]]:
    for count, item in enumerate(message.iterfind(f"{{*}}{part}/{{*}}SimpleItem")):
        name, value = item.get("Name"), item.get("Value")
        if count == MAX_ITEMS:
            return
        if name and value is not None:
            yield name[:MAX_TEXT], "".join(c for c in value if c.isprintable())[:MAX_TEXT]


def _time(text: str | None) -> datetime.datetime | None:
    if not text:
        return None
    try:
        when = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
