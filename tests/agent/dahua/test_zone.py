import calendar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua.table import parse
from agent.dahua.zone import OFFSETS, Turn, Zone, zone_of

NO_SUMMER = parse(b"table.Locales.DSTEnable=false")


def ntp(index: object) -> dict[str, str]:
    return {"table.ntp.timezone": str(index)}


def locales(start: str, end: str, more: str = "") -> dict[str, str]:
    lines = ["table.Locales.DSTEnable=true", more]
    for which, text in (("DSTStart", start), ("DSTEnd", end)):
        named = zip(("Month", "Week", "Day", "Hour"), text.split(), strict=True)
        lines += [f"table.Locales.{which}.{name}={value}" for name, value in named]
        lines += [f"table.Locales.{which}.Minute=0", f"table.Locales.{which}.Year=2026"]
    return parse("\n".join(lines).encode())


NEW_YORK = locales("3 2 0 2", "11 1 0 2")
BERLIN = locales("3 -1 0 2", "10 -1 0 3")
SYDNEY = locales("10 1 0 2", "4 1 0 3")


@pytest.mark.parametrize(
    ("index", "hours"),
    [(0, 0), (1, 1), (8, 5.5), (9, 5.75), (13, 8), (19, 13), (22, -3), (23, -3.5), (25, -5), (32, -12)],
)
def test_the_index_of_a_zone_is_an_offset(index: int, hours: float) -> None:
    zone = zone_of(ntp(index), NO_SUMMER)
    assert zone is not None
    assert zone.offset == zone.ahead(1_790_000_000.0) == hours * 3600


@pytest.mark.parametrize("index", ["33", "-1", "x", "", "1" * 5000])
def test_an_index_that_nobody_knows_is_no_zone(index: str) -> None:
    assert zone_of(ntp(index), NO_SUMMER) is None
    assert zone_of({}, NO_SUMMER) is None


def test_daylight_saving_that_is_not_told_leaves_the_time_open() -> None:
    assert zone_of(ntp(13), None) is None
    assert zone_of(ntp(13), {}) is None
    assert zone_of(ntp(13), {"table.locales.dstenable": "true"}) is None
    for bad in ("13 1 0 2", "0 1 0 2", "3 9 0 2", "3 1 7 2", "3 0 0 2", "3 1 0 24"):
        assert zone_of(ntp(1), locales(bad, "10 -1 0 3")) is None


@pytest.mark.parametrize(
    ("index", "rules", "name"),
    [(25, NEW_YORK, "America/New_York"), (1, BERLIN, "Europe/Berlin"), (16, SYDNEY, "Australia/Sydney")],
)
def test_its_rules_give_what_the_tables_of_the_world_give(index: int, rules: dict[str, str], name: str) -> None:
    zone = zone_of(ntp(index), rules)
    assert zone is not None
    world = ZoneInfo(name)
    begin = int(datetime(2025, 1, 4, tzinfo=UTC).timestamp())  # a Saturday; clocks are turned on Sundays
    weekends = range(begin, begin + 104 * 604_800, 604_800)
    for moment in (weekend + second for weekend in weekends for second in range(0, 172_800, 1800)):
        shown = datetime.fromtimestamp(moment, world)
        wall = calendar.timegm(shown.timetuple())
        assert zone.wall(moment) == wall, shown
        assert moment in zone.both(wall), shown
        if not shown.fold:
            assert zone.utc(wall) == moment, shown


def test_a_summer_by_dates() -> None:
    zone = zone_of(ntp(1), locales("3 0 29 2", "10 0 25 3"))
    assert zone is not None
    assert zone.summer == (Turn(3, 0, 29, 7200), Turn(10, 0, 25, 10_800))
    assert zone == zone_of(ntp(1), locales("3 -1 29 2", "10 5 25 3", "table.Locales.WeekEnable=false"))


def test_the_hour_that_comes_twice_has_two_moments() -> None:
    zone = zone_of(ntp(1), BERLIN)
    assert zone is not None
    twice = calendar.timegm((2026, 10, 25, 2, 30, 0))
    first, last = zone.both(twice)
    assert last - first == 3600
    assert zone.wall(first) == zone.wall(last) == twice
    assert len(set(zone.both(twice + 3600))) == 1


@given(st.integers(0, 4_000_000_000), st.sampled_from(OFFSETS))
def test_without_summer_time_every_moment_comes_back(moment: int, offset: int) -> None:
    zone = Zone(offset)
    assert zone.utc(zone.wall(moment)) == moment
