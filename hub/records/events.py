"""Events as rows. Pure."""

from hub.records.row import Row
from hub.records.speech import Speech, plain
from hub.store import records
from wire.records import EVENT, EVENT_TYPES, FAMILIES, OTHER

PERSON = ("credential", "user")
"""Where events name whom they are about: a credential at a door, an account on a recorder or a machine."""


def event_row(event: records.Event, speech: Speech) -> Row:
    """What happened. Whom it is about stands as it was sent, pseudonym or not."""
    fields: dict[str, float | str | None] = {
        "agent": event.agent,
        "kind": event.kind,
        "device_name": event.name or event.device,
        "person": plain(event.data, *PERSON),
        "reason": plain(event.data, "reason"),
        "received_at": float(event.received),
    }
    known = event.type if event.type in EVENT_TYPES else OTHER
    tags = {"site": event.site, "device": event.device, "family": family(event.type), "type": known}
    return Row(EVENT, tags, event.at, {**fields, **speech.event(event)}, event.id)


def family(kind: str) -> str:
    """The first part of a type where we know it; of what others invent there is no end, and a tag must have one."""
    first = kind.partition(".")[0]
    return first if first in FAMILIES else OTHER
