"""How unusual each number of a series is, by what the series did before: streaming, in one pass, in bounded memory.

Nothing is set per series. The parts, each from published work:

- What is expected: a level and, where it foretells the series better, a profile of the day or of day and week (additive
  seasons, Winters 1960: `hub/season.py`). Which of the three is used is settled by their errors so far.
- Robust: what is learnt of a value is bounded by a few of the spreads usual until then, after S. Gelper, R. Fried,
  C. Croux, "Robust forecasting with exponential and Holt-Winters smoothing" (Journal of Forecasting 29, 2010).
- Three questions of each value: does it jump (against a forecast from the value before), has it been off for a while (a
  short mean, as in A. Lavin, S. Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly
  Benchmark", ICMLA 2015), does it vary more or less than usual.
- How rare the answer is: extreme value theory on the stream (Siffer et al., KDD 2017: `hub/tail.py`).

The score: with p the probability that a value of the healthy series is so unusual, score = 1 / (1 + sqrt(p / 0.0001)).
So 0.5 is once in ten thousand values, 0.9 once in a million, and another nine a hundred times rarer still. The first
values score 0, and what so few values can prove bounds the rest: p is never below one over the square of their number.

A new level or spread scores high when it comes, and counts as usual after it has lasted a day or 256 values, whichever
is shorter, but at least 24 values; when the series goes back within two weeks, the old level is still known.
About 7 KB a series that has lasted a day, 5 KB before.
"""

from math import exp, log, sqrt
from typing import Literal, NamedTuple

from hub.season import DAY_SECONDS, WEEK_SECONDS, Season
from hub.tail import Tail

EVEN_ODDS = 1e-4
"""The probability that scores 0.5."""

CALMER = 10.0
"""In such units a third of the usual spread: a series that is a little calmer than usual is no news."""

LEARNING = 32
"""Values that score 0."""

ADAPT_SECONDS = DAY_SECONDS
ADAPT_VALUES = (24, 256)
RETURN_SECONDS = 14 * DAY_SECONDS

SPREAD_SECONDS = 3 * DAY_SECONDS
SPREAD_VALUES = (200, 4000)

SHORT = 8
"""Values in the short mean."""

BRIEF = 24
"""Values in the short spread."""

MEAN_SIZE = 0.8
"""Of a number in usual spreads."""

BRIEF_SPREAD = 0.11
"""How far the logarithm of the short spread goes, for the noise of a normal distribution."""

NEAR = 32
"""Values from which a new level is taken."""

CLIP = 4.0
LEAK = 0.02
"""Of what lies beyond CLIP spreads so much is learnt all the same: a series that was constant must come to life."""

HUGE = 1e100
"""Numbers are taken as no larger than this: their squares can still be told apart."""

FINEST = 1e-9
"""Differences so small beside the level are rounding."""

FADE = 0.6
"""By so much less, at last, does what lasts count: the beginning is the news."""

BOUND = 1e4
STEADY = 4.0
WANDERING = 20.0
"""A value counts in the short mean for so many usual spreads at most, or so many mean peaks of it, where that is more:
one jump must not look like many, and a series that wanders must be seen to leave its ways."""

MUCH_BETTER = 0.75
"""When another way to foretell the series leaves so little of the error, what was rare before says little."""

LIVELY = 2.5
"""The same for the short spread: one jump must not look like many."""

GAP = 8.0
"""After so many usual steps without a value, the one before foretells nothing."""

UNBOUNDED = 8
"""First values, which are learnt whole: there is no usual spread yet."""

TO_SIGMA = 1.2533
"""Of a normal distribution: standard deviation over mean absolute deviation."""

ODD = log(1e-3)
"""So rare is unusual enough not to be learnt from at once."""

DAY_UNSEEN = 0.6
"""On the first day everything may be the series' habit: rarity counts for less."""

HANGS_TOGETHER = 0.85
"""Of measures over many values there are few that do not overlap: their rarity counts for less."""

WEEK_UNSEEN = 0.75
"""Until a whole week is known, what is off for a while may just be the first weekend: its rarity counts for less."""

Why = Literal["learning", "jump", "high", "low", "variable", "flat"]


class Reading(NamedTuple):
    """What a value is worth. `deviation`: by how many usual spreads the short mean is off. `why`: what is the most
    unusual about it, however usual that is."""

    score: float
    expected: float
    deviation: float
    why: Why


