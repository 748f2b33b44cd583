"""The past that a rule looks back on: as long as it wants, as coarse as it wants, never more than so many values."""

from hypothesis import given
from hypothesis import strategies as st

from hub.series.store import Value
from hub.window import MAX_VALUES, Window

HOUR = 3_600_000


def test_one_value_an_hour_is_the_first_of_each() -> None:
    window = Window("fill_ratio", 48 * HOUR, HOUR)
    kept = window.of(Value(minute * 60_000, float(minute)) for minute in range(0, 60 * 100, 7))
    assert len(kept) == 48
    assert all(value.at % HOUR < 7 * 60_000 for value in kept)


def test_one_that_wants_every_value_has_so_many_at_most() -> None:
    window = Window("fill_ratio", 48 * HOUR, 0)
    kept = window.of(Value(second * 1000, 0.0) for second in range(2000))
    assert len(kept) == MAX_VALUES
    assert kept[-1].at == 1_999_000


@given(st.lists(st.integers(0, 100 * HOUR), unique=True).map(sorted), st.sampled_from([0, 60_000, HOUR]))
def test_what_is_kept_is_within_and_at_most_one_in_so_long(times: list[int], every: int) -> None:
    window = Window("fill_ratio", 24 * HOUR, every)
    kept = window.of(Value(at, 1.0) for at in times)
    assert list(kept) == sorted(kept)
    assert all(value.at > times[-1] - 24 * HOUR for value in kept)
    if every:
        buckets = [value.at // every for value in kept]
        assert len(set(buckets)) == len(buckets)
