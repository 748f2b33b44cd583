"""Clock measurements against a device that exists only as arithmetic: time passes when somebody waits or asks."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.device import clock
from agent.device.errors import TimedOut


class World:
    """Our clock and a device's. Each question takes `there` + `back` seconds."""

    def __init__(self, offset: float, there: float, back: float, start: float = 1_800_000_000.0) -> None:
        self.offset, self.there, self.back = offset, there, back
        self.now = start
        self.wall_error = 0.0
        self.asked = 0

    def ask(self) -> float:
        self.asked += 1
        self.now += self.there
        second = math.floor(self.now + self.offset)
        self.now += self.back
        return second

    def sleep(self, seconds: float) -> None:
        assert 0 <= seconds <= 1
        self.now += seconds

    def measure(self, samples: int) -> clock.Interval:
        return clock.measure(self.ask, samples, lambda: self.now + self.wall_error, lambda: self.now, self.sleep)


@settings(deadline=None)
@given(
    st.floats(-1e7, 1e7),
    st.floats(0.001, 0.4),
    st.floats(0.001, 0.4),
    st.floats(0, 1),
    st.integers(1, 6),
)
def test_the_truth_lies_within_the_stated_bound(
    offset: float, there: float, back: float, phase: float, samples: int
) -> None:
    world = World(offset, there, back, 1_800_000_000.0 + phase)
    measured = world.measure(samples)
    assert abs(measured.middle - offset) <= measured.error + 1e-5
    assert measured.error <= (1 + there + back) / 2 + 1e-5


@pytest.mark.parametrize("offset", [0.0, 0.31, -0.77, 5.5, -3600.02, 86400 * 365.0])
def test_three_answers_narrow_the_bound_to_a_sixth_of_a_second(offset: float) -> None:
    measured = World(offset, 0.005, 0.005).measure(3)
    assert measured.error < 0.16


@pytest.mark.parametrize("offset", [0.0, 0.31, -0.77, 5.5, -3600.02])
@pytest.mark.parametrize(("there", "back"), [(0.003, 0.003), (0.001, 0.005), (0.03, 0.03)])
def test_ten_answers_come_down_to_half_of_what_an_answer_takes(offset: float, there: float, back: float) -> None:
    measured = World(offset, there, back).measure(10)
    assert measured.error <= (there + back) / 2 + 0.002
    assert abs(measured.middle - offset) <= measured.error + 1e-5


def test_one_answer_costs_no_wait() -> None:
    world = World(2.0, 0.01, 0.01)
    before = world.now
    assert world.measure(1).error == pytest.approx(0.51, abs=1e-4)
    assert world.now - before == pytest.approx(0.02)


def test_a_clock_set_between_two_answers_leaves_the_new_answer() -> None:
    world = World(0.0, 0.01, 0.01)
    ask = world.ask

    def stepping() -> float:
        if world.asked == 1:
            world.offset = 100.0
        return ask()

    measured = clock.measure(stepping, 2, lambda: world.now, lambda: world.now, world.sleep)
    assert abs(measured.middle - 100.0) <= measured.error


def test_our_own_clock_set_between_two_answers_does_no_harm() -> None:
    world = World(0.0, 0.01, 0.01)
    ask = world.ask

    def stepping() -> float:
        world.wall_error = 3600.0 * world.asked
        return ask()

    measured = clock.measure(stepping, 3, lambda: world.now + world.wall_error, lambda: world.now, world.sleep)
    assert abs(measured.middle) <= measured.error


def test_a_device_that_stops_answering_leaves_what_is_known() -> None:
    world = World(7.0, 0.01, 0.01)
    ask = world.ask

    def failing() -> float:
        if world.asked:
            raise TimedOut("gone")
        return ask()

    measured = clock.measure(failing, 3, lambda: world.now, lambda: world.now, world.sleep)
    assert abs(measured.middle - 7.0) <= measured.error


def test_a_device_that_never_answers_raises() -> None:
    def failing() -> float:
        raise TimedOut("gone")

    with pytest.raises(TimedOut):
        clock.measure(failing)


def test_between_full_measurements_one_question_a_round_is_enough() -> None:
    world = World(7.25, 0.01, 0.01)
    tracked = clock.Tracked(3, 3600.0)
    first = tracked.round(world.measure, world.now)
    assert world.asked == 3
    for _ in range(50):
        world.now += 60.37
        latest = tracked.round(world.measure, world.now)
        assert abs(latest.middle - 7.25) <= latest.error
    assert world.asked == 53
    assert abs(latest.middle - 7.25) <= abs(first.middle - 7.25) + 0.02, "each answer narrows what is known"
    world.now += 600.0
    tracked.round(world.measure, world.now)
    assert world.asked == 56, "an hour later it is measured in full"


def test_a_clock_that_was_set_is_measured_anew_in_the_round_that_shows_it() -> None:
    world = World(0.0, 0.01, 0.01)
    tracked = clock.Tracked(3, 3600.0)
    tracked.round(world.measure, world.now)
    world.now += 60.0
    world.offset = 42.5
    jumped = tracked.round(world.measure, world.now)
    assert abs(jumped.middle - 42.5) <= jumped.error <= 0.2
    assert world.asked == 3 + 1 + 3


@settings(deadline=None)
@given(st.floats(-0.9, 0.9), st.floats(0, 1), st.integers(1, 4))
def test_a_small_step_never_leaves_the_stated_bound(step: float, phase: float, samples: int) -> None:
    world = World(0.0, 0.02, 0.02, 1_800_000_000.0 + phase)
    tracked = clock.Tracked(samples, 3600.0)
    tracked.round(world.measure, world.now)
    world.offset += step
    for _ in range(5):
        world.now += 59.7
        latest = tracked.round(world.measure, world.now)
        assert abs(latest.middle - step) <= latest.error + 1e-6
