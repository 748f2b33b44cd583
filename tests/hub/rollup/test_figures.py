"""Rollups as pure functions: nothing is lost between values, hours and days but what means must lose."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rollup.figures import DAY_MS, HOUR_MS, bucket, buckets, fold, merged, of_day, rolled
from hub.series.store import Bucket, Point, Summary

DAY = 20_000 * DAY_MS
VALUES = st.lists(st.tuples(st.integers(0, DAY_MS - 1), st.floats(-1e6, 1e6)), min_size=1, max_size=60)


def whole(values: list[float], at: int) -> Bucket:
    return Bucket(at, sum(values) / len(values), min(values), max(values), len(values))


def summary(device: str, metric: str, found: Bucket, agent: str = "gate-1") -> Summary:
    return Summary("depot", agent, device, {metric: found})


@given(VALUES)
def test_a_day_rolled_from_hours_is_the_day_rolled_from_its_values(values: list[tuple[int, float]]) -> None:
    hours = [
        rolled("camera", summary("cam-1", "fill_ratio", whole([v for _, v in group], at)), at)
        for at, group in groupby(sorted(values), lambda one: DAY + one[0] - one[0] % HOUR_MS)
    ]
    (day,) = of_day("camera", hours, DAY)
    found, wanted = bucket(day, "fill_ratio"), whole([v for _, v in values], DAY)
    assert found is not None
    assert found[2:] == wanted[2:]
    assert found.mean == pytest.approx(wanted.mean, rel=1e-9, abs=1e-6)


def test_a_rollup_says_what_its_summary_said() -> None:
    metrics = {"fill_ratio": Bucket(DAY + 1, 0.5, 0.25, 1.0, 60), "error_count": Bucket(DAY + 1, 2.0, 2.0, 2.0, 1)}
    point = rolled("volume", Summary("depot", "gate-1", "vol-1", metrics), DAY)
    assert point[:5] == ("volume", "depot", "gate-1", "vol-1", DAY)
    assert point.values["error_count_count"] == 1.0
    assert buckets(point) == {metric: found._replace(at=DAY) for metric, found in metrics.items()}


def test_a_rollup_that_is_not_whole_says_nothing() -> None:
    half = Point("camera", "depot", "gate-1", "cam-1", DAY, {"a_mean": 1.0, "a_count": 2.0, "b_count": 1.0})
    assert buckets(half) == {}
    assert bucket(half, "c") is None


def test_a_name_too_long_for_its_fields_is_left_out() -> None:
    assert rolled("camera", summary("cam-1", "x" * 60, Bucket(DAY, 1.0, 1.0, 1.0)), DAY).values == {}


def test_devices_and_agents_of_a_day_are_kept_apart() -> None:
    hours = [
        rolled("door", summary("door-1", "door_open", Bucket(DAY, 0.0, 0.0, 0.0, 3)), DAY),
        rolled("door", summary("door-1", "door_open", Bucket(DAY, 1.0, 1.0, 1.0, 1), agent="gate-2"), DAY + HOUR_MS),
        rolled("door", summary("door-2", "door_open", Bucket(DAY, 0.5, 0.0, 1.0, 2)), DAY),
    ]
    days = {(day.agent, day.device): bucket(day, "door_open") for day in of_day("door", hours, DAY)}
    assert days == {
        ("gate-1", "door-1"): Bucket(DAY, 0.0, 0.0, 0.0, 3),
        ("gate-2", "door-1"): Bucket(DAY, 1.0, 1.0, 1.0, 1),
        ("gate-1", "door-2"): Bucket(DAY, 0.5, 0.0, 1.0, 2),
    }


def test_means_are_weighted_by_their_numbers() -> None:
    parts = [Bucket(DAY, 1.0, 0.0, 2.0, 3), Bucket(DAY + HOUR_MS, 5.0, 5.0, 5.0, 1)]
    assert merged(parts, DAY) == Bucket(DAY, 2.0, 0.0, 5.0, 4)
    assert fold(parts[::-1], HOUR_MS) == parts
    assert fold(parts, DAY_MS) == [Bucket(DAY, 2.0, 0.0, 5.0, 4)]
