"""Hours of the week, as people write them: `mon-fri 07:00-19:00`, `sat,sun 10:00-12:00`, `fri 22:00-06:00`. Pure."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES = 24 * 60
_SHAPE = re.compile(r"([a-z,-]+) (\d\d):(\d\d)-(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


class Hours(NamedTuple):
    """On these weekdays (0 is Monday) from one minute of the day to another, which may lie past midnight."""

    days: frozenset[int]
    begin: int
    end: int

    def hold(self, at: int, zone: tzinfo | None) -> bool:
        """Whether a moment (ms UTC) lies within, by the clock of this zone (None: the machine's own)."""
        local = datetime.fromtimestamp(at / 1000, zone).astimezone(zone)
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return local.weekday() in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return local.weekday() in self.days
        return minute < self.end and (local.weekday() - 1) % 7 in self.days


@lru_cache(maxsize=512)
def parse(text: str) -> Hours:
    """What was written. Raises ValueError saying what is wrong with it."""
    found = _SHAPE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is not like 'mon-fri 07:00-19:00'")
    begin, end = int(found[2]) * 60 + int(found[3]), int(found[4]) * 60 + int(found[5])
    if begin >= _MINUTES or end > _MINUTES or int(found[3]) > 59 or int(found[5]) > 59:
        raise ValueError(f"{text!r} names an hour that no day has")
    days = frozenset(day for part in found[1].split(",") for day in _days(part, text))
    return Hours(days, begin, end)


def _days(part: str, text: str) -> list[int]:
    first, _, last = part.partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        raise ValueError(f"{text!r} names a day that is none of {', '.join(DAYS)}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo | None:
    """A time zone by its IANA name or its offset (`+08:00`); None, the machine's own, where it is empty.

    Raises ValueError for one that is neither.
    """
    if not name:
        return None
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-shift if offset[1] == "-" else shift)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"unknown time zone {name!r}") from None