class Detector:
    """One series. Deterministic. Times in s since the epoch; numbers must be finite."""

    __slots__ = (
        "_at", "_before", "_brief", "_error", "_first", "_former", "_former_until", "_lag", "_last", "_near",
        "_near_error", "_near_spread", "_number", "_odd", "_odd_from", "_odd_since", "_pace", "_power", "_run", "_same",
        "_scale", "_season", "_short", "_tails", "_trend", "_was",
    )  # fmt: skip

    def __init__(self) -> None:
        self._number = 0
        self._at = self._first = self._was = 0.0
        self._pace = 0.0
        """The usual time between two values, s."""
        self._last = Reading(0.0, 0.0, 0.0, "learning")
        self._season: Season | None = None
        self._former = 0.0
        """Where the level was before the newest change of it, from where it is; 0 where that is not known."""
        self._former_until = 0.0
        self._before: tuple[float, float, float] | None = None
        """What level, day and week left of the value before."""
        self._scale = self._error = 0.0
        """Mean absolute deviations: from what is expected, and from the forecast by the value before."""
        self._lag = self._power = self._trend = 0.0
        """Covariance with the value before, variance, and mean step that the forecast leaves over."""
        self._short, self._brief = 0.0, MEAN_SIZE
        self._near = self._near_spread = self._near_error = 0.0
        self._run = 0
        self._same = 0.0
        """For how many values it has been the same, and how often a value is that of the one before."""
        self._odd = 0
        self._odd_since = self._odd_from = 0.0
        """Of how many values in a row each was unusual, since when, and where the level was then."""
        self._tails = (Tail(), Tail(0.7), Tail(), Tail())
        """Of jumps, of short means, of a larger and of a smaller short spread."""

    @property
    def number(self) -> int:
        """How many values it has seen."""
        return self._number

    @property
    def at(self) -> float:
        """The time of the newest value, s; 0 before the first."""
        return self._at

    def copy(self) -> "Detector":
        """One of its own, that knows the same."""
        other = Detector.__new__(Detector)
        for name in Detector.__slots__:
            setattr(other, name, getattr(self, name))
        other._season = self._season.copy() if self._season else None
        first, second, third, fourth = self._tails
        other._tails = (first.copy(), second.copy(), third.copy(), fourth.copy())
        return other

    @property
    def age_seconds(self) -> float:
        """From the first value to the newest."""
        return self._at - self._first

    def elsewhere(self, number: float) -> float:
        """How far a number is from what is usual on any day of the week at the hour of the newest value."""
        return self._season.elsewhere(number) if self._season else 0.0

    def update(self, at: float, number: float) -> Reading:
        """The next value: judged by those before it, then learnt. One that repeats time and value changes nothing.

        One that is older than the one before is judged all the same, but for the jump.
        """
        number = min(max(number, -HUGE), HUGE)
        if self._season is None:
            self._season = Season(at, number)
            self._number, self._at, self._first, self._was = 1, at, at, number
            return self._last
        step = at - self._at
        if step == 0 and number == self._was:
            return self._last
        self._number += 1
        season = self._season
        expected = self._expect(season, at, number)
        rest = number - expected
        error = self._surprise(season, rest, step)
        self._run = self._run + 1 if number == self._was else 0
        reading = self._judge(at, expected, rest, error)
        self._adapt(season, at, number, rest, error, step)
        self._last = reading
        return reading

    def _expect(self, season: Season, at: float, number: float) -> float:
        """After a change of level, that before it while the value is nearer to it."""
        expected = season.look(at)
        if self._former:
            if at > self._former_until:
                self._former = 0.0
            elif abs(number - expected - self._former) < abs(number - expected):
                season.move(self._former)
                self._former = -self._former
                return season.look(at)
        return expected

    def _surprise(self, season: Season, rest: float, step: float) -> float | None:
        """What the value before does not foretell; None after a gap, and for what is out of order."""
        before = self._before
        if before is None or not 0 < step <= GAP * (self._pace or step):
            return None
        alike = min(max(self._lag / self._power, 0.0), 1.0) if self._power > 0 else 0.0
        return rest - alike * before[season.choice] - self._trend

    def _judge(self, at: float, expected: float, rest: float, error: float | None) -> Reading:
        floor = FINEST * abs(expected) + 1e-300
        jumps, shorts, variables, flats = self._tails
        off = min(max(rest / (TO_SIGMA * self._scale * self._unrest(0) + floor), -BOUND), BOUND)
        steady = max(STEADY, shorts.beyond(WANDERING))
        self._short += (min(max(off, -steady), steady) - self._short) / SHORT
        sustained = abs(self._short)
        found: list[tuple[float, Why, Tail, float]] = [
            (shorts.rarity(sustained) * self._trust(at), "high" if self._short > 0 else "low", shorts, sustained)
        ]
        if error is not None:
            jump = min(max(error / (TO_SIGMA * self._error * self._unrest(1) + floor), -BOUND), BOUND)
            if self._error > floor:
                self._brief += (min(abs(jump), LIVELY) - self._brief) / BRIEF
            vary = log(self._brief / MEAN_SIZE + 1e-4) / BRIEF_SPREAD
            wide, narrow = max(vary, 0.0), max(-vary - CALMER, self._run * self._repeats, 0.0)
            found += [
                (jumps.rarity(abs(jump)), "jump", jumps, abs(jump)),
                (variables.rarity(wide) * HANGS_TOGETHER, "variable", variables, wide),
                (flats.rarity(narrow) * HANGS_TOGETHER, "flat", flats, narrow),
            ]
        rarity, why, _, _ = min(found)  # ties: by name, so that it is the same every time
        rarity = min(max(rarity + log(len(found)), -2 * log(self._number)), 0.0)
        rarity *= 1.0 if at - self._first >= DAY_SECONDS else DAY_UNSEEN
        odd = rarity < ODD and self._number > LEARNING
        if odd and not self._odd and self._season is not None:
            self._odd_since, self._odd_from = at, self._season.lift
        self._odd = self._odd + 1 if odd else 0
        for _, _, tail, number in found:
            tail.learn(number)
        if self._number <= LEARNING:
            return Reading(0.0, expected, self._short, "learning")
        if self._odd:
            rarity *= 1 - FADE * self._lasted(at)
        return Reading(1 / (1 + sqrt(exp(rarity) / EVEN_ODDS)), expected, self._short, why)

    def _adapt(self, season: Season, at: float, number: float, rest: float, error: float | None, step: float) -> None:
        pace = self._pace or max(step, 1e-3)
        memory = min(max(SPREAD_SECONDS / pace, SPREAD_VALUES[0]), SPREAD_VALUES[1])
        weight = max(1.0 / self._number, 1.0 / memory)
        limit = CLIP * self._scale + LEAK * abs(rest) if self._number > UNBOUNDED else HUGE
        kept = min(max(rest, -limit), limit)
        if season.learn(at, step, number, limit):
            if season.error < MUCH_BETTER * self._scale:
                for tail in self._tails:
                    tail.relearn()
            self._scale = season.error
        elif self._scale > 0:
            season.learn_unrest(0, abs(rest) / self._scale)
        self._learn_steps(season, kept, error, limit, weight)
        offers = season.offers
        self._before = (number - offers[0], number - offers[1], number - offers[2])
        self._scale += weight * (abs(kept) - self._scale)
        self._same += weight * ((self._run > 0) - self._same)
        self._near += (rest - self._near) / NEAR
        self._near_spread += (abs(rest - self._near) - self._near_spread) / NEAR
        if step > 0:
            self._pace = step if not self._pace else self._pace * (1.05 if step > self._pace else 0.95)
        self._at, self._was = at, number
        if self._odd >= ADAPT_VALUES[0] and self._lasted(at) >= 1.0:
            self._accept(season, at)

    def _lasted(self, at: float) -> float:
        """Which share of the time has passed, its first quarter apart, after which what is unusual is usual."""
        share = max(self._odd / ADAPT_VALUES[1], (at - self._odd_since) / ADAPT_SECONDS)
        return min(max((share - 0.25) / 0.75, 0.0), 1.0)

    def _learn_steps(self, season: Season, kept: float, error: float | None, limit: float, weight: float) -> None:
        """What the value before foretells."""
        if error is None or self._before is None:
            return
        before = min(max(self._before[season.choice], -limit), limit)
        self._lag += weight * (kept * before - self._lag)
        self._power += weight * (before * before - self._power)
        if self._error > 0:
            season.learn_unrest(1, abs(error) / self._error)
        bound = CLIP * self._error + LEAK * abs(error) if self._number > UNBOUNDED else HUGE
        error = min(max(error, -bound), bound)
        self._trend += weight * error
        self._error += weight * (abs(error) - self._error)
        self._near_error += (abs(error) - self._near_error) / NEAR

    def _accept(self, season: Season, at: float) -> None:
        """What has been unusual for so long is usual from now on; where it came from is remembered for a while."""
        if abs(self._near) > 2 * self._scale:
            season.move(self._near)
            self._former, self._former_until = self._odd_from - season.lift, at + RETURN_SECONDS
        self._scale = max(self._scale, self._near_spread)
        self._error = self._near_error
        if self._run >= ADAPT_VALUES[0]:
            self._run, self._same = 0, 1.0
        self._before, self._odd, self._short, self._brief = None, 0, 0.0, MEAN_SIZE

    def _unrest(self, of: int) -> float:
        return self._season.unrest(of) if self._season else 1.0

    @property
    def _repeats(self) -> float:
        """What one more repetition is worth, less where values repeat all the time."""
        return -0.5 * log(min(max(self._same, 0.5), 1.0))

    def _trust(self, at: float) -> float:
        return 1.0 if at - self._first >= WEEK_SECONDS + DAY_SECONDS else WEEK_UNSEEN
