"""What may be stored at all."""

from typing import Any

import pytest

from hub.series.admission import EARLIEST_MS, LATEST_MS, Admission, admit
from hub.series.store import Point

GOOD = Point("camera", "depot", "gate-1", "cam-1", 0, {"reachable": 1.0})


def test_a_batch_is_sorted_into_what_may_be_stored_and_what_may_not() -> None:
    bad = GOOD._replace(values={"a": 1.0, "b": float("nan")})
    assert admit([GOOD, bad, GOOD]) == Admission([0, 2], [1], "b is not a finite number")


@pytest.mark.parametrize(
    "bad",
    [{"device": "cam 1"}, {"agent": "Gate"}, {"kind": "camera,a=b"}, {"at": LATEST_MS + 1}, {"values": {"a b": 1.0}}],
)
def test_one_that_is_misnamed_or_out_of_time_holds_up_no_other(bad: dict[str, Any]) -> None:
    found = admit([GOOD, GOOD._replace(**bad), GOOD._replace(values={}), GOOD])
    assert (found.admitted, found.refused) == ([0, 3], [1])


def test_points_without_values_are_neither() -> None:
    assert admit([GOOD._replace(values={})]) == Admission([], [], "")


def test_large_numbers_whose_sum_is_infinite_are_fine() -> None:
    assert admit([GOOD._replace(values={"a": 1.7e308, "b": 1.7e308})]).admitted == [0]


@pytest.mark.parametrize(
    "values", [{"a": float("inf")}, {"a": float("inf"), "b": float("-inf")}, {"a": 10**400}, {"a": 10**400, "b": 0.5}]
)
def test_numbers_that_are_no_finite_float_are_refused(values: dict[str, float]) -> None:
    assert admit([GOOD._replace(values=values)]).refused == [0]


@pytest.mark.parametrize(("at", "fine"), [(EARLIEST_MS, True), (LATEST_MS, True), (LATEST_MS + 1, False)])
def test_times_must_fit_nanoseconds(at: int, fine: bool) -> None:
    assert bool(admit([GOOD._replace(at=at)]).admitted) is fine


def test_a_reason_is_short_however_long_the_name() -> None:
    assert len(admit([GOOD._replace(device="x" * 10_000)]).reason) == 200
