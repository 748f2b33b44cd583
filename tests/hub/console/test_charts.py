"""Charts: gaps stay gaps, labels are round, nothing foreign is inside."""

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.console import charts
from hub.locale import translator
from hub.series.store import Bucket

NOW = 1_780_000_000_000
MINUTE = 60_000
EN = translator("en", ZoneInfo("Asia/Shanghai"))


def _flat(ats: list[int], value: float = 0.5) -> list[Bucket]:
    return [Bucket(at, value, value, value) for at in ats]


def _series(svg: str) -> list[str]:
    return re.findall(r'<path d="(M[^"]+)" class="line reactive', svg)


def _places(svg: str) -> list[tuple[float, float]]:
    """Every point of every line."""
    return [(float(x), float(y)) for path in _series(svg) for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path)]


def test_a_gap_breaks_the_line() -> None:
    ats = [NOW + n * MINUTE for n in range(60) if not 20 <= n < 30]
    svg = charts.chart("fill_ratio", _flat(ats), (NOW, NOW + 60 * MINUTE), MINUTE, EN)
    assert len(_series(svg)) == 2


def test_a_slow_series_is_not_all_gaps() -> None:
    ats = [NOW + n * 10 * MINUTE for n in range(12)]
    svg = charts.chart("fill_ratio", _flat(ats), (NOW, NOW + 120 * MINUTE), MINUTE, EN)
    assert len(_series(svg)) == 1


def test_a_lone_value_is_a_dot() -> None:
    svg = charts.chart("fill_ratio", _flat([NOW + MINUTE]), (NOW, NOW + 60 * MINUTE), MINUTE, EN)
    assert 'class="lone"' in svg


def test_regular_samples_far_apart_are_one_line_without_dots() -> None:
    ats = [NOW + n * MINUTE for n in range(10)]
    svg = charts.chart("fill_ratio", _flat(ats), (NOW, NOW + 10 * MINUTE), 5_000, EN)
    assert len(_series(svg)) == 1
    assert 'class="lone"' not in svg


def test_a_no_within_a_bucket_is_drawn_as_no() -> None:
    buckets = [Bucket(NOW, 1.0, 1.0, 1.0), Bucket(NOW + MINUTE, 0.9, 0.0, 1.0), Bucket(NOW + 2 * MINUTE, 1.0, 1.0, 1.0)]
    later = [(NOW, 1.0), (NOW + MINUTE, 1.0), (NOW + MINUTE, 0.0), (NOW + 2 * MINUTE, 0.0), (NOW + 2 * MINUTE, 1.0)]
    drawn = charts.stairs("reachable", buckets, MINUTE, NOW + HOUR)
    assert drawn == [*later, (NOW + 3 * MINUTE, 1.0)]
    svg = charts.chart("reachable", buckets, (NOW, NOW + 5 * MINUTE), MINUTE, EN)
    assert "of-1" in svg, "no band of low and high"
    assert len({y for _, y in _places(svg)}) == 2, "yes or no and nothing between"


def test_an_opening_within_a_bucket_is_drawn_as_open() -> None:
    short = [Bucket(NOW, 0.02, 0.0, 1.0)]
    assert charts.stairs("door_open", short, MINUTE, NOW + HOUR) == [(NOW, 1.0), (NOW + MINUTE, 1.0)]


def test_steps_end_at_a_gap_and_at_the_end_of_the_chart() -> None:
    first, last = _flat([NOW, NOW + 30 * MINUTE], 1.0)
    drawn = charts.stairs("reachable", [first, None, last], 2 * MINUTE, NOW + 31 * MINUTE)
    assert drawn == [
        (NOW, 1.0),
        (NOW + 2 * MINUTE, 1.0),
        (None, None),
        (NOW + 30 * MINUTE, 1.0),
        (NOW + 31 * MINUTE, 1.0),
    ]


def test_a_bucket_that_begins_before_the_span_is_drawn_within() -> None:
    svg = charts.chart("fill_ratio", _flat([NOW - MINUTE, NOW + MINUTE]), (NOW, NOW + 10 * MINUTE), 2 * MINUTE, EN)
    assert min(x for x, _ in _places(svg)) >= 0


def test_a_band_appears_only_where_low_and_high_differ() -> None:
    span = (NOW, NOW + 60 * MINUTE)
    wide = [Bucket(NOW + n * MINUTE, 2.0, 1.0, 3.0) for n in range(60)]
    assert "of-3" in charts.chart("response_seconds", wide, span, MINUTE, EN)
    assert "of-1" in charts.chart("response_seconds", _flat([NOW, NOW + MINUTE]), span, MINUTE, EN)


def test_nothing_in_a_chart_needs_more_than_our_style_sheet() -> None:
    svg = charts.chart("reachable", _flat([NOW, NOW + MINUTE], 1.0), (NOW, NOW + HOUR), MINUTE, EN, (NOW, NOW + MINUTE))
    for forbidden in ("<script", "<style", "style=", "<!--", "xlink", "href", "url(", " id=", "@import"):
        assert forbidden not in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert 'aria-label="Device answers its management protocol: last yes, lowest yes, highest yes"' in svg


HOUR = 60 * MINUTE


@pytest.mark.parametrize("span", [HOUR, 6 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 400 * 24 * HOUR])
def test_a_chart_has_about_as_many_points_as_can_be_told_apart(span: int) -> None:
    assert 30 <= span / charts.step_for(span) <= 2 * charts.POINTS


def test_ticks_are_round_in_local_time() -> None:
    at = charts.ticks(NOW, NOW + 6 * HOUR, 8 * HOUR)
    assert [EN.clock(t)[3:] for t in at] == ["00"] * len(at)
    days = charts.ticks(NOW, NOW + 5 * 24 * HOUR, 8 * HOUR)
    assert {EN.clock(t) for t in days} == {"00:00"}


@given(
    metric=st.sampled_from(["fill_ratio", "clock_offset_seconds", "free_bytes", "reachable", "spool_reports"]),
    values=st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=20),
)
def test_any_numbers_can_be_drawn(metric: str, values: list[float]) -> None:
    buckets = [Bucket(NOW + n * MINUTE, v, v, v) for n, v in enumerate(values)]
    svg = charts.chart(metric, buckets, (NOW, NOW + 20 * MINUTE), MINUTE, EN)
    assert svg.startswith("<svg")
    assert "nan" not in svg.lower()
