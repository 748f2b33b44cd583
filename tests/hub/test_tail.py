"""The tail tells how rare a number is, also one that was never seen."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.tail import Tail


def taught(draw: str, number: int = 20_000) -> Tail:
    random, tail = Random(1), Tail()
    draws = {"normal": lambda: abs(random.gauss(0, 1)), "exponential": lambda: random.expovariate(1)}
    for _ in range(number):
        tail.learn(draws[draw]())
    return tail


@pytest.mark.parametrize(
    ("draw", "number", "least", "most"),
    [
        ("normal", 3.3, 1e-4, 1e-2),  # truly 1e-3
        ("normal", 4.4, 1e-7, 1e-3),  # 1e-5
        ("exponential", 6.9, 1e-4, 1e-2),  # 1e-3
        ("exponential", 11.5, 1e-6, 3e-4),  # 1e-5
    ],
)
def test_a_probability_is_right_within_its_order(draw: str, number: float, least: float, most: float) -> None:
    assert least < math.exp(taught(draw).rarity(number)) < most


def test_what_lasts_is_one_peak() -> None:
    once, long = taught("normal"), taught("normal")
    once.learn(9.0)
    for _ in range(500):
        long.learn(9.0)
    assert once.rarity(9.0) == pytest.approx(long.rarity(9.0), rel=0.05)


def test_one_outlier_makes_no_other_usual() -> None:
    tail = taught("normal")
    before = tail.rarity(20.0)
    tail.learn(1000.0)
    tail.learn(0.5)
    assert tail.rarity(20.0) < 0.7 * before < 0


@given(st.lists(st.floats(0, 1e12), max_size=200), st.floats(0, 1e12), st.floats(0, 1e12))
def test_larger_is_never_likelier(numbers: list[float], one: float, other: float) -> None:
    tail = Tail()
    for number in numbers:
        tail.learn(number)
    low, high = sorted((one, other))
    assert tail.rarity(high) <= tail.rarity(low) <= 0
    assert math.isfinite(tail.rarity(high))
