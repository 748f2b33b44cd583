"""What Dahua's CGI answers: lines of `key=value`, read from any bytes into a bounded table.

`table.ChannelTitle[0].Name=Gate` becomes `table.channeltitle[0].name` → `Gate`: firmwares do not agree on capitals. A
line without a key goes on with the value before it, as the details of a log do. Passwords are not kept: older recorders
show those of their cameras to whoever may read their configuration.
"""

import calendar
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from agent.device.errors import BadAnswer
from agent.device.text import printable

Table = Mapping[str, str]

MAX_LINES = 65_536
"""The most lines taken: the schedules of 256 channels have about 20,000."""
MAX_VALUE = 500
FIRST_YEAR, LAST_YEAR = 1970, 2105
"""Years a recorder's clock may show; what it says of others is no time."""
LAST_WALL = 4_291_747_199.0
"""The last second of the last year."""

_PAIR = re.compile(r"\s*([\w.:\[\]{}@/-]{1,200})[ \t]*=(.*)", re.ASCII | re.DOTALL)
_INDEXED = re.compile(r"\[([0-9]{1,6})\]\.?(.*)", re.ASCII | re.DOTALL)
_SECRET = re.compile(r"(password|passwd|pwd)[^.]*$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})")


def parse(body: bytes) -> dict[str, str]:
    """The table in `body`, empty for nothing at all. Raises BadAnswer where it begins with anything but a pair."""
    if body.count(b"\n") > MAX_LINES:
        raise BadAnswer(f"a table of more than {MAX_LINES} lines")
    found: dict[str, str] = {}
    last = ""
    for line in text_of(body).split("\n"):
        pair = _PAIR.match(line)
        if pair:
            last = pair[1].lower()
            if not _SECRET.search(last):
                found[last] = pair[2].strip()[:MAX_VALUE]
        elif line.strip() and not last:
            raise BadAnswer(f"no table of values: {printable(line, 60)!r}")
        elif line.strip() and last in found:
            found[last] = f"{found[last]}; {line.strip()}"[:MAX_VALUE]
    return found


def parse_json(body: bytes) -> dict[str, object]:
    """The object in `body`, of the newer calls that speak JSON. Raises BadAnswer for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"no JSON: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise BadAnswer("no JSON object")
    return found


def text_of(body: bytes) -> str:
    """Its text: UTF-8, else what older Chinese firmware writes."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("gb18030", errors="replace")


def rows(table: Table, name: str, most: int = 256) -> dict[int, dict[str, str]]:
    """The rows of an array `name[0].…`, by index, of those below `most`: what follows the index → value."""
    prefix, found = name.lower(), dict[int, dict[str, str]]()
    for key, value in table.items():
        match = _INDEXED.match(key, len(prefix)) if key.startswith(prefix) else None
        if match and int(match[1]) < most:
            found.setdefault(int(match[1]), {})[match[2]] = value
    return dict(sorted(found.items()))


def last_named(table: Table, *names: str) -> str | None:
    """The first value whose key ends in one of these names, in their order: firmwares differ in what goes before."""
    for name in names:
        for key, value in table.items():
            if key.rpartition(".")[2] == name:
                return value
    return None


def flag(text: str | None) -> bool | None:
    """true or false, None for anything else."""
    return {"true": True, "1": True, "false": False, "0": False}.get((text or "").strip().lower())


def number(text: str | None) -> float | None:
    """A finite number that is not negative, None for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def whole(text: str | None) -> int | None:
    """A whole number of at most nine digits, None for anything else."""
    stripped = (text or "").strip()
    return int(stripped) if re.fullmatch(r"-?[0-9]{1,9}", stripped, re.ASCII) else None


def moment(text: str | None) -> int | None:
    """What a clock on the wall shows (`2026-1-2 03:04:05`), as seconds counted as if it were UTC; None for no time."""
    match = _TIME.fullmatch((text or "").strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR or second > 60:
        return None
    try:
        shown = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return calendar.timegm(shown.timetuple())


def written(wall: float) -> str:
    """A moment of the wall clock as the CGI wants it."""
    inside = min(max(wall, 0.0), LAST_WALL)
    return (_EPOCH + timedelta(seconds=int(inside))).strftime("%Y-%m-%d %H:%M:%S")
