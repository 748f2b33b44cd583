from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.isapi import zone
from agent.isapi.zone import Rule, Zone

YEAR_2020, YEAR_2030 = 1_577_836_800, 1_893_456_000


@pytest.mark.parametrize(
    ("word", "offset"),
    [
        ("CST-8:00:00", 8 * 3600),
        ("CST-08:00:00", 8 * 3600),
        ("EST+5:00:00", -5 * 3600),
        ("IST-5:30:00", 19_800),
        ("GMT+00:00:00", 0),
        ("UTC0", 0),
        ("EST5", -5 * 3600),
        ("-3", 3 * 3600),
    ],
)
def test_the_sign_is_that_of_posix(word: str, offset: int) -> None:
    assert zone.read(word) == Zone(offset)


def test_daylight_saving_in_the_makers_way() -> None:
    found = zone.read("CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00")
    assert found == Zone(-5 * 3600, 3600, Rule(3, 2, 0, 7200), Rule(11, 1, 0, 7200))
    assert zone.read("LHST-10:30:00DST00:30:00,M10.1.0/02:00:00,M4.1.0/02:00:00") == Zone(
        37_800, 1800, Rule(10, 1, 0, 7200), Rule(4, 1, 0, 7200)
    )


def test_daylight_saving_in_the_way_of_posix() -> None:
    assert zone.read("EST5EDT,M3.2.0,M11.1.0") == Zone(-5 * 3600, 3600, Rule(3, 2, 0), Rule(11, 1, 0))
    assert zone.read("CET-1CEST-2,M3.5.0,M10.5.0/3") == Zone(3600, 3600, Rule(3, 5, 0), Rule(10, 5, 0, 10_800))


@pytest.mark.parametrize(
    "word",
    [
        "",
        "Asia/Shanghai",
        "CST-99:00:00",
        "CST-8:00:00DST01:00:00",
        "EST5EDT,J60,J300",
        "X-1DST00:00:00,M3.2.0,M11.1.0",
        "X-1DST01:00:00,M13.2.0,M11.1.0",
        "X-1DST01:00:00,M0.2.0,M11.1.0",
        "X-1DST09:00:00,M3.2.0,M11.1.0",
        "CST-8\x00",
    ],
)
def test_what_is_no_zone_is_none(word: str) -> None:
    assert zone.read(word) is None


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", "America/New_York"),
        ("CET-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00", "Europe/Berlin"),
        ("AEST-10:00:00DST01:00:00,M10.1.0/02:00:00,M4.1.0/03:00:00", "Australia/Sydney"),
        ("LHST-10:30:00DST00:30:00,M10.1.0/02:00:00,M4.1.0/02:00:00", "Australia/Lord_Howe"),
        ("CST-8:00:00", "Asia/Shanghai"),
    ],
)
@settings(deadline=None)
@given(moment=st.integers(YEAR_2020, YEAR_2030))
def test_it_reckons_as_the_time_zone_database_does(word: str, name: str, moment: int) -> None:
    found, true = zone.read(word), ZoneInfo(name)
    assert found is not None
    local = datetime.fromtimestamp(moment, true)
    assert found.wall(moment) == moment + int((local.utcoffset() or timedelta()).total_seconds())
    assert found.saves(moment) == bool(local.dst())
    if local.fold == 0:
        assert found.moment(found.wall(moment)) == moment
    else:
        assert found.moment(found.wall(moment)) == moment - found.shift, "the repeated hour counts as the first"


def test_an_hour_that_is_skipped_counts_by_the_offset_before() -> None:
    found = zone.read("CET-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00")
    assert found is not None
    skipped = int(datetime(2026, 3, 29, 2, 30, tzinfo=UTC).timestamp())
    assert found.moment(skipped) == skipped - 3600


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_zone_or_none(text: str) -> None:
    found = zone.read(text)
    assert found is None or abs(found.offset) <= 15 * 3600


@settings(deadline=None)
@given(
    st.from_regex(
        r"\A[A-Z]{3}[+-][0-9]{1,2}:00:00DST0[0-9]:[0-9]{2}:00,M[0-9]{1,2}\.[1-5]\.[0-6]/[0-9]{2}:00:00,"
        r"M[0-9]{1,2}\.[1-5]\.[0-6]/[0-9]{2}:00:00\Z"
    ),
    st.integers(0, 4_102_444_799),
)
def test_whatever_rules_it_has_every_reading_is_a_moment(word: str, wall: int) -> None:
    found = zone.read(word)
    if found is not None:
        assert abs(found.moment(wall) - wall) <= 15 * 3600 + found.shift
