"""One line of JSON per event: what a program of others writes for us, into a file or a socket. Pure.

    {"door": "front", "event": "opened", "at": "2025-03-01T08:00:00+08:00", "reason": "…", "credential": "…"}

`door` and `event` have to be there; line.schema.json is the same for programs. Other fields are ignored: a name or a
card number that stands in one goes nowhere.
"""

import json
from typing import Any, NoReturn

from agent.device.text import printable
from agent.doors import words
from agent.doors.told import Told, Value

MAX_LINE = 4096
"""The longest line taken, its end included."""


class LineError(ValueError):
    """A line that is no event. The text says why, and quotes nothing of it: a hub may have named the file."""


def read(line: bytes, mono: float, wall: float) -> list[Told]:
    """What a line tells, heard at these moments of ours. Raises LineError."""
    if len(line) > MAX_LINE:
        raise LineError(f"longer than {MAX_LINE} bytes")
    row = _object(line)
    door, event = row.get("door"), row.get("event")
    if isinstance(door, int) and not isinstance(door, bool):
        door = str(door)
    if not isinstance(door, str) or not printable(door):
        raise LineError("no door in it")
    if not isinstance(event, str) or event not in words.WORDS:
        raise LineError("no event in it that we know")
    data: dict[str, Value] = {}
    for name in ("reason", "credential"):
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and printable(value):
            data[name] = printable(value)
    when, claimed = words.moment(row.get("at"), mono, wall)
    if claimed is not None:
        data["device_time"] = claimed
    return words.told(event, printable(door), words.Occasion(data, when))


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise LineError("no JSON") from None
    if not isinstance(row, dict):
        raise LineError("no JSON object")
    return row


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
