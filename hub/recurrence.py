"""When something planned comes again: a rule of RFC 5545 (RRULE), counted on the clock of a time zone. Pure.

"Every Sunday at two" is two o'clock where the site is, in summer and in winter. Of RFC 5545 the rules by day, week,
month and year are understood; what comes more often than daily is no plan but a permanent state.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

LONGEST_MS = 31 * 86_400_000
"""The longest one occurrence may be."""

FARTHEST_DAYS = 5 * 366
"""A rule whose first occurrence lies farther ahead than this is a mistake."""

MAX_OCCURRENCES = 5_000
"""At most so many are looked at for one question: thirteen years of every day."""

_LAST = datetime(2200, 1, 1)  # noqa: DTZ001 - of no zone, as all times of a rule
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]{1,120})")
_KEYS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
    | {"BYHOUR", "BYMINUTE", "WKST"}
)
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


class Span(NamedTuple):
    """From `start` until just before `end`, ms UTC."""

    start: int
    end: int


class RecurrenceError(ValueError):
    """The rule can't be used, and why."""


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name (Asia/Shanghai). Raises RecurrenceError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RecurrenceError(f"{name!r}: no such time zone; a name such as Asia/Shanghai or UTC") from None


@dataclass(frozen=True)
class Recurrence:
    """A rule, its first beginning (ms UTC), how long each lasts (ms), and the zone on whose clock it counts.

    Use `parse`, which looks at what people write.
    """

    rule: str
    start: int
    duration: int
    zone: str

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone_of(self.zone)

    @cached_property
    def _rule(self) -> rrule:
        rule = rrulestr(_local_until(self.rule, self._zone), dtstart=self._local(self.start))
        if not isinstance(rule, rrule):
            raise RecurrenceError(f"{self.rule}: one rule alone")
        return rule

    def _local(self, at: int) -> datetime:
        # In whole seconds, as RFC 5545 has them; what a clock change would make ambiguous is the earlier of the two.
        return datetime.fromtimestamp(at // 1000, UTC).astimezone(self._zone).replace(tzinfo=None, fold=0)

    def _utc(self, local: datetime) -> int:
        return round(local.replace(tzinfo=self._zone).timestamp() * 1000)

    def spans(self, since: int, until: int) -> Iterator[Span]:
        """The occurrences that touch since..until (ms UTC), oldest first; MAX_OCCURRENCES at most."""
        first = self._local(max(since - self.duration, 0)) - timedelta(hours=3)  # a clock change may shift it
        for count, local in enumerate(self._rule.xafter(first, inc=True)):
            if count >= MAX_OCCURRENCES or local > _LAST:
                return
            begin = self._utc(local)
            if begin >= until:
                return
            if begin + self.duration > since:
                yield Span(begin, begin + self.duration)

    @property
    def last_end(self) -> int | None:
        """When the last occurrence ends, ms UTC; None where it goes on for ever."""
        if "COUNT=" not in self.rule and "UNTIL=" not in self.rule:
            return None
        last = self._rule.before(_LAST)
        return self.start + self.duration if last is None else self._utc(last) + self.duration


def parse(rule: str, start: int, duration: int, zone: str) -> Recurrence:
    """What people write as a recurrence. Raises RecurrenceError with what is wrong."""
    text = rule.strip().upper().removeprefix("RRULE:")
    for part in text.split(";"):
        match = _PART.fullmatch(part)
        if match is None or match[1] not in _KEYS:
            raise RecurrenceError(f"{part!r}: FREQ=…;BYDAY=… and so on, as in RFC 5545; the beginning is given apart")
        if match[1] in ("INTERVAL", "COUNT") and not 1 <= _number(match[2]) <= MAX_OCCURRENCES:
            raise RecurrenceError(f"{part}: a number from 1 to {MAX_OCCURRENCES}")
        if match[1] == "FREQ" and match[2] not in _FREQUENCIES:
            raise RecurrenceError(f"{part}: one of {', '.join(sorted(_FREQUENCIES))}")
    if "FREQ=" not in text:
        raise RecurrenceError(f"{text}: it lacks FREQ=")
    if not 0 < duration <= LONGEST_MS:
        raise RecurrenceError("an occurrence lasts from a moment to 31 days")
    found = Recurrence(text, start, duration, zone)
    horizon = start + FARTHEST_DAYS * 86_400_000
    try:
        first = next(found.spans(start, horizon), None)
    except RecurrenceError:
        raise
    except (ValueError, TypeError) as error:
        raise RecurrenceError(f"{text}: {error}") from None
    if first is None:
        raise RecurrenceError(f"{text}: this never comes within five years")
    return found


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 6 else 0


def _local_until(rule: str, zone: ZoneInfo) -> str:
    """RFC 5545 has UNTIL in UTC; the rule itself is counted on local clocks."""

    def local(match: re.Match[str]) -> str:
        at = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={at.astimezone(zone):%Y%m%dT%H%M%S}"

    return re.sub(r"UNTIL=(\d{8}T\d{6})Z", local, rule)
