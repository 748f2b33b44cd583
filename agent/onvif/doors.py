"""What a door controller's notifications mean. Pure; topics as in ONVIF's Door Control and Access Control services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.onvif.notification import Notification

OPEN, CLOSED = "Open", "Closed"
NORMAL, TAMPERED = "Normal", "TamperDetected"


class Aspect(StrEnum):
    """A property of a door, as the last part of its topic."""

    POSITION = "DoorPhysicalState"
    ALARM = "DoorAlarm"
    TAMPER = "DoorTamper"
    FAULT = "DoorFault"


_ASPECTS = frozenset(Aspect)

_EVENTS: Mapping[tuple[Aspect, str], str] = {
    (Aspect.POSITION, OPEN): "door.opened",
    (Aspect.POSITION, CLOSED): "door.closed",
    (Aspect.POSITION, "Fault"): "door.fault",
    (Aspect.ALARM, "DoorForcedOpen"): "door.alarm",
    (Aspect.ALARM, "DoorOpenTooLong"): "door.alarm",
    (Aspect.TAMPER, TAMPERED): "door.tamper",
    (Aspect.FAULT, "FaultDetected"): "door.fault",
}

_ACCESS: Mapping[str, str] = {
    "AccessControl/AccessGranted": "door.access_granted",
    "AccessControl/Denied": "door.access_denied",
    "AccessControl/Duress": "door.duress",
}

EVENTS: tuple[str, ...] = tuple(dict.fromkeys((*_EVENTS.values(), *_ACCESS.values())))
"""Every type of event that a notification may become."""


@dataclass(frozen=True)
class StateTold:
    """A property's value; `initial` where the controller only tells how things are."""

    door: str
    aspect: Aspect
    value: str
    initial: bool
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def event(self) -> str | None:
        """What a change to this value is called; None where nobody needs to know."""
        return _EVENTS.get((self.aspect, self.value))


@dataclass(frozen=True)
class AccessTold:
    """Something that happened at an access point (a reader) or, with some controllers, at a door."""

    event: str
    access_point: str | None
    door: str | None
    data: Mapping[str, str] = field(default_factory=dict)


def interpret(notification: Notification) -> StateTold | AccessTold | None:
    """None for what is not about doors, or lacks its token or value.

    A holder's name and a card's number are personal data that nobody here needs: they stay on the controller.
    """
    if notification.topic.startswith("Door/State/"):
        return _state(notification)
    event = _ACCESS.get("/".join(notification.topic.split("/")[:2]))
    return _access(notification, event) if event is not None else None


def _state(notification: Notification) -> StateTold | None:
    name = notification.topic.rpartition("/")[2]
    door, value = notification.source.get("DoorToken"), notification.data.get("State")
    if name not in _ASPECTS or not door or not value or notification.operation == "Deleted":
        return None
    data = {"state": value} | _detail(notification)
    return StateTold(door, Aspect(name), value, notification.operation == "Initialized", data)


def _access(notification: Notification, event: str) -> AccessTold:
    source = notification.source
    return AccessTold(event, source.get("AccessPointToken"), source.get("DoorToken"), _detail(notification))


def _detail(notification: Notification) -> dict[str, str]:
    data: dict[str, str] = {}
    if credential := notification.data.get("CredentialToken"):
        data["credential"] = credential
    reason = notification.data.get("Reason")
    if not reason and "CredentialNotFound" in notification.topic:
        reason = "CredentialNotFound"
    if reason:
        data["reason"] = reason
    if notification.at is not None:
        data["device_time"] = notification.at.isoformat(timespec="milliseconds")
    return data
