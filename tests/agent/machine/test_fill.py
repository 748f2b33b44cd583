"""How a volume fills: rates, turnover, restarts and clocks that are set. Times in hours of a made-up machine."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.machine.fill import SLOTS, FillHistory, Point, Trend, rate, trend

HOUR = 3600.0
WINDOW = 48 * HOUR
SLOT = WINDOW / SLOTS
SIZE = 1e12
BOOTED = 1_700_000_000.0
"""Wall time minus monotonic time."""


def watch(history: FillHistory, used: "list[float]", *, start: float = 0.0, ahead: float = BOOTED) -> Trend:
    """One reading a slot."""
    for number, bytes_used in enumerate(used):
        mono = start + number * SLOT
        history.note(mono + ahead, mono, bytes_used, SIZE, bytes_used / SIZE)
    return history.trend


def test_nothing_is_said_before_an_eighth_of_the_window_was_seen() -> None:
    history = FillHistory(WINDOW)
    assert watch(history, [i * 1e9 for i in range(12)]) == Trend()
    assert watch(history, [12e9], start=12 * SLOT).rate == pytest.approx(1e9 / SLOT)


def test_a_steady_rise_is_told_exactly() -> None:
    history = FillHistory(WINDOW)
    assert watch(history, [5e11 + i * 1e9 for i in range(150)]).rate == pytest.approx(1e9 / SLOT)


def test_a_volume_that_shrinks_has_a_negative_rate_and_one_that_stands_still_none() -> None:
    assert (watch(FillHistory(WINDOW), [5e11 - i * 1e9 for i in range(96)]).rate or 0.0) < 0
    assert watch(FillHistory(WINDOW), [5e11] * 96).rate == 0.0


def test_one_large_copy_is_no_trend() -> None:
    assert watch(FillHistory(WINDOW), [1e11] * 50 + [4e11] * 40).rate == 0.0


def test_a_nightly_clean_up_is_no_trend() -> None:
    days = [2e11 + (i % 48) * 1e9 for i in range(97)]
    assert abs(watch(FillHistory(WINDOW), days).rate or 0.0) < 1e9 / SLOT / 20


def test_a_clean_up_does_not_hide_growth_once_it_has_left_the_window() -> None:
    grown = [5e11 + i * 1e9 for i in range(96)]
    history = FillHistory(WINDOW)
    assert watch(history, [*grown, *(value - 3e11 for value in grown[:20])]).rate == 0.0
    assert watch(history, [2e11 + i * 1e9 for i in range(20, 120)], start=116 * SLOT).rate == pytest.approx(1e9 / SLOT)


def test_noise_and_outliers_do_not_move_the_rate() -> None:
    chance = random.Random(7)
    used = [5e11 + i * 1e9 + chance.gauss(0, 2e8) for i in range(96)]
    used[40] += 3e11
    assert watch(FillHistory(WINDOW), used).rate == pytest.approx(1e9 / SLOT, rel=0.02)


def sawtooth(slots: int, period: int, low: float = 0.93, tooth: float = 0.02) -> "list[float]":
    return [SIZE * (low + tooth * (i % period) / period) for i in range(slots)]


def test_a_recorder_that_deletes_by_the_hour_overwrites() -> None:
    assert watch(FillHistory(WINDOW), sawtooth(14, 2)).overwriting is True


def test_a_recorder_that_deletes_once_a_night_is_seen_before_it_is_denied() -> None:
    history = FillHistory(WINDOW)
    assert watch(history, sawtooth(46, 48)).overwriting is None
    assert watch(history, sawtooth(96, 48)[46:], start=46 * SLOT).overwriting is True


def test_a_full_volume_whose_recorder_stopped_does_not_overwrite() -> None:
    history = FillHistory(WINDOW)
    watch(history, sawtooth(60, 2))
    stopped = watch(history, [SIZE * 0.94] * 97, start=60 * SLOT)
    assert stopped.overwriting is False


def test_neither_a_filling_nor_a_half_empty_volume_overwrites() -> None:
    assert watch(FillHistory(WINDOW), [SIZE * (0.8 + i * 0.001) for i in range(96)]).overwriting is False
    assert watch(FillHistory(WINDOW), sawtooth(96, 4, low=0.4)).overwriting is False


def test_a_volume_that_is_emptied_does_not_overwrite() -> None:
    assert watch(FillHistory(WINDOW), [*sawtooth(60, 20), *([SIZE * 0.3] * 20)]).overwriting is False


def test_what_little_turnover_log_files_make_is_none() -> None:
    assert watch(FillHistory(WINDOW), sawtooth(96, 4, tooth=1e-6)).overwriting is False


def test_turnover_between_two_points_is_counted() -> None:
    """Half-hour points alone would always meet the same phase of an hourly recorder."""
    history = FillHistory(WINDOW)
    for minute in range(13 * 60):
        mono = minute * 60.0
        used = SIZE * (0.93 + 0.01 * (minute % 30) / 30)
        history.note(mono + BOOTED, mono, used, SIZE, used / SIZE)
    assert history.trend.overwriting is True
    assert history.trend.rate == 0.0


def test_a_restart_forgets_nothing() -> None:
    before = FillHistory(WINDOW)
    watch(before, [5e11 + i * 1e9 for i in range(40)])
    after = FillHistory(WINDOW, before.points(), before.size)
    # Booted anew: the monotonic clock begins at nothing, the wall clock has gone on.
    assert watch(after, [5e11 + 40e9], ahead=BOOTED + 40 * SLOT).rate == pytest.approx(1e9 / SLOT)


def test_frequent_restarts_make_no_more_points() -> None:
    history = FillHistory(WINDOW)
    for number in range(300):
        mono = number * 60.0
        history.note(mono + BOOTED, mono, 5e11, SIZE, 0.5)
        history = FillHistory(WINDOW, history.points(), history.size)
    assert len(history.points()) <= 300 * 60 / SLOT + 1


def test_a_boot_in_1970_keeps_the_old_points_for_when_the_clock_is_set() -> None:
    before = FillHistory(WINDOW)
    watch(before, [5e11 + i * 1e9 for i in range(40)])
    after = FillHistory(WINDOW, before.points(), before.size)
    assert watch(after, [5e11 + 40e9], ahead=0.0) == Trend()
    late = watch(after, [5e11 + (41 + i) * 1e9 for i in range(2)], start=SLOT, ahead=BOOTED + 40 * SLOT)
    assert late.rate == pytest.approx(1e9 / SLOT)


def test_a_clock_that_is_set_does_not_bend_the_rate() -> None:
    history = FillHistory(WINDOW)
    watch(history, [5e11 + i * 1e9 for i in range(20)])
    bent = watch(history, [5e11 + (20 + i) * 1e9 for i in range(20)], start=20 * SLOT, ahead=BOOTED + 5e8)
    assert bent.rate == pytest.approx(1e9 / SLOT)


def test_another_file_system_at_the_same_place_starts_afresh() -> None:
    history = FillHistory(WINDOW)
    watch(history, [5e11 + i * 1e9 for i in range(40)])
    history.note(BOOTED + 40 * SLOT, 40 * SLOT, 1e10, SIZE * 2, 0.005)
    assert history.trend == Trend()
    assert len(history.points()) == 1


def test_memory_is_bounded_to_the_window() -> None:
    history = FillHistory(WINDOW)
    watch(history, [float(i) for i in range(1000)])
    assert len(history.points()) <= SLOTS + 1


@given(st.lists(st.floats(0, 1e15), min_size=0, max_size=30), st.floats(1.0, 1e15))
def test_any_history_has_a_trend_of_finite_figures(used: "list[float]", size: float) -> None:
    points = [Point(i * SLOT, value, value, value, 1.0) for i, value in enumerate(used)]
    said = trend(points, WINDOW, size)
    assert said.rate is None or abs(said.rate) < 1e16


@given(st.lists(st.floats(0, 1e15), min_size=2, max_size=30))
def test_the_rate_never_exceeds_the_net_growth(used: "list[float]") -> None:
    points = [Point(i * SLOT, value, 0.0, 0.0, 1.0) for i, value in enumerate(used)]
    net = (used[-1] - used[0]) / ((len(used) - 1) * SLOT)
    assert abs(rate(points)) <= abs(net) * (1 + 1e-9)
