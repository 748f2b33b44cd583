"""What a series usually does at this time of the day and of the week, learnt while it goes by.

Two profiles: quarters of an hour of the day, and hours of the week.
A cell takes part in the profile when the series has left it: nothing is compared with itself. Additive seasons as in
P. R. Winters, "Forecasting Sales by Exponentially Weighted Moving Averages" (Management Science 6, 1960), with cells
in time instead of steps, so that gaps and uneven spacing do not shift them.
"""

from array import array

QUARTER_SECONDS = 900.0
HOUR_SECONDS = 3600.0
DAY_SECONDS = 86_400.0
WEEK_SECONDS = 604_800.0
MONDAY_SECONDS = 4 * DAY_SECONDS
"""The epoch was a Thursday: so long after it the first week began."""

LEVEL_SECONDS = 2 * DAY_SECONDS
LEVEL_VALUES = 48
"""Memory of the level: the longer of the two."""

SETTLED = 48
"""Values compared before one of the three is preferred."""

COMPARED = 1000
"""Values after which the weight of an error has fallen to a third."""

RESTLESS = 6.0
"""One value counts for so many averages at most."""

CALM = 2.0
"""Days that it counts for that all hours are alike in how far values spread."""

WELL_KNOWN = 3
"""Visits after which one that is far off counts less."""

BETTER = 0.93
"""A richer explanation must be so much better, or a simpler one no worse than its inverse, to be taken up."""


