"""A season is used where it foretells the series, and nowhere else."""

import math
from collections.abc import Callable
from random import Random

import pytest

from hub.season import DAY_SECONDS, HOUR_SECONDS, MONDAY_SECONDS, Profile, Season

T0 = 1_798_761_600.0
"""A Friday."""


def settle(number: Callable[[float, Random], float], days: int, step: float = 1800.0) -> Season:
    random, season = Random(1), Season(T0, number(T0, Random(1)))
    for count in range(1, int(days * DAY_SECONDS / step)):
        at = T0 + count * step
        season.look(at)
        season.learn(at, step, number(at, random), 1e9)
    return season


def office(at: float, random: Random) -> float:
    day, hour = int((at - MONDAY_SECONDS) // DAY_SECONDS) % 7, at % DAY_SECONDS / 3600
    return (100.0 if day < 5 and 8 <= hour < 18 else 20.0) + random.gauss(0, 2)


@pytest.mark.parametrize(
    ("number", "choice"),
    [
        (lambda at, random: random.gauss(50, 2), 0),
        (lambda at, random: 50 + 20 * math.sin(2 * math.pi * at / DAY_SECONDS) + random.gauss(0, 2), 1),
        (office, 2),
    ],
    ids=["no season", "a day", "a week"],
)
def test_the_simplest_explanation_that_serves_is_used(number: Callable[[float, Random], float], choice: int) -> None:
    assert settle(number, 21).choice == choice


def test_the_week_is_foretold_hour_by_hour() -> None:
    season = settle(office, 21)
    monday = T0 + 24 * DAY_SECONDS
    assert season.look(monday + 12 * HOUR_SECONDS) == pytest.approx(100, abs=4)
    assert season.look(monday + 22 * HOUR_SECONDS) == pytest.approx(20, abs=4)
    assert season.look(monday - 12 * HOUR_SECONDS) == pytest.approx(20, abs=4)


def test_a_holiday_is_like_a_sunday() -> None:
    season = settle(office, 21)
    season.look(T0 + 24 * DAY_SECONDS + 12 * HOUR_SECONDS)
    assert season.elsewhere(20.0) < 4
    assert season.elsewhere(0.0) > 15


def test_a_series_that_rises_is_followed() -> None:
    season = settle(lambda at, random: (at - T0) / DAY_SECONDS * 10 + random.gauss(0, 0.5), 21)
    assert season.look(T0 + 21 * DAY_SECONDS) == pytest.approx(210, abs=2)


def test_a_cell_is_not_compared_with_itself() -> None:
    profile = Profile(24, HOUR_SECONDS, 14)
    profile.learn(3, 5.0)
    profile.learn(3, 7.0)
    assert (profile.value(3), profile.visits(3)) == (0.0, 0)
    profile.learn(4, 1.0)
    assert (profile.value(3), profile.visits(3)) == (6.0, 1)


def test_a_known_cell_moves_by_no_more_than_the_limit() -> None:
    profile = Profile(24, HOUR_SECONDS, 14)
    for number in (5.0, 5.0, 5.0, 1005.0):
        profile.learn(3, number, limit=10.0)
        profile.learn(4, 0.0)
    assert profile.value(3) == pytest.approx(7.5)
