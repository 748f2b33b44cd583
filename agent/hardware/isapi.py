"""What Hikvision's alerts say of a device's hardware. Pure.

Words as in ISAPI's EventNotificationAlert and event triggers; firmware spells some in other ways, and case is no help.
Five flat fields are all that is needed, so no tree is made of the XML: up to 500 of these come in a second, in a thread
that lives for years, and libxml2 would keep every name that a device makes up.
"""

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

from agent.device.errors import BadAnswer
from agent.device.multipart import Part
from agent.device.text import printable
from agent.hardware.model import MAX_TEXT, PER_CHANNEL, Kind, Stranger, Told

_KINDS: Mapping[str, Kind] = {
    "diskerror": Kind.STORAGE_FAILURE,
    "diskunformat": Kind.STORAGE_FAILURE,
    "hdbadblock": Kind.STORAGE_FAILURE,
    "severehdfailure": Kind.STORAGE_FAILURE,
    "raidexception": Kind.STORAGE_FAILURE,
    "raidfailure": Kind.STORAGE_FAILURE,
    "radifailure": Kind.STORAGE_FAILURE,  # so in old documents, and so in some firmware
    "spareexception": Kind.STORAGE_FAILURE,
    "diskfull": Kind.STORAGE_FULL,  # told where the oldest may not be overwritten
    "fanexception": Kind.FAN_FAILURE,
    "powerexception": Kind.POWER_FAILURE,
    "poepowerexception": Kind.POWER_FAILURE,
    "hightemperature": Kind.TEMPERATURE_CRITICAL,
    "highhdtemperature": Kind.TEMPERATURE_CRITICAL,
    "videoloss": Kind.VIDEO_LOSS,
    "badvideo": Kind.VIDEO_LOSS,
    "shelteralarm": Kind.TAMPER,
    "tamperdetection": Kind.TAMPER,
    "scenechangedetection": Kind.TAMPER,
    "recordexception": Kind.RECORDING_FAILURE,
    "recordingfailure": Kind.RECORDING_FAILURE,
    "nicbroken": Kind.NETWORK_LOST,
    "ipconflict": Kind.ADDRESS_CONFLICT,
    "illaccess": Kind.ILLEGAL_LOGIN,
    "illegalaccess": Kind.ILLEGAL_LOGIN,
}

_NOT_TAKEN = frozenset(
    {
        *("heartbeat", "vmd", "motiondetection", "duration", "io", "pir", "linedetection", "fielddetection"),
        *("regionentrance", "regionexiting", "loitering", "group", "rapidmove", "parking", "unattendedbaggage"),
        *("attendedbaggage", "facedetection", "facesnap", "facecapture", "alarmresult", "anpr", "vehicledetection"),
        *("audioexception", "audiodetection", "defocus", "defocusdetection", "videomismatch", "resolutionmismatch"),
        *("peoplecounting", "accesscontrollerevent", "targetdetection", "humanattribute", "mixedtargetdetection"),
        *("storagedetection", "behaviorresult", "pos", "fileupload", "humanrecognition", "crosslinedetection"),
    }
)

_FIELDS = ("eventType", "eventState", "dynChannelID", "channelID", "dateTime")
_TAGS: Mapping[str, re.Pattern[bytes]] = {
    name: re.compile(rb"<(?:[\w.-]{1,20}:)?%s(?:\s[^<>]{0,200})?>\s{0,20}([^<>]{1,80})<" % name.encode())
    for name in _FIELDS
}


def interpret(part: Part) -> Told | Stranger | None:
    """None for a heartbeat, and for what is not about hardware. Raises BadAnswer for what is no alert."""
    fields = _json(part.body) if part.body.lstrip()[:1] == b"{" else _xml(part.body)
    code = fields.get("eventType", "")
    if not code:
        raise BadAnswer("an alert without a type")
    word = code.lower()
    kind = _KINDS.get(word)
    if kind is None:
        return None if word in _NOT_TAKEN else Stranger(code)
    active = fields.get("eventState", "").lower() != "inactive"
    if kind is Kind.VIDEO_LOSS and not active:
        # The heartbeat of all firmware. A loss that is over is one that is no longer repeated.
        return None
    return Told(
        kind=kind,
        code=code,
        active=None if kind is Kind.ILLEGAL_LOGIN else active,
        channel=_channel(fields) if kind in PER_CHANNEL else "",
        part=word,
        lasting=False,
        at=_time(fields.get("dateTime", "")),
    )


def _xml(body: bytes) -> dict[str, str]:
    """The first of each field: it stands ahead of whatever else an alert holds."""
    found = {name: pattern.search(body) for name, pattern in _TAGS.items()}
    return {name: printable(match[1].decode(errors="replace"), MAX_TEXT) for name, match in found.items() if match}


def _json(body: bytes) -> dict[str, str]:
    try:
        alert: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("an alert that is no JSON") from None
    if isinstance(alert, dict) and isinstance(alert.get("EventNotificationAlert"), dict):
        alert = alert["EventNotificationAlert"]
    if not isinstance(alert, dict):
        raise BadAnswer("an alert that is no object")
    told = {name: alert[name] for name in _FIELDS if isinstance(alert.get(name), str | int)}
    return {name: printable(str(value)[:MAX_TEXT], MAX_TEXT) for name, value in told.items()}


def _channel(fields: Mapping[str, str]) -> str:
    """Recorders number channels of the network apart (dynChannelID), or not; one of them stays empty."""
    for name in ("dynChannelID", "channelID"):
        number = fields.get(name, "")
        if number.isascii() and number.isdecimal() and len(number) <= 6 and int(number) > 0:
            return str(int(number))
    return ""


def _time(text: str) -> datetime.datetime | None:
    """Its own clock; firmware writes the zone as `-6:00` too, or leaves it out: then the moment is not known."""
    try:
        when = datetime.datetime.fromisoformat(re.sub(r"([+-])(\d):", r"\g<1>0\2:", text))
    except ValueError:
        return None
    return when if when.tzinfo else None
