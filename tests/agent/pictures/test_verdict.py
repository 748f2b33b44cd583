"""What is found, and what is not, in synthetic places after learning; every place is drawn from a seed of its own."""

import pytest

from agent.pictures.baseline import Baseline
from agent.pictures.features import Phase
from agent.pictures.verdict import FLAGS, judge
from simulator.pictures import Fault, Light, Place, Shot, Weather
from tests.agent.pictures.matrix import cases
from tests.agent.pictures.trained import DAY_HOUR, NEEDED, NIGHT_HOUR, look, verdict, week


def raised(place: Place, baseline: Baseline, shot: Shot) -> set[str]:
    return {name for name, found in verdict(place, baseline, shot).flags.items() if found}


# Two seconds each: a week of pictures is drawn and looked at for every place.
@pytest.mark.parametrize("seed", [1001, 1002, 1003])
def test_every_fault_is_found_by_its_name_and_nothing_where_nothing_is_wrong(seed: int) -> None:
    wrong = [case for case in cases(seed) if not case.right]
    assert not wrong


def test_nothing_is_said_before_enough_was_learned() -> None:
    place = Place(3)
    baseline = Baseline(NEEDED)
    for moment in range(NEEDED - 1):
        baseline.learn(look(place, Shot(moment)), DAY_HOUR)
        assert judge(look(place, Shot(900, fault=Fault.DEFOCUSED)), baseline, DAY_HOUR).flags == {}
    baseline.learn(look(place, Shot(99)), DAY_HOUR)
    assert judge(look(place, Shot(900, fault=Fault.DEFOCUSED)), baseline, DAY_HOUR).flags["blurred"]


def test_the_first_nights_are_no_fault() -> None:
    place = Place(4)
    baseline = Baseline(NEEDED)
    for moment in range(NEEDED):
        baseline.learn(look(place, Shot(moment)), DAY_HOUR)
    for light in (Light.TWILIGHT, Light.NIGHT, Light.OUT):
        for moment in range(4):
            found = judge(look(place, Shot(moment, light)), baseline, None)
            assert not any(found.flags.values()), (light, found.flags)


def test_a_tour_is_not_moved_and_a_strange_view_is() -> None:
    place, baseline = week(7, presets=3)
    for preset in range(3):
        for light in (Light.DAY, Light.NIGHT):
            found = verdict(place, baseline, Shot(800 + preset, light, preset=preset))
            assert found.flags["moved"] is False
            assert not any(found.flags.values())
            assert found.similarity is not None
            assert found.similarity > 0.8
    assert raised(place, baseline, Shot(801, preset=4)) == {"moved"}
    assert raised(place, baseline, Shot(801, preset=1, fault=Fault.DEFOCUSED)) == {"blurred"}


def test_a_camera_told_to_be_ptz_keeps_its_views_however_seldom_they_are_seen() -> None:
    place, baseline = week(8, presets=4, ptz=True)
    assert len(baseline.lights[Phase.DAY].scenes) == 4
    assert all(raised(place, baseline, Shot(820, preset=preset)) == set() for preset in range(4))


def test_one_that_looks_about_freely_is_never_moved() -> None:
    chance_views, seed = 6, 9
    place, baseline = week(seed, presets=chance_views, ptz=True)
    light = baseline.lights[Phase.DAY]
    assert light.roaming
    assert "moved" not in verdict(place, baseline, Shot(830, fault=Fault.TURNED)).flags


def test_a_fixed_camera_that_was_turned_while_it_learned_has_one_view() -> None:
    place = Place(11)
    baseline = Baseline(NEEDED)
    for moment in range(NEEDED):
        baseline.learn(look(place, Shot(moment, preset=0 if moment < 8 else 2)), DAY_HOUR)
    assert len(baseline.lights[Phase.DAY].scenes) == 1
    assert raised(place, baseline, Shot(850, preset=2)) == set()
    assert raised(place, baseline, Shot(850, preset=0)) == {"moved"}


def test_a_store_room_without_lamps_may_be_black() -> None:
    place, baseline = week(12, indoors=True, night=Light.OUT)
    assert raised(place, baseline, Shot(860, Light.OUT)) == set()
    # The light is put out on a holiday, at an hour when it burnt on most days, but not on all.
    baseline.hours[DAY_HOUR].lit = 0.9
    found = judge(look(place, Shot(861, Light.OUT)), baseline, DAY_HOUR)
    assert not any(found.flags.values())


def test_lights_out_by_day_with_infra_red_is_no_loss_of_colour() -> None:
    for seed in (1001, 1002):
        place, baseline = week(seed, indoors=True)
        found = judge(look(place, Shot(870, Light.NIGHT)), baseline, DAY_HOUR)
        assert not any(found.flags.values()), (seed, found.flags)


def test_a_school_run_is_no_fault() -> None:
    """Doors stand open: a bright patch, and people everywhere, picture after picture."""
    for seed in (1001, 1002):
        place, baseline = week(seed, seed % 3 == 2)
        for moment in range(880, 883):
            for weather in (Weather.CROWD, Weather.GLARE):
                assert raised(place, baseline, Shot(moment, weather=weather)) == set()


def test_infra_red_is_told_and_is_no_fault() -> None:
    place, baseline = week(1001, True)
    found = verdict(place, baseline, Shot(890, Light.NIGHT))
    assert found.flags["infrared_dead"] is False
    assert "colour_lost" not in found.flags


def test_a_covered_view_says_nothing_of_the_rest() -> None:
    place, baseline = week(1001, True)
    found = verdict(place, baseline, Shot(600, fault=Fault.CLOTH))
    assert found.flags["covered"]
    assert not {"blurred", "dirty", "moved", "colour_lost"} & found.flags.keys()


def test_black_by_day_is_dark_where_the_hours_are_not_known() -> None:
    place, baseline = week(1001, True)
    found = judge(look(place, Shot(600, fault=Fault.TAPED)), baseline, None)
    assert {name for name, raised in found.flags.items() if raised} == {"dark"}


def test_a_dim_picture_at_an_hour_that_is_always_light_has_nothing_to_do_with_infra_red() -> None:
    place, baseline = week(1001, True)
    dim = look(place, Shot(600, Light.NIGHT, fault=Fault.UNDEREXPOSED)).model_copy(update={"highlight": 0.2})
    assert dim.phase is Phase.NIGHT
    for hour, flag in ((DAY_HOUR, "dark"), (NIGHT_HOUR, "infrared_dead")):
        found = judge(dim, baseline, hour)
        assert {name for name, raised in found.flags.items() if raised} == {flag}


def test_flags_are_those_of_the_catalogue() -> None:
    from wire.metrics import BY_NAME

    assert all(f"picture_{flag}" in BY_NAME for flag in FLAGS)
    assert NIGHT_HOUR != DAY_HOUR
