"""What a door controller's notifications and answers mean. Pure; topics and states as in ONVIF's Door Control and
Access Control services."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from agent.device.text import printable
from agent.doors.told import (
    DENIED,
    DURESS,
    GRANTED,
    NOT_TAKEN,
    TAKEN,
    TAMPERED,
    UNTAMPERED,
    AccessTold,
    Aspect,
    StateTold,
)
from agent.onvif.notification import Notification

if TYPE_CHECKING:
    from lxml import etree

MAX_DOORS = 256

_ASPECTS = frozenset(Aspect)

_ACCESS: Mapping[str, str] = {
    "AccessControl/AccessGranted": GRANTED,
    "AccessControl/AccessTaken": TAKEN,
    "AccessControl/AccessNotTaken": NOT_TAKEN,
    "AccessControl/Denied": DENIED,
    "AccessControl/Duress": DURESS,
}

_READER_TAMPER = "AccessPoint/State/Tampering"

_IN_STATE: Mapping[str, Aspect] = {
    "DoorPhysicalState": Aspect.POSITION,
    "LockPhysicalState": Aspect.LOCK,
    "DoubleLockPhysicalState": Aspect.DOUBLE_LOCK,
    "Alarm": Aspect.ALARM,
    "Tamper/{*}State": Aspect.TAMPER,
    "Fault/{*}State": Aspect.FAULT,
    "DoorMode": Aspect.MODE,
}
"""Where GetDoorState's answer has which property."""


def interpret(notification: Notification) -> StateTold | AccessTold | None:
    """None for what is not about doors, or lacks its token or value.

    A holder's name and a card's number are personal data that nobody here needs: they stay on the controller.
    """
    if notification.topic.startswith("Door/State/"):
        return _state(notification)
    if notification.topic == _READER_TAMPER:
        return _reader_tamper(notification)
    event = _ACCESS.get("/".join(notification.topic.split("/")[:2]))
    return _access(notification, event) if event is not None else None


def door_states(envelope: "etree._Element", door: str) -> list[StateTold]:
    """The properties in a GetDoorStateResponse, as they are now."""
    state = next(envelope.iter("{*}DoorState"), None)
    if state is None:
        return []
    found = ((aspect, printable(state.findtext(f"{{*}}{path}"))) for path, aspect in _IN_STATE.items())
    return [StateTold(door, aspect, value, True, {"state": value}) for aspect, value in found if value]


def door_tokens(envelope: "etree._Element") -> tuple[list[str], bool]:
    """The doors in a GetDoorInfoListResponse, and whether these are all of them."""
    tokens = [printable(info.get("token")) for info in _some(envelope, "DoorInfo")]
    more = next(envelope.iter("{*}NextStartReference"), None)
    return [token for token in tokens if token], more is None


def readers(envelope: "etree._Element") -> list[tuple[str, str]]:
    """Reader and door of each access point in a GetAccessPointInfoListResponse."""
    pairs = ((info.get("token"), info.findtext("{*}Entity")) for info in _some(envelope, "AccessPointInfo"))
    return [(reader, door) for reader, door in pairs if reader and door]


def _some(envelope: "etree._Element", name: str) -> Iterator["etree._Element"]:
    for count, element in enumerate(envelope.iter(f"{{*}}{name}")):
        if count == MAX_DOORS:
            return
        yield element


def _state(notification: Notification) -> StateTold | None:
    name = notification.topic.rpartition("/")[2]
    door, value = notification.source.get("DoorToken"), notification.data.get("State")
    if name not in _ASPECTS or not door or not value or notification.operation == "Deleted":
        return None
    data = {"state": value} | _detail(notification)
    return StateTold(door, Aspect(name), value, notification.operation == "Initialized", data)


def _reader_tamper(notification: Notification) -> StateTold | None:
    """A reader's own contact: a state of its door, beside the door's."""
    reader, active = notification.source.get("AccessPointToken"), notification.data.get("Active", "").lower()
    if not reader or active not in ("true", "false", "1", "0") or notification.operation == "Deleted":
        return None
    value = TAMPERED if active in ("true", "1") else UNTAMPERED
    data = {"state": value} | _detail(notification)
    initial = notification.operation == "Initialized"
    return StateTold(reader, Aspect.TAMPER, value, initial, data, part=reader)


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
