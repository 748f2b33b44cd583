"""Plans: weekly windows by the site's clocks, in weeks with days of 23 and 25 hours."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from agent.recordings.local_time import Zone, machine_zone
from agent.recordings.plan import Plan, Window
from agent.recordings.spans import total

BERLIN = Zone("Europe/Berlin")


def at(text: str, *, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=fold).timestamp())


def scheduled(*windows: Window) -> Plan:
    return Plan("scheduled", windows, BERLIN)


def test_continuous_wants_all_and_motion_nothing() -> None:
    assert Plan("continuous", (), BERLIN).wanted(10, 20) == [(10, 20)]
    assert Plan("motion", (), BERLIN).wanted(10, 20) == []
    assert not Plan("motion", (), BERLIN).tells_gaps


def test_office_hours_are_wanted_on_working_days() -> None:
    plan = scheduled(
        Window.model_validate({"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"})
    )
    week = plan.wanted(at("2026-03-09T00:00"), at("2026-03-16T00:00"))
    assert len(week) == 5
    assert week[0] == (at("2026-03-09T08:00"), at("2026-03-09T18:00"))


def test_a_night_window_reaches_into_the_next_day() -> None:
    plan = scheduled(Window.model_validate({"days": ["sun"], "from": "22:00", "to": "06:00"}))
    assert plan.wanted(at("2026-03-09T00:00"), at("2026-03-10T00:00")) == [
        (at("2026-03-09T00:00"), at("2026-03-09T06:00"))
    ]


def test_windows_that_touch_are_one() -> None:
    morning = Window.model_validate({"from": "06:00", "to": "12:00"})
    evening = Window.model_validate({"from": "12:00", "to": "24:00"})
    plan = scheduled(morning, evening)
    assert len(plan.wanted(at("2026-03-09T00:00"), at("2026-03-10T00:00"))) == 1


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_the_hours_its_clocks_have(day: str, hours: int) -> None:
    start, end = BERLIN.span_of(BERLIN.day(at(f"{day}T12:00")))
    assert end - start == hours * 3600
    assert total(scheduled(Window()).wanted(start, end)) == hours * 3600


def test_a_window_over_the_change_is_an_hour_longer_in_autumn_and_shorter_in_spring() -> None:
    night = Window.model_validate({"from": "01:00", "to": "04:00"})
    plan = scheduled(night)
    assert total(plan.wanted(at("2026-10-25T00:00"), at("2026-10-25T12:00"))) == 4 * 3600
    assert total(plan.wanted(at("2026-03-29T00:00"), at("2026-03-29T12:00"))) == 2 * 3600
    assert total(plan.wanted(at("2026-03-28T00:00"), at("2026-03-28T12:00"))) == 3 * 3600


def test_the_beginning_of_what_is_wanted_now_is_found_and_nothing_after_its_end() -> None:
    plan = scheduled(Window.model_validate({"from": "08:00", "to": "18:00"}))
    assert plan.wanted_since(at("2026-03-09T08:01"), 600) == at("2026-03-09T08:00")
    assert plan.wanted_since(at("2026-03-09T18:00"), 600) is None
    assert plan.wanted_since(at("2026-03-09T12:00"), 600) == at("2026-03-09T11:50")


@pytest.mark.parametrize("bad", [{"from": "8:00"}, {"to": "25:00"}, {"days": []}, {"days": ["monday"]}, {"upto": "1"}])
def test_a_window_that_is_none_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(bad)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        Zone(name)


def test_the_machine_has_a_zone_that_is_known() -> None:
    assert Zone(machine_zone()).day(0)


def test_a_zone_of_a_fixed_distance_shows_so_much_more_than_utc() -> None:
    for seconds in (8 * 3600, 20_700, -12_600, 0):
        zone = Zone.fixed(seconds)
        first, last = zone.moments(2026, 5, 25, 12, 34, 56)
        assert first == last == 1779712496 - seconds
        assert zone.reading(first).hour == 12
        assert zone.span_of(zone.day(first))[1] - zone.span_of(zone.day(first))[0] == 86_400
    with pytest.raises(ValueError, match="offset"):
        Zone.fixed(86_400)
