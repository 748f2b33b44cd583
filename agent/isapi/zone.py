"""Time zones as Hikvision writes them: `CST-8:00:00` is eight hours *east* of UTC, as POSIX has it.

With daylight saving: `CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00`: what is added to the clock, and when it
begins and ends (month, week of it with 5 for the last, day of the week from Sunday; local time before the change).
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_TIME = r"[0-9]{1,2}(?::[0-9]{2}){0,2}"
_RULE = rf"M([0-9]{{1,2}})\.([1-5])\.([0-6])(?:/({_TIME}))?"
_FORM = re.compile(
    rf"[A-Za-z]*\s*(?P<std>[+-]?{_TIME})(?:(?P<name>[A-Za-z]+)(?P<dst>[+-]?{_TIME})?,(?P<rules>{_RULE},{_RULE}))?"
)
_FURTHEST = 15 * 3600


@dataclass(frozen=True)
class Rule:
    """A change of the clocks: `second` of local time on a day of the month that moves with the year."""

    month: int
    week: int
    weekday: int
    second: int = 7200

    def wall(self, year: int) -> int:
        """When that is in a year, by the clock as it stands before, read as if it were UTC."""
        first = date(year, self.month, 1)
        day = (self.weekday - (first.weekday() + 1)) % 7 + 1 + (self.week - 1) * 7
        if day > calendar.monthrange(year, self.month)[1]:
            day -= 7
        return int(datetime(year, self.month, day, tzinfo=UTC).timestamp()) + self.second


@dataclass(frozen=True)
class Zone:
    """`offset` seconds east of UTC, and `shift` more between `begins` and `ends`."""

    offset: int
    shift: int = 0
    begins: Rule | None = None
    ends: Rule | None = None

    def moment(self, wall: int) -> int:
        """When a clock shows this (`wall`: its digits read as if they were UTC).

        What it shows twice in an autumn night counts as the first time, what it skips in spring by the offset before.
        """
        summer = wall - self.offset - self.shift
        return summer if self.shift and self.saves(summer) else wall - self.offset

    def wall(self, moment: int) -> int:
        """What a clock shows at a moment, read as if it were UTC."""
        return moment + self.offset + (self.shift if self.saves(moment) else 0)

    def saves(self, moment: int) -> bool:
        """Whether daylight is saved then."""
        if self.begins is None or self.ends is None:
            return False
        year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment + self.offset)).year
        begins = self.begins.wall(year) - self.offset
        ends = self.ends.wall(year) - self.offset - self.shift
        # South of the equator summer spans the turn of the year.
        return begins <= moment < ends if begins < ends else not ends <= moment < begins


def read(text: str) -> Zone | None:
    """None for what is no such zone."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    west = _seconds(match["std"])
    if abs(west) > _FURTHEST:
        return None
    if match["rules"] is None:
        return Zone(-west)
    rules = [_rule(part) for part in match["rules"].split(",")]
    shift = _shift(match["name"], match["dst"], west)
    if not 0 < shift <= 3 * 3600 or not all(1 <= rule.month <= 12 for rule in rules):
        return None
    return Zone(-west, shift, rules[0], rules[1])


def _shift(name: str, dst: str | None, west: int) -> int:
    """Hikvision writes what is added behind the word DST; POSIX the whole offset behind the summer's name."""
    if dst is None:
        return 3600
    return abs(_seconds(dst)) if name.upper() == "DST" else west - _seconds(dst)


def _rule(text: str) -> Rule:
    match = re.fullmatch(_RULE, text)
    assert match is not None  # noqa: S101 - it is part of a match of the same expression
    return Rule(int(match[1]), int(match[2]), int(match[3]), _seconds(match[4]) if match[4] else 7200)


def _seconds(text: str) -> int:
    parts = [int(part) for part in text.lstrip("+-").split(":")] + [0, 0]
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return -seconds if text.startswith("-") else seconds
