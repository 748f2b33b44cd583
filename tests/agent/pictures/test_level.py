import random

import pytest

from agent.pictures.grid import CELLS
from agent.pictures.level import Level, Table

DAY = 72
"""Pictures in the light of one day."""


def learned(count: int = 72, mid: float = 100.0, spread: float = 5.0) -> Level:
    chance = random.Random(1)
    level = Level()
    for n in range(count):
        level.learn(chance.gauss(mid, spread), mature=n >= 72)
    return level


def test_it_learns_what_is_usual_and_how_far_that_strays() -> None:
    level = learned()
    assert level.mid == pytest.approx(100, abs=2)
    assert 3 < level.spread < 8


def test_a_few_wild_pictures_while_it_learns_move_it_little() -> None:
    level = learned(40)
    for _ in range(4):
        level.learn(1000.0, mature=False)
    assert level.mid < 106


def test_what_sets_in_at_once_is_not_learned_within_a_week() -> None:
    level = learned()
    for _ in range(7 * DAY):
        level.learn(40.0, mature=True)
    assert level.mid > 85


def test_what_grows_over_three_weeks_still_differs_from_it() -> None:
    level = learned()
    days = 21
    for n in range(days * DAY):
        level.learn(100.0 - 60.0 * n / (days * DAY), mature=True)
    assert 0.6 * level.mid > 40.0


def test_seasons_are_followed() -> None:
    level = learned()
    for _ in range(180 * DAY):
        level.learn(110.0, mature=True)
    assert level.mid == pytest.approx(110, abs=1)


def test_a_table_learns_cell_by_cell_and_then_creeps() -> None:
    table = Table([1000] * CELLS)
    for n in range(1, 30):
        table.learn([1000 + 10 * (n % 3)] * CELLS, n, mature=False)
    assert 990 <= table.cells[0] <= 1030
    for _ in range(7 * DAY):
        table.learn([0] * CELLS, 30, mature=True)
    assert table.cells[0] > 450


def test_a_table_keeps_within_its_bounds() -> None:
    table = Table([0] * CELLS)
    for n in range(20):
        table.learn([65_535] * CELLS, n, mature=n > 10)
        table.learn([0] * CELLS, n, mature=n > 10)
    assert all(0 <= cell <= 65_535 for cell in table.cells)
