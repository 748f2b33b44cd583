"""When a metric will cross a level: properties of the robust slope, and honesty where there is none."""

from math import isclose

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite

from hub.forecast import LEAST_VALUES, crossing, trend
from hub.series.store import Value

HOUR_MS = 3_600_000
slopes = st.floats(min_value=0.01, max_value=100).map(lambda a_hour: round(a_hour, 3))


def line(count: int, start: float, a_hour: float) -> list[Value]:
    return [Value(hour * HOUR_MS, start + a_hour * hour) for hour in range(count)]


@composite
def noisy_lines(draw: DrawFn) -> tuple[list[Value], float]:
    """Hourly values that rise, and fewer than a quarter of them wild."""
    count, a_hour = draw(st.integers(16, 120)), draw(slopes)
    values = line(count, 0.0, a_hour)
    for index in draw(st.sets(st.integers(0, count - 2), max_size=count // 8)):
        values[index] = Value(values[index].at, draw(st.floats(-1e6, 1e6)))
    return values, a_hour


@given(st.integers(LEAST_VALUES, 300), st.floats(-1000, 1000), slopes, st.floats(0.1, 1e4))
def test_a_straight_line_crosses_when_it_says(count: int, start: float, a_hour: float, ahead: float) -> None:
    values = line(count, start, a_hour)
    left = crossing(values, values[-1].value + ahead)
    assert left is not None
    assert isclose(left, ahead / a_hour * 3600, rel_tol=1e-3, abs_tol=1.0)


@given(st.integers(LEAST_VALUES, 300), slopes, st.floats(0.1, 1e4))
def test_what_moves_away_from_the_level_never_crosses_it(count: int, a_hour: float, ahead: float) -> None:
    values = line(count, 0.0, -a_hour)
    assert crossing(values, values[-1].value + ahead) is None


@given(noisy_lines())
def test_an_eighth_of_wild_values_moves_the_slope_little(drawn: tuple[list[Value], float]) -> None:
    values, a_hour = drawn
    found = trend(values)
    assert found is not None
    assert found.slope > 0
    plain = trend(line(len(values), 0.0, a_hour))
    assert plain is not None
    assert found.slope <= 3 * plain.slope


@given(st.lists(st.floats(-1e6, 1e6), max_size=LEAST_VALUES - 1))
def test_few_values_tell_nothing(few: list[float]) -> None:
    assert trend([Value(index, value) for index, value in enumerate(few)]) is None
    if few:
        assert crossing([Value(index, value) for index, value in enumerate(few)], few[-1] + 1) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_values_of_one_moment_tell_nothing(values: list[float]) -> None:
    assert trend([Value(7, value) for value in values]) is None


@given(
    st.lists(st.tuples(st.integers(1, HOUR_MS), st.floats(-1e6, 1e6)), min_size=1, max_size=200), st.floats(-1e7, 1e7)
)
def test_a_crossing_is_unknown_or_ahead(steps: list[tuple[int, float]], level: float) -> None:
    at, values = 0, []
    for step, value in steps:
        at += step
        values.append(Value(at, value))
    left = crossing(values, level)
    assert left is None or left >= 0


def test_a_saw_that_comes_back_has_no_trend() -> None:
    values = [Value(hour * HOUR_MS, float(hour % 12)) for hour in range(240)]
    assert crossing(values, 100.0) is None


def test_what_is_at_the_level_is_there() -> None:
    assert crossing(line(10, 0.0, 1.0), 9.0) == 0.0


def test_nothing_at_all_is_unknown() -> None:
    assert trend([]) is None