class Profile:
    """Cells of equal length that come round again; each the mean of its visits, recent ones weighing more."""

    __slots__ = ("_cell", "_length", "_limit", "_number", "_slowest", "_sum", "_values", "_visits")

    def __init__(self, cells: int, seconds: float, visits: int) -> None:
        """`seconds`: how long a cell is. `visits`: after so many visits the weight of one has fallen to a third."""
        self._values = array("d", bytes(8 * cells))
        self._visits = array("B", bytes(cells))
        self._length = seconds
        self._slowest = visits
        self._cell = -1
        self._sum = self._limit = 0.0
        self._number = 0

    def cell(self, at: float) -> int:
        """Which cell a time (s) lies in."""
        return int((at - MONDAY_SECONDS) // self._length) % len(self._values)

    def value(self, cell: int) -> float:
        """What is usual in it; 0 where it was never visited."""
        return self._values[cell]

    def mean(self, first: int, end: int) -> float:
        """What is usual in the visited ones of these cells."""
        known = [self._values[cell] for cell in range(first, end) if self._visits[cell]]
        return sum(known) / len(known) if known else 0.0

    def visits(self, cell: int) -> int:
        """How often it was visited, up to 255."""
        return self._visits[cell]

    def learn(self, cell: int, number: float, limit: float = 0.0) -> None:
        """A number in this cell; it counts when the visit is over.

        A cell that is well known moves as if the visit had been no further than `limit` from it.
        """
        if cell != self._cell:
            self.leave()
            self._cell = cell
        self._sum += number
        self._number += 1
        self._limit = limit

    def copy(self) -> "Profile":
        """One of its own, that knows the same."""
        other = Profile.__new__(Profile)
        for name in Profile.__slots__:
            setattr(other, name, getattr(self, name))
        other._values, other._visits = self._values[:], self._visits[:]
        return other

    def leave(self) -> None:
        """The visit is over."""
        if self._number:
            visits = self._visits[self._cell]
            known = self._values[self._cell]
            off = self._sum / self._number - known
            if visits >= WELL_KNOWN:
                off = min(max(off, -self._limit), self._limit)
            self._values[self._cell] = known + off / min(visits + 1, self._slowest)
            self._visits[self._cell] = min(visits + 1, 255)
        self._sum, self._number = 0.0, 0

    def around(self, cell: int, period: int) -> list[float]:
        """What is usual in the cells that lie a whole number of `period` cells away and were visited."""
        first = cell % period
        return [self._values[index] for index in range(first, len(self._values), period) if self._visits[index]]


class Season:
    """Three ways to foretell a series: its level, its day, its week. Learns them all, answers by the best so far.

    Cells hold the numbers themselves; by how much the series lies above what its cells know is learnt beside them, and
    whether it rises or falls (smoothed twice, R. G. Brown, "Smoothing, Forecasting and Prediction", 1963).
    """

    __slots__ = (
        "_biases", "_cells", "_compared", "_day", "_errors", "_first", "_known", "_number", "_offsets", "_unrest",
        "_week", "choice", "offers",
    )  # fmt: skip

    def __init__(self, first: float, number: float) -> None:
        """When the series begins (s), and with what."""
        self._first = first
        self._number = 1
        self._day = Profile(96, QUARTER_SECONDS, 14)
        self._day.learn(self._day.cell(first), number)
        self._week: Profile | None = None
        self._unrest = (Profile(24, HOUR_SECONDS, 14), Profile(24, HOUR_SECONDS, 14))
        self._cells = (0, 0, 0)
        self._known = 1
        """How many of the three foretell the time looked at."""
        self._compared = 0
        self._errors = [0.0, 0.0, 0.0]
        self._offsets = [number, 0.0, 0.0]
        self._biases = [0.0, 0.0, 0.0]
        self.choice = 0
        """0 the level, 1 the day, 2 the week."""
        self.offers = [number, number, number]
        """What each of the three expects at the time last looked at."""

    def copy(self) -> "Season":
        """One of its own, that knows the same."""
        other = Season.__new__(Season)
        for name in Season.__slots__:
            setattr(other, name, getattr(self, name))
        other._day, other._week = self._day.copy(), self._week.copy() if self._week else None
        other._unrest = (self._unrest[0].copy(), self._unrest[1].copy())
        other._errors, other._biases = self._errors[:], self._biases[:]
        other._offsets, other.offers = self._offsets[:], self.offers[:]
        return other

    @property
    def error(self) -> float:
        """The mean absolute error of the choice."""
        return self._errors[self.choice]

    @property
    def lift(self) -> float:
        """How high the choice puts the whole series."""
        return self._offsets[self.choice] + self._biases[self.choice]

    def look(self, at: float) -> float:
        """What is expected at this time."""
        day, week = self._day, self._week
        quarter = day.cell(at)
        hour = quarter // 4
        self._cells = cells = (quarter, week.cell(at) if week else 0, hour)
        lift = [offset + bias for offset, bias in zip(self._offsets, self._biases, strict=True)]
        offers, self._known = [lift[0]] * 3, 1
        if week is not None and day.visits(quarter):
            of_day = day.value(quarter)
            offers[1] = offers[2] = of_day + lift[1]
            self._known = 2
            if week.visits(cells[1]) and at - self._first >= WEEK_SECONDS:
                # The week knows hours; what the quarters do within an hour is every day's.
                within = of_day - day.mean(4 * hour, 4 * hour + 4)
                offers[2] = week.value(cells[1]) + within + lift[2]
                self._known = 3
        self.offers = offers
        return offers[self.choice]

    def unrest(self, of: int) -> float:
        """How much further than on average, at the hour looked at, values lie from what is expected (0), or from what
        the value before foretold (1)."""
        cells = self._unrest[of]
        visits = cells.visits(self._cells[2])
        return (visits * cells.value(self._cells[2]) + CALM) / (visits + CALM)

    def learn_unrest(self, of: int, ratio: float) -> None:
        """How far the value looked at lay from that, in averages."""
        if self._week is not None:
            self._unrest[of].learn(self._cells[2], min(ratio, RESTLESS))

    def learn(self, at: float, step: float, number: float, limit: float) -> bool:
        """The number at the time looked at, `step` s after the one before. True when another way is the best now.

        Of an error the part beyond `limit` does not count.
        """
        self._number += 1
        self._day.learn(self._cells[0], number - self._offsets[1], limit)
        if self._week is None and at - self._first >= DAY_SECONDS:
            self._week = Profile(168, HOUR_SECONDS, 6)
        elif self._week is not None:
            self._week.learn(self._cells[1], number - self._offsets[2], limit)
        gain = min(1.0 / LEVEL_VALUES, max(step, 0.0) / LEVEL_SECONDS)
        self._follow(0, max(gain, 1.0 / self._number), number, limit)
        for index in range(1, self._known):
            self._follow(index, gain, number, limit)
        return self._week is not None and self._compare(at, number, limit)

    def move(self, by: float) -> None:
        """The whole series lies higher from now on."""
        self._offsets = [offset + by for offset in self._offsets]

    def elsewhere(self, number: float) -> float:
        """How far a number is from what is usual at this hour on any day of the week: a holiday is like a Sunday."""
        others = self._week.around(self._cells[1], 24) if self._week else []
        here = self.offers[self.choice]
        return min(abs(number - here), *(abs(number - self._offsets[2] - other) for other in others))

    def _follow(self, index: int, gain: float, number: float, limit: float) -> None:
        error = min(max(number - self.offers[index], -limit), limit)
        self._offsets[index] += gain * (error + self._biases[index])
        self._biases[index] += gain * (1 - gain) * error

    def _compare(self, at: float, number: float, limit: float) -> bool:
        weeks = at - self._first >= WEEK_SECONDS + DAY_SECONDS
        ways = (0, 1, 2) if weeks else (0, 1)
        if weeks and self._errors[2] == 0.0:  # from now on there is a third to compare with: all begin anew
            self._compared, self._errors = 0, [0.0, 0.0, 0.0]
        self._compared += 1
        weight = max(1.0 / self._compared, 1.0 / COMPARED)
        errors = self._errors
        for index in ways:
            error = min(abs(number - self.offers[index]), 4 * limit)
            errors[index] += weight * (error - errors[index])
        if self._compared < SETTLED:
            return False
        before = best = self.choice
        for index in ways:
            if errors[index] < (BETTER if index > best else 1 / BETTER if index < best else 1.0) * errors[best]:
                best = index
        self.choice = best
        return best != before
