"""Wall-clock readings and moments: the same reading comes twice in an autumn night and is skipped in spring."""

import calendar
import os
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

_LOCALTIME = Path("/etc/localtime")
_QUARTER = 15
_MOST_CACHED = 4096


class Zone:
    """A time zone by its IANA name, or "UTC". Raises ValueError for a name the machine does not know."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._utc = name.upper() == "UTC"
        try:
            self._info: tzinfo = UTC if self._utc else ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
            raise ValueError(f"unknown time zone {name!r}") from None
        # Transitions fall on quarters of an hour: one look-up serves all files of a quarter.
        self._quarters: dict[tuple[int, int, int, int, int], tuple[int, int]] = {}

    @classmethod
    def fixed(cls, offset_seconds: int) -> "Zone":
        """One that always shows so much more than UTC, as a device tells of today. Raises ValueError from a day on."""
        zone = cls("UTC")
        if offset_seconds:
            zone._info = timezone(timedelta(seconds=offset_seconds))
            zone._utc = False
            zone.name = str(zone._info)
        return zone

    def moments(self, year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> tuple[int, int]:
        """When a clock on the wall shows this: the first time and the last, equal but for the repeated hour.

        A reading that is skipped in spring counts by the offset before. Raises ValueError for what no clock shows.
        """
        if second > 60 or minute > 59:  # 60: a leap second
            raise ValueError(f"no such time: {minute}:{second}")
        key = (year, month, day, hour, minute // _QUARTER)
        known = self._quarters.get(key)
        if known is None:
            if len(self._quarters) >= _MOST_CACHED:
                self._quarters.clear()
            known = self._quarters[key] = self._quarter(*key)
        rest = minute % _QUARTER * 60 + second
        return known[0] + rest, known[1] + rest

    def _quarter(self, year: int, month: int, day: int, hour: int, quarter: int) -> tuple[int, int]:
        if self._utc:
            datetime(year, month, day, hour, tzinfo=UTC)
            moment = calendar.timegm((year, month, day, hour, quarter * _QUARTER, 0))
            return moment, moment
        reading = datetime(year, month, day, hour, quarter * _QUARTER, tzinfo=self._info)
        first, last = int(reading.timestamp()), int(reading.replace(fold=1).timestamp())
        # In the skipped hour the second reading lies before the first.
        return (first, last) if last > first else (first, first)

    def reading(self, moment: int) -> datetime:
        """What a clock on the wall shows. Raises ValueError or OverflowError far outside the years 1 to 9999."""
        return datetime.fromtimestamp(moment, self._info)

    def midnight(self, day: date) -> int:
        """The beginning of a day."""
        return self.moments(day.year, day.month, day.day, 0)[0]

    def day(self, moment: int) -> date:
        """The day a moment lies in."""
        return self.reading(moment).date()

    def span_of(self, day: date) -> tuple[int, int]:
        """A day from its midnight to the next: 23 or 25 hours where the clocks change."""
        return self.midnight(day), self.midnight(day + timedelta(days=1))


def machine_zone(localtime: Path = _LOCALTIME) -> str:
    """The name of the machine's own time zone; "UTC" where it says none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        try:
            return Zone(named).name
        except ValueError:
            pass  # a POSIX rule as in "CET-1CEST" says nothing of other years; the machine's setting does
    try:
        target = os.path.realpath(localtime)
    except OSError:
        return "UTC"
    _, found, name = target.partition("/zoneinfo/")
    return name if found else "UTC"
