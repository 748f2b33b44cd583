"""Planted anomalies stand out, healthy series do not, and no number brings the detector down."""

import math
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.detector import Detector, Reading
from hub.season import Profile, Season
from hub.tail import Tail

T0 = 1_798_761_600.0
STEP = 900.0
DAY = 96
"""Values of one day."""

DAYS = 24
PLANTED = 20 * DAY + 40
"""The row where something happens: a Thursday morning."""


def series(seed: int = 1) -> list[float]:
    """Warmer by day, and more on working days."""
    random = Random(seed)
    return [
        40 + 10 * math.sin(2 * math.pi * row / DAY) + (8 if (row // DAY) % 7 in (1, 2) else 0) + random.gauss(0, 1)
        for row in range(DAYS * DAY)
    ]


def readings(values: Sequence[float], step: float = STEP) -> list[Reading]:
    detector = Detector()
    return [detector.update(T0 + row * step, value) for row, value in enumerate(values)]


def best(found: Sequence[Reading], apart_from: range) -> float:
    return max(reading.score for row, reading in enumerate(found) if row not in apart_from)


def changed(rows: range, change: Callable[[float, Random], float]) -> list[float]:
    values, random = series(), Random(7)
    for row in rows:
        values[row] = change(values[row], random)
    return values


@pytest.mark.parametrize(
    ("rows", "change", "patience", "why"),
    [
        (1, lambda value, _: value + 15, 1, {"jump"}),
        (3, lambda value, _: value - 15, 3, {"jump", "low"}),
        (DAYS * DAY - PLANTED, lambda value, _: value + 8, 12, {"jump", "high"}),
        (48, lambda value, random: value + random.gauss(0, 6), 24, {"jump", "variable"}),
        (60, lambda *_: 47.123, 40, {"flat", "low", "high", "jump"}),
    ],
    ids=["spike", "dip", "level shift", "change of variance", "flatline"],
)
def test_what_was_planted_ranks_above_everything_else(
    rows: int, change: Callable[[float, Random], float], patience: int, why: set[str]
) -> None:
    planted = range(PLANTED, PLANTED + rows)
    found = readings(changed(planted, change))
    here = found[PLANTED : PLANTED + patience]
    top = max(here)
    assert top.score > 0.5
    assert top.why in why
    assert top.score > best(found, range(PLANTED, PLANTED + rows + 96))


HEALTHY: dict[str, Callable[[Random, int], float]] = {
    "seasonal": lambda random, row: 40 + 10 * math.sin(2 * math.pi * row / DAY) + random.gauss(0, 1),
    "noise": lambda random, row: random.gauss(5, 1),
    "skewed": lambda random, row: random.lognormvariate(0, 0.5),
    "rising": lambda random, row: row * 0.5 + random.gauss(0, 3),
    "constant": lambda random, row: 25.0,
    "nothing": lambda random, row: 0.0,
    "two values": lambda random, row: float(random.random() < 0.3),
    "huge": lambda random, row: random.gauss(5e12, 1e9),
    "tiny": lambda random, row: random.gauss(5e-12, 1e-13),
    "weekly": lambda random, row: (60.0 if (row // DAY) % 7 < 5 and 28 <= row % DAY < 72 else 5.0) + random.gauss(0, 2),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_series_stay_below(name: str) -> None:
    for seed in range(2):
        random = Random(f"{name} {seed}")
        found = readings([HEALTHY[name](random, row) for row in range(DAYS * DAY)])
        assert max(reading.score for reading in found) < 0.9
        assert sum(reading.score >= 0.5 for reading in found[8 * DAY :]) <= 3


def test_a_new_level_is_usual_after_a_day() -> None:
    found = readings(changed(range(PLANTED, DAYS * DAY), lambda value, _: value + 15))
    assert max(reading.score for reading in found[PLANTED : PLANTED + 12]) > 0.5
    later = found[PLANTED + DAY + 8 :]
    assert sum(reading.score > 0.5 for reading in later) <= 2
    assert later[-1].expected == pytest.approx(series()[-1] + 15, abs=5)


def test_the_level_of_before_is_still_known_when_it_comes_back() -> None:
    back = PLANTED + DAY + 24
    found = readings(changed(range(PLANTED, back), lambda value, _: value + 15))
    assert max(reading.score for reading in found[back + 2 :]) < 0.5


def test_a_gap_is_no_anomaly() -> None:
    values, detector = series(), Detector()
    scores = [detector.update(T0 + row * STEP, values[row]).score for row in range(PLANTED)]
    scores += [detector.update(T0 + row * STEP, values[row]).score for row in range(PLANTED + 3 * DAY, DAYS * DAY)]
    assert max(scores[8 * DAY :]) < 0.5


def test_a_counter_that_saturates_is_told_once() -> None:
    random = Random(3)
    values = [min(row * 0.5, PLANTED * 0.5) + random.gauss(0, 0.2) * (row < PLANTED) for row in range(DAYS * DAY)]
    found = readings(values)
    assert max(reading.score for reading in found[PLANTED : PLANTED + 48]) > 0.5
    assert max(reading.score for reading in found[-DAY:]) < 0.5


def test_a_row_said_twice_changes_nothing() -> None:
    once, twice = Detector(), Detector()
    for row, value in enumerate(series()[: 3 * DAY]):
        reading = once.update(T0 + row * STEP, value)
        assert twice.update(T0 + row * STEP, value) == reading
        assert twice.update(T0 + row * STEP, value) == reading


def test_rows_out_of_order_do_no_harm() -> None:
    values, random = series(), Random(5)
    order = list(range(len(values)))
    for row in range(0, len(order) - 4, 50):
        order[row], order[row + 3] = order[row + 3], order[row]
    detector = Detector()
    scores = {row: detector.update(T0 + row * STEP, values[row] + random.gauss(0, 0.1)).score for row in order}
    assert max(score for row, score in scores.items() if row > 8 * DAY) < 0.5


def test_times_that_come_as_they_like_do_no_harm() -> None:
    random, at, detector, scores = Random(9), T0, Detector(), []
    for _ in range(20 * DAY):
        at += random.expovariate(1 / STEP)
        value = 40 + 10 * math.sin(2 * math.pi * (at - T0) / 86_400) + random.gauss(0, 1)
        scores.append(detector.update(at, value).score)
    assert max(scores[8 * DAY :]) < 0.6


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.lists(st.tuples(st.floats(-1e11, 1e11), NUMBERS), max_size=80)


@settings(max_examples=60)
@given(ROWS, st.sampled_from([0.0, 1.0, 3600.0, 86_400.0]))
def test_any_numbers_at_any_times_score_between_0_and_1_and_the_same_again(
    rows: list[tuple[float, float]], step: float
) -> None:
    one, other = Detector(), Detector()
    first = [one.update(at + step * row, value) for row, (at, value) in enumerate(rows)]
    assert first == [other.update(at + step * row, value) for row, (at, value) in enumerate(rows)]
    assert all(0 <= reading.score <= 1 and math.isfinite(reading.expected) for reading in first)


@settings(max_examples=30)
@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_nothing_breaks_one_that_has_learnt(values: list[float]) -> None:
    detector = Detector()
    for row, value in enumerate(series()[: 2 * DAY]):
        detector.update(T0 + row * STEP, value)
    for row, value in enumerate(values):
        reading = detector.update(T0 + (2 * DAY + row) * STEP, value)
        assert 0 <= reading.score <= 1
        assert math.isfinite(reading.expected)
        assert math.isfinite(detector.elsewhere(value))


def parts(thing: object) -> Iterator[object]:
    """All that a detector holds."""
    yield thing
    if isinstance(thing, Detector | Season | Profile | Tail):
        for name in type(thing).__slots__:
            yield from parts(getattr(thing, name))
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from parts(one)


def size(detector: Detector) -> int:
    return sum(sys.getsizeof(part) for part in {id(part): part for part in parts(detector)}.values())


def test_a_series_of_any_length_takes_a_few_kilobytes() -> None:
    detector, sizes = Detector(), []
    for row, value in enumerate(series()):
        detector.update(T0 + row * STEP, value)
        if row in (DAY // 2, 3 * DAY, DAYS * DAY - 1):
            sizes.append(size(detector))
    assert sizes[-1] <= 9000
    assert sizes[2] - sizes[1] < 500
    assert array("d", [0.0]).itemsize == 8
