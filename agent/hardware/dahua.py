"""What Dahua's events say of a device's hardware. Pure.

`eventManager.cgi?action=attach` sends each as text: `Code=VideoLoss;action=Start;index=3;data={…}`, and a `Heartbeat`
when asked to. `index` counts channels from 0. Start and Stop are both told; Pulse has no end.
"""

import itertools
import json
import re
from collections.abc import Iterable, Mapping

from agent.device.multipart import Part
from agent.device.text import printable
from agent.hardware.model import MAX_TEXT, PER_CHANNEL, Kind, Stranger, Told

HEARTBEAT_SECONDS = 20

MAX_EVENTS = 64
"""Events read of one part; recorders send one in each."""
_MAX_DATA = 4096

CODES: Mapping[str, Kind] = {
    "StorageFailure": Kind.STORAGE_FAILURE,
    "StorageNotExist": Kind.STORAGE_FAILURE,
    "StorageLowSpace": Kind.STORAGE_FULL,
    "FanSpeed": Kind.FAN_FAILURE,
    "PowerFault": Kind.POWER_FAILURE,
    "Temperature": Kind.TEMPERATURE_CRITICAL,
    "VideoLoss": Kind.VIDEO_LOSS,
    "VideoBlind": Kind.TAMPER,
    "ChassisIntruded": Kind.TAMPER,
    "RecordFailed": Kind.RECORDING_FAILURE,
    "NetAbort": Kind.NETWORK_LOST,
    "IPConflict": Kind.ADDRESS_CONFLICT,
    "MACConflict": Kind.ADDRESS_CONFLICT,
    "LoginFailure": Kind.ILLEGAL_LOGIN,
}
"""All that is asked for: a recorder with busy channels would send its motion as well."""

ATTACH = f"/cgi-bin/eventManager.cgi?action=attach&codes=[{','.join(CODES)}]&heartbeat={HEARTBEAT_SECONDS}"

STATES = ("StorageFailure", "StorageNotExist", "StorageLowSpace", "VideoLoss", "VideoBlind")
"""Codes whose present state is asked for after attaching (`getEventIndexes`): attaching itself tells none."""

NO_EVENTS = b"Error: No Events"
"""What it answers where an event goes on nowhere."""

_EVENT = re.compile(
    rb"Code=([\w./-]{1,80})\s{0,9};\s{0,9}action=(\w{1,20})(?:\s{0,9};\s{0,9}index=(\d{1,6}))?(?:\s{0,9};\s{0,9}data=)?"
)
_INDEX = re.compile(rb"channels\[\d{1,6}\]\s{0,9}=\s{0,9}(\d{1,6})")
_LOCAL_WORDS = frozenset({"videomotion", "videomotioninfo", "smartmotionhuman", "smartmotionvehicle", "heartbeat"})


def interpret(part: Part) -> list[Told | Stranger]:
    """What is in one part; nothing in a heartbeat."""
    found = itertools.islice(_EVENT.finditer(part.body), MAX_EVENTS)
    return [one for match in found if (one := _event(match, part.body)) is not None]


def states_path(code: str) -> str:
    """Where the channels are asked for on which an event goes on."""
    return f"/cgi-bin/eventManager.cgi?action=getEventIndexes&code={code}"


def states(code: str, body: bytes, channels: Iterable[str]) -> list[Told]:
    """How things are by its answer: on the channels listed it goes on, on all others of `channels` it does not.

    Nothing where it neither lists any nor says that there is none.
    """
    kind = CODES[code]
    listed = {str(int(number) + 1) for number in _INDEX.findall(body)}
    if not listed and b"no event" not in body.lower():
        return []
    if kind not in PER_CHANNEL:
        return [Told(kind, code, bool(listed), part=code, initial=True)]
    every = sorted(listed | set(channels))
    return [Told(kind, code, channel in listed, channel, part=code, initial=True) for channel in every]


def _event(match: re.Match[bytes], body: bytes) -> Told | Stranger | None:
    code, action = match[1].decode(), match[2].decode().lower()
    kind = CODES.get(code)
    if kind is None:
        return None if code.lower() in _LOCAL_WORDS else Stranger(code[:MAX_TEXT])
    if action not in ("start", "stop", "pulse"):
        return None
    channel = str(int(match[3]) + 1) if match[3] is not None and kind in PER_CHANNEL else ""
    if code == "ChassisIntruded":
        channel = ""
    active = None if kind is Kind.ILLEGAL_LOGIN else action != "stop"
    detail = _address(body[match.end() : match.end() + _MAX_DATA]) if kind is Kind.ILLEGAL_LOGIN else ""
    return Told(kind, code, active, channel, part=code, lasting=action != "pulse", detail=detail)


def _address(data: bytes) -> str:
    """Where a refused login came from, where that is told; names of accounts are not taken over."""
    try:
        told, _ = json.JSONDecoder().raw_decode(data.decode(errors="replace").lstrip())
    except (ValueError, RecursionError):
        return ""
    return printable(told.get("Address"), 45) if isinstance(told, dict) else ""
