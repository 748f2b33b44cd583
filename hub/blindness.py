"""When the hub could hear nobody. Absence counts only outside these times."""

from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["hub", "broker"]

KEEP_MS = 7 * 86_400_000
"""How far back silence is reckoned exactly; older intervals stay in SQL only."""


@dataclass
class Interval:
    """ms UTC; `end` is None while it lasts. `id` is the SQL row's, None until it is written."""

    start: int
    end: int | None
    reason: Reason
    id: int | None = None


@dataclass
class Blindness:
    """Every recent interval, oldest first, and which of them SQL does not know yet."""

    intervals: list[Interval] = field(default_factory=list)
    unsaved: list[Interval] = field(default_factory=list)

    def begin(self, at: int, reason: Reason) -> None:
        """From now on nothing is heard. Beginning twice is once."""
        if self.current is None:
            self._add(Interval(at, None, reason))

    def end(self, at: int) -> None:
        """From now on the agents can be heard again."""
        current = self.current
        if current is not None:
            current.end = max(at, current.start)
            self._mark(current)

    def was(self, start: int, end: int, reason: Reason) -> None:
        """An interval that is known only after it ended: a crash, a pause of the whole process."""
        current = self.current
        if current is not None:
            if start < current.start:
                current.start = start
                self._mark(current)
            return
        last = self.intervals[-1] if self.intervals else None
        if last is not None and last.end is not None and last.reason == reason and start <= last.end:
            last.end = max(last.end, end)
            self._mark(last)
        else:
            self._add(Interval(start, end, reason))

    def clock_set_back(self, now: int) -> None:
        """The hub's clock was ahead: what was written in the future ended now."""
        for interval in self.intervals:
            if interval.start > now or (interval.end or 0) > now:
                interval.start = min(interval.start, now)
                interval.end = None if interval.end is None else min(interval.end, now)
                self._mark(interval)

    def milliseconds(self, since: int, until: int) -> int:
        """How much of since..until was blind; overlapping intervals count once."""
        total, reached = 0, since
        for interval in self.intervals:
            start = max(interval.start, reached)
            end = min(until if interval.end is None else interval.end, until)
            if end > start:
                total += end - start
                reached = end
        return total

    @property
    def current(self) -> Interval | None:
        """The interval that lasts, if nothing can be heard now."""
        return next((i for i in reversed(self.intervals) if i.end is None), None)

    def _add(self, interval: Interval) -> None:
        self.intervals.append(interval)
        self.intervals.sort(key=lambda i: i.start)
        horizon = self.intervals[-1].start - KEEP_MS
        self.intervals = [i for i in self.intervals if i.end is None or i.end >= horizon]
        self._mark(interval)

    def _mark(self, interval: Interval) -> None:
        if interval not in self.unsaved:
            self.unsaved.append(interval)
