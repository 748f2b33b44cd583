import pytest

from agent.pictures.still import APART_SECONDS, Still
from simulator.pictures import Fault, Light, Place, Shot
from tests.agent.pictures.trained import look

ROUND = 600.0


def told(shots: list[Shot], place: Place | None = None, apart: float = ROUND) -> list[bool | None]:
    still, place = Still(), place or Place(3)
    return [still.see(look(place, shot), n * apart) for n, shot in enumerate(shots)]


def test_a_frozen_picture_is_told_by_the_third_whatever_its_clock_says() -> None:
    shots = [Shot(moment * 10, fault=Fault.FROZEN) for moment in range(5)]
    assert told(shots) == [None, None, True, True, True]


def test_the_very_same_bytes_are_frozen_too() -> None:
    assert told([Shot(7)] * 4) == [None, None, True, True]


@pytest.mark.parametrize(("noise", "quality"), [(14, 75), (3, 75), (2, 40)])
def test_a_quiet_store_room_is_never_frozen(noise: int, quality: int) -> None:
    """Nothing moves in it; the sensor's noise, however little, makes every picture another."""
    place = Place(2, indoors=True, noise=noise)
    shots = [Shot(moment, Light.NIGHT, quality=quality, people=False) for moment in range(6)]
    assert told(shots, place) == [None, False, False, False, False, False]


def test_black_pictures_are_never_frozen() -> None:
    place = Place(2, indoors=True, noise=0)
    assert told([Shot(moment, Light.OUT) for moment in range(5)], place) == [None] * 5


def test_a_picture_that_moves_again_is_well_at_once() -> None:
    shots = [*[Shot(0, fault=Fault.FROZEN)] * 4, Shot(9)]
    assert told(shots)[-1] is False


def test_pictures_in_quick_succession_may_be_the_same() -> None:
    assert told([Shot(7)] * 5, apart=APART_SECONDS / 10) == [None] * 5


def test_change_is_nothing_for_the_very_same_and_little_for_a_quiet_room() -> None:
    place, still = Place(2, indoors=True), Still()
    still.see(look(place, Shot(1)), 0)
    assert still.change is None
    still.see(look(place, Shot(1)), ROUND)
    assert still.change == 0
    still.see(look(place, Shot(2)), 2 * ROUND)
    assert still.change is not None
    assert 0 < still.change < 0.1
