"""Times as ISAPI writes them. Their digits are the recorder's wall clock, whatever stands behind.

Search results and log entries end in `Z` and are local time all the same; `localTime` carries an offset that leaves out
daylight saving. So digits and suffix are kept apart, and `reckoning` makes moments of them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_FORM = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
LATEST = 4_102_444_800
"""The year 2100: no clock of ours will see it."""


@dataclass(frozen=True)
class Stamp:
    """`wall`: what the digits read, as if they were UTC; `zulu`: whether a Z follows; `offset`: s, if that does."""

    wall: int
    zulu: bool = False
    offset: int | None = None


def read(text: str) -> Stamp | None:
    """None for what is no time between the years 1970 and 2100."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    try:
        digits = datetime(*(int(part) for part in match.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type,misc] # six
    except ValueError:
        return None
    wall = int(digits.timestamp())
    if not 0 <= wall < LATEST:
        return None
    suffix = match[7] or ""
    return Stamp(wall, suffix == "Z", _offset(suffix) if suffix not in ("", "Z") else None)


def written(wall: int) -> str:
    """As a search wants it, cut to the years that `read` takes."""
    return datetime.fromtimestamp(min(max(wall, 0), LATEST - 1), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(suffix: str) -> int:
    seconds = int(suffix[1:3]) * 3600 + int(suffix[-2:]) * 60
    return -seconds if suffix[0] == "-" else seconds
