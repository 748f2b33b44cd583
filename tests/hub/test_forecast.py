"""When a level will be crossed, by a slope that wild values do not move."""

from hypothesis import given
from hypothesis import strategies as st

from hub.forecast import MOST_VALUES, crossing, trend
from hub.series.store import Value

HOUR_MS = 3_600_000


def line(*numbers: float) -> list[Value]:
    return [Value(hour * HOUR_MS, number) for hour, number in enumerate(numbers)]


def test_a_straight_line_is_followed_to_the_level() -> None:
    assert crossing(line(10, 9, 8, 7, 6, 5), 2) == 3 * 3600
    assert crossing(line(1, 2, 3, 4, 5, 6), 8) == 2 * 3600


def test_a_wild_value_moves_it_little() -> None:
    left = crossing(line(10, 9.5, 9, 80, 8, 7.5, 7, 6.5), 5)
    assert left is not None
    assert 2.5 * 3600 <= left <= 3.5 * 3600


def test_what_goes_the_other_way_or_nowhere_never_comes_to_the_level() -> None:
    assert crossing(line(1, 2, 3, 4, 5, 6), 0) is None
    assert crossing(line(5, 5, 5, 5, 5, 5, 5), 0) is None
    assert crossing(line(5, 6, 5, 6, 5, 6, 5), 0) is None


def test_few_values_or_one_moment_prove_nothing() -> None:
    assert crossing(line(5, 4, 3), 0) is None
    assert trend([Value(7, float(n)) for n in range(9)]) is None
    assert trend([]) is None


@given(
    st.floats(-50, 50).filter(lambda slope: abs(slope) > 0.01),
    st.lists(st.floats(-0.001, 0.001), min_size=8, max_size=4 * MOST_VALUES),
)
def test_noise_far_below_the_slope_changes_the_time_little(slope: float, noise: list[float]) -> None:
    values = line(*(slope * hour + one for hour, one in enumerate(noise)))
    ahead = values[-1].value + 100 * slope
    left = crossing(values, ahead)
    assert left is not None
    assert 60 * 3600 <= left <= 170 * 3600
