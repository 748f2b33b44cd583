"""A recorder's time zone, by its own word: the index `NTP.TimeZone` and the daylight saving rules of `Locales`.

Dahua's clocks, recordings and logs are wall clock time without a zone. `wall` counts its seconds as if it were UTC.
"""

import calendar
import time
from dataclasses import dataclass

from agent.dahua.table import LAST_WALL, Table, flag, whole

OFFSETS = (
    *(0, 3600, 7200, 10_800, 12_600, 14_400, 16_200, 18_000, 19_800, 20_700, 21_600, 23_400, 25_200, 28_800, 32_400),
    *(34_200, 36_000, 39_600, 43_200, 46_800),
    *(-3600, -7200, -10_800, -12_600, -14_400, -18_000, -21_600, -25_200, -28_800, -32_400, -36_000, -39_600, -43_200),
)
"""Seconds east of Greenwich by the index: 0 London, 13 Beijing, 22 Brasilia, 25 New York. From public documentation and
three public programs that agree; newer firmware has further indexes, which count as unknown."""

SAVING = 3600


@dataclass(frozen=True)
class Turn:
    """When daylight saving begins or ends: `week` of the month (-1 the last, 0: `day` is a date), `day` 0 is Sunday."""

    month: int
    week: int
    day: int
    seconds: int
    """Of the day."""

    def in_year(self, year: int) -> int:
        """When the wall clock shows it."""
        return calendar.timegm((year, self.month, self._date(year), 0, 0, 0)) + self.seconds

    def _date(self, year: int) -> int:
        first, length = calendar.monthrange(year, self.month)
        if self.week == 0:
            return min(self.day, length)
        date = 1 + (self.day - 1 - first) % 7 + 7 * ((5 if self.week == -1 else self.week) - 1)
        while date > length:
            date -= 7
        return date


@dataclass(frozen=True)
class Zone:
    """An offset in seconds east of Greenwich, and the turns of its summer, None where it has none."""

    offset: int
    summer: tuple[Turn, Turn] | None = None
    name: str = ""

    def utc(self, wall: float) -> float:
        """Unix seconds of what the wall clock shows; of an hour that comes twice the first."""
        return wall - self.offset - (SAVING if self._saves(wall) else 0)

    def both(self, wall: float) -> tuple[float, float]:
        """The first and the last moment at which the wall clock shows this: unequal in the hour that comes twice."""
        first = self.utc(wall)
        last = wall - self.offset
        return first, last if self.wall(last) == wall else first

    def ahead(self, unix: float) -> int:
        """Seconds that the wall clock shows more than UTC at a moment."""
        return round(self.wall(unix) - unix)

    def wall(self, unix: float) -> float:
        """What the wall clock shows at a moment."""
        standard = unix + self.offset
        # The end of the summer is written in summer time: an hour earlier by the standard.
        return standard + SAVING if self._within(standard, SAVING) else standard

    def _saves(self, wall: float) -> bool:
        return self._within(wall, 0)

    def _within(self, wall: float, ends_earlier: int) -> bool:
        if self.summer is None:
            return False
        year = _year(wall)
        begin, end = self.summer[0].in_year(year), self.summer[1].in_year(year) - ends_earlier
        return begin <= wall < end if begin < end else not end <= wall < begin


def zone_of(ntp: Table, locales: Table | None) -> Zone | None:
    """The zone these two configurations tell, None where they leave it open. `locales` None: not told at all."""
    index = whole(ntp.get("table.ntp.timezone"))
    if index is None or not 0 <= index < len(OFFSETS):
        return None
    name = ntp.get("table.ntp.timezonedesc", "")
    saving = flag((locales or {}).get("table.locales.dstenable"))
    if locales is None or saving is None:
        return None
    if not saving:
        return Zone(OFFSETS[index], None, name)
    turns = _turn(locales, "dststart"), _turn(locales, "dstend")
    return Zone(OFFSETS[index], (turns[0], turns[1]), name) if turns[0] and turns[1] else None


def _turn(locales: Table, which: str) -> Turn | None:
    def part(name: str) -> int | None:
        return whole(locales.get(f"table.locales.{which}.{name}"))

    month, week, day = part("month"), part("week"), part("day")
    hour, minute = part("hour") or 0, part("minute") or 0
    if flag(locales.get("table.locales.weekenable")) is False:
        week = 0
    if month is None or day is None or week is None or not 1 <= month <= 12:
        return None
    if not (1 <= day <= 31 if week == 0 else 0 <= day <= 6 and week in (-1, 1, 2, 3, 4, 5)):
        return None
    return Turn(month, week, day, hour * 3600 + minute * 60) if 0 <= hour < 24 and 0 <= minute < 60 else None


def _year(wall: float) -> int:
    return time.gmtime(min(max(wall, 0.0), LAST_WALL)).tm_year
