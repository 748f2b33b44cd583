"""The channels of a recorder: names, the cameras behind them, and whether those are there. Tables to records; pure.

Everything is by the index that Dahua's configuration counts with, from 0; people and our tokens count from 1.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.dahua.table import Table, flag, rows, whole
from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.recorder.model import Input

MAX_CHANNELS = 256

_SLOT = re.compile(r"table\.remotedevice(?:\.uuid:[a-z_]*?_|\[)([0-9]{1,6})\]?\.(\w+)", re.ASCII)
_MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.I)
_GONE = frozenset({"empty", "disable", "disabled"})
_OFFLINE = frozenset({"unconnect", "unconnected", "disconnect", "disconnected", "connecting", "offline"})


@dataclass(frozen=True)
class Remote:
    """A camera in a slot, as the recorder is set up for it."""

    enabled: bool
    address: str = ""
    serial: str = ""
    mac: str = ""


def token(index: int) -> str:
    """A channel's token: its number as people see it."""
    return str(index + 1)


def index_of(channel: str) -> int:
    """The index of a token. Raises BadAnswer for a token that is none of ours."""
    number = whole(channel)
    if number is None or not 1 <= number <= MAX_CHANNELS:
        raise BadAnswer(f"no channel {printable(channel, 20)!r}")
    return number - 1


def titles(table: Table) -> dict[int, str]:
    """Index → name, of the configuration `ChannelTitle`."""
    return {i: printable(row.get("name"), 60) for i, row in rows(table, "table.ChannelTitle", MAX_CHANNELS).items()}


def remotes(table: Table) -> dict[int, Remote]:
    """Index → camera, of the configuration `RemoteDevice`: slot n is channel n."""
    slots: dict[int, dict[str, str]] = {}
    for key, value in table.items():
        match = _SLOT.fullmatch(key)
        if match and int(match[1]) < MAX_CHANNELS:
            slots.setdefault(int(match[1]), {})[match[2]] = value
    return {index: _remote(slots[index]) for index in sorted(slots)}


def states(found: object) -> dict[int, str]:
    """Index → connection state in small letters, of `getCameraState`: rows of a table, or its newer JSON."""
    listed = list(found.values()) if isinstance(found, Mapping) else found if isinstance(found, list) else []
    told: dict[int, str] = {}
    for row in listed[: 2 * MAX_CHANNELS]:
        if not isinstance(row, Mapping):
            continue
        index = whole(str(row.get("channel", "")))
        if index is not None and 0 <= index < MAX_CHANNELS:
            told[index] = printable(row.get("connectionstate") or row.get("connectionState"), 40).lower()
    return told


def lost(table: Table) -> set[int]:
    """Indexes without a picture, of `getEventIndexes` (`channels[0]=4`)."""
    found = (whole(row.get("")) for row in rows(table, "channels", MAX_CHANNELS).values())
    return {index for index in found if index is not None and 0 <= index < MAX_CHANNELS}


def inputs(
    named: Mapping[int, str],
    cameras: Mapping[int, Remote],
    connected: Mapping[int, str],
    without_picture: set[int] | None,
) -> list[Input]:
    """The channels that something is connected to; what was not told is None.

    What the recorder says of a channel's connection comes first, then whether its slot is set up. A channel with
    neither is an analogue one of its own: those are listed by their names alone.
    """
    indexes = sorted({*named, *cameras, *connected})
    found: list[Input] = []
    for index in indexes:
        camera, state = cameras.get(index), connected.get(index)
        if state in _GONE or (state is None and camera is not None and not camera.enabled):
            continue
        known = camera if camera is not None and camera.enabled else Remote(True)
        found.append(
            Input(
                token(index),
                named.get(index, ""),
                True if state == "connected" else False if state in _OFFLINE else None,
                None if without_picture is None else index in without_picture,
                known.address,
                known.serial,
                known.mac,
            )
        )
    return found[:MAX_CHANNELS]


def recording(told: object) -> dict[str, bool]:
    """Token → whether its main stream is being recorded, of `recordManager/getStateAll`."""
    found: dict[str, bool] = {}
    for index, row in enumerate(told[:MAX_CHANNELS] if isinstance(told, list) else []):
        main = row.get("Main") if isinstance(row, Mapping) else None
        state = main.get("State") if isinstance(main, Mapping) else None
        if state in (0, 1):
            found[token(index)] = bool(state)
    return found


def _remote(row: Table) -> Remote:
    try:
        address = ipaddress.ip_address(row.get("address", "").strip())
    except ValueError:
        address = None
    # Slots that were never used have addresses like these.
    real = address is not None and not address.is_unspecified and str(address) not in ("192.168.0.0", "255.255.255.255")
    mac = row.get("mac", "").strip().lower().replace("-", ":")
    known = _MAC.fullmatch(mac) and mac not in ("ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00")
    return Remote(
        flag(row.get("enable")) is True,
        str(address) if real else "",
        printable(row.get("serialno"), 60),
        mac if known else "",
    )
