"""Gaps and stalls, over plain spans."""

import pytest

from agent.recordings.gaps import ended, of_day, patience, stalled
from agent.recordings.local_time import Zone
from agent.recordings.plan import Plan, Window

UTC = Zone("UTC")
ALWAYS = Plan("continuous", (), UTC)
MORNING = Plan("scheduled", (Window.model_validate({"from": "08:00", "to": "10:00"}),), UTC)
HOUR = 3600


def test_a_gap_is_told_when_it_has_ended() -> None:
    assert ended(ALWAYS, [(0, 100)], 0, 500) == ([], 100)
    assert ended(ALWAYS, [(0, 100), (700, 1000)], 100, 1000) == ([(100, 700)], 1000)
    assert ended(ALWAYS, [(0, 100), (700, 1000)], 1000, 900) == ([], 1000)


def test_a_gap_at_the_end_of_a_window_ends_with_it() -> None:
    assert ended(MORNING, [(8 * HOUR, 9 * HOUR)], 0, 11 * HOUR) == ([(9 * HOUR, 10 * HOUR)], 11 * HOUR)


def test_the_figures_of_a_day_are_of_what_was_wanted() -> None:
    day = of_day(MORNING, [(7 * HOUR, 9 * HOUR), (9 * HOUR + 60, 12 * HOUR)], (0, 24 * HOUR), 300)
    assert day.ratio == pytest.approx(1 - 60 / 7200)
    assert (day.gaps, day.longest) == (0, 60)
    assert of_day(MORNING, [], (12 * HOUR, 24 * HOUR), 300).ratio is None


@pytest.mark.parametrize(("segment", "seconds"), [(0, 120), (10, 120), (45, 120), (60, 150), (900, 1830)])
def test_patience_is_as_long_as_practice_has_it(segment: int, seconds: int) -> None:
    assert patience(segment) == seconds


@pytest.mark.parametrize("segment", [0, 10, 60, 900])
@pytest.mark.parametrize("interval", [10.0, 30.0, 45.0])
def test_who_stalls_is_found_within_the_patience_and_not_before_the_next_file_is_due(
    segment: int, interval: float
) -> None:
    found = next(age for age in range(10_000) if stalled(ALWAYS, 50_000 + age, 50_000, segment, interval))
    assert found + 1.05 * interval <= patience(segment)
    assert found > segment * 1.25 + 10


def test_no_writer_stalls_when_nothing_is_wanted_or_before_the_window_is_old_enough() -> None:
    assert stalled(MORNING, 7 * HOUR, 0, 10, 30) is False
    assert stalled(MORNING, 8 * HOUR + 60, 0, 10, 30) is False
    assert stalled(MORNING, 8 * HOUR + 121, 0, 10, 30) is True
    assert stalled(Plan("motion", (), UTC), 9 * HOUR, 0, 10, 30) is None
