"""What a channel is meant to record: always, in weekly windows of the site's time, or only where something moves."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.recordings.local_time import Zone
from agent.recordings.spans import Span, clipped, merged

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
PlanKind = Literal["continuous", "scheduled", "motion"]


class Window(BaseModel):
    """A time of the week in which the plan wants recording."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEK
    """The days it begins on."""
    from_: Annotated[ClockTime, Field(alias="from")] = "00:00"
    """When it begins, by the site's clocks."""
    to: ClockTime = "24:00"
    """When it ends; at or before `from` it is the next day."""


class Plan:
    """When recording is wanted. `zone` is the site's. Motion wants nothing that could be missed."""

    def __init__(self, kind: PlanKind, windows: Sequence[Window], zone: Zone) -> None:
        self.kind = kind
        self._windows = windows
        self._zone = zone

    @property
    def tells_gaps(self) -> bool:
        """Whether missing recordings can be told from a quiet scene."""
        return self.kind != "motion"

    def wanted(self, start: int, end: int) -> list[Span]:
        """The spans between two moments in which recording is wanted."""
        if start >= end or self.kind == "motion":
            return []
        if self.kind == "continuous":
            return [(start, end)]
        return clipped(merged(self._occurrences(start, end)), start, end)

    def wanted_since(self, now: int, back: int) -> int | None:
        """Since when it wants recording without a break, looking `back` seconds at most; None where it does not."""
        spans = self.wanted(now - back, now + 1)
        return spans[-1][0] if spans and spans[-1][1] > now else None

    def _occurrences(self, start: int, end: int) -> Iterator[Span]:
        # A window may reach into the next day, and be an hour longer: begin a day early.
        day, last = self._zone.day(start) - timedelta(days=2), self._zone.day(end)
        while day <= last:
            for window in self._windows:
                if WEEK[day.weekday()] in window.days:
                    yield self._occurrence(window, day)
            day += timedelta(days=1)

    def _occurrence(self, window: Window, day: date) -> Span:
        """From the first time the clocks show its beginning to the last time they show its end."""
        ends = day if window.to > window.from_ else day + timedelta(days=1)
        return self._moment(day, window.from_)[0], self._moment(ends, window.to)[1]

    def _moment(self, day: date, text: str) -> tuple[int, int]:
        hour, minute = int(text[:2]), int(text[3:])
        if hour == 24:
            day, hour = day + timedelta(days=1), 0
        return self._zone.moments(day.year, day.month, day.day, hour, minute)
