"""The newest values of a device against a plain dictionary of them."""

from hypothesis import given
from hypothesis import strategies as st

from hub.newest import NOTHING, Newest
from hub.series.store import Value

SAMPLES = st.lists(
    st.tuples(st.integers(1, 50), st.dictionaries(st.sampled_from("abcd"), st.floats(0, 9), min_size=1)), max_size=12
)


@given(SAMPLES)
def test_samples_in_any_order_leave_the_newest_value_of_each(
    samples: list[tuple[int, dict[str, float]]],
) -> None:
    known, plain = NOTHING, dict[str, Value]()
    for at, values in samples:
        before, kept = known, dict(known)
        if at > known.at:
            known = known.then(at, values)
        else:
            news = {name: value for name, value in values.items() if at > (known.time_of(name) or 0)}
            known = known.beside(at, news) if news else known
        for name, value in values.items():
            if name not in plain or at > plain[name].at:
                plain[name] = Value(at, value)
        assert dict(known) == plain
        assert len(known) == len(plain)
        assert {name: known.time_of(name) for name in "abcd"} == {
            n: plain[n].at if n in plain else None for n in "abcd"
        }
        assert dict(before) == kept  # whoever remembered it still has it
        assert dict(Newest.of(plain)) == plain


@given(SAMPLES, st.integers(0, 60))
def test_after_the_clock_was_set_back_nothing_is_from_the_future(
    samples: list[tuple[int, dict[str, float]]], back: int
) -> None:
    known = NOTHING
    for at, values in sorted(samples, key=lambda sample: sample[0]):
        known = known.then(at, values)
    dated = known.no_later(back)
    assert dict(dated) == {name: Value(min(value.at, back), value.value) for name, value in known.items()}


def test_what_was_never_measured_is_missing_and_not_zero() -> None:
    known = NOTHING.then(5, {"a": 0.0})
    assert known.get("a") == Value(5, 0.0)
    assert known.get("b") is None
    assert known.time_of("b") is None
