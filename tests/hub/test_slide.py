"""A number that runs off steadily, told from one that is set right or stands still."""

import random

import pytest

from hub import slide
from hub.series.store import Value

HOUR_MS = 3_600_000


def series(offsets: list[float]) -> list[Value]:
    """One every four hours."""
    return [Value(number * 4 * HOUR_MS, offset) for number, offset in enumerate(offsets)]


def test_the_rate_of_a_line_through_noise() -> None:
    chance = random.Random(7)
    values = series([0.5 * number + chance.uniform(-0.3, 0.3) for number in range(24)])
    assert slide.per_day(values, 1.5, 0.6) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    "offsets",
    [
        [0.5 * number for number in range(4)],  # too few
        [0.5 * number for number in range(9)],  # too short
        [0.5 * (number % 6) for number in range(24)],  # set right once a day
        [0.0] * 12 + [9.0] * 12,  # a jump
        [4.0] * 24,  # off, and standing still
    ],
)
def test_what_is_no_slide(offsets: list[float]) -> None:
    assert slide.per_day(series(offsets), 1.5, 0.6) is None
