"""Spans against the plain truth: sets of seconds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.recordings.spans import Span, clipped, merged, packed, total, unpacked, without

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def seconds(spans: list[Span]) -> set[int]:
    return {second for start, end in spans for second in range(start, end)}


@given(SPANS)
def test_merging_keeps_every_second_and_leaves_nothing_touching(spans: list[Span]) -> None:
    result = merged(spans)
    assert seconds(result) == seconds(spans)
    assert total(result) == len(seconds(spans))
    assert all(one[1] < other[0] for one, other in pairwise(result))


@given(SPANS, st.integers(0, 5))
def test_joining_bridges_holes_up_to_its_length_and_no_others(spans: list[Span], join: int) -> None:
    holes = without([(0, 60)], merged(spans))
    bridged = without([(0, 60)], merged(spans, join))
    inner = [hole for hole in holes if hole[0] != 0 and hole[1] != 60]
    assert [hole for hole in inner if hole[1] - hole[0] > join] == [h for h in bridged if h[0] != 0 and h[1] != 60]


@given(SPANS, SPANS)
def test_what_is_left_without_holes_is_the_difference(spans: list[Span], holes: list[Span]) -> None:
    assert seconds(without(merged(spans), merged(holes))) == seconds(spans) - seconds(holes)


@given(SPANS, st.integers(0, 60), st.integers(0, 60))
def test_clipping_keeps_what_lies_between(spans: list[Span], start: int, end: int) -> None:
    assert seconds(clipped(merged(spans), start, end)) == seconds(spans) & set(range(start, end))


@given(SPANS)
def test_spans_survive_packing(spans: list[Span]) -> None:
    assert unpacked(packed(merged(spans))) == merged(spans)


def test_bytes_that_are_no_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        unpacked(b"abc")
