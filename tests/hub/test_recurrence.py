"""Calendar rules on the clock of a time zone."""

from datetime import UTC, datetime

import pytest

from hub.recurrence import RecurrenceError, parse

HOUR = 3_600_000


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]  # a tuple of ints


def begins(rule: str, start: int, zone: str, since: int, until: int) -> list[str]:
    spans = parse(rule, start, 2 * HOUR, zone).spans(since, until)
    return [f"{datetime.fromtimestamp(span.start / 1000, UTC):%m-%d %H:%M}" for span in spans]


def test_every_sunday_at_two_is_two_oclock_at_the_site() -> None:
    start = ms(2026, 11, 28, 18)  # Sunday 02:00 in Shanghai
    found = begins("FREQ=WEEKLY;BYDAY=SU", start, "Asia/Shanghai", ms(2026, 12, 1), ms(2026, 12, 20))
    assert found == ["12-05 18:00", "12-12 18:00", "12-19 18:00"]


def test_it_stays_at_the_same_hour_of_the_clock_when_summer_time_begins() -> None:
    start = ms(2027, 3, 26, 1)  # 02:00 in Berlin, whose clocks go forward on the 28th
    found = begins("FREQ=DAILY", start, "Europe/Berlin", ms(2027, 3, 26), ms(2027, 3, 31))
    assert found == ["03-26 01:00", "03-27 01:00", "03-28 01:00", "03-29 00:00", "03-30 00:00"]


def test_the_third_thursday_of_a_month_and_the_last_day_of_one() -> None:
    start = ms(2027, 1, 1)
    assert begins("FREQ=MONTHLY;BYDAY=3TH", start, "UTC", start, ms(2027, 3, 1)) == ["01-21 00:00", "02-18 00:00"]
    assert begins("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1", start, "UTC", start, ms(2027, 3, 1)) == [
        "01-31 00:00",
        "02-28 00:00",
    ]


def test_an_occurrence_under_way_is_found_and_one_that_has_just_ended_is_not() -> None:
    start = ms(2027, 1, 1, 22)
    assert begins("FREQ=DAILY", start, "UTC", ms(2027, 1, 5, 23), ms(2027, 1, 6)) == ["01-05 22:00"]
    assert begins("FREQ=DAILY", start, "UTC", ms(2027, 1, 6, 0), ms(2027, 1, 6, 1)) == []


def test_an_end_is_given_in_utc_as_the_rfc_has_it() -> None:
    rule = parse("FREQ=DAILY;UNTIL=20270103T220000Z", ms(2027, 1, 1, 22), HOUR, "Asia/Shanghai")
    assert rule.last_end == ms(2027, 1, 3, 23)
    assert parse("FREQ=DAILY;COUNT=2", ms(2027, 1, 1, 22), HOUR, "UTC").last_end == ms(2027, 1, 2, 23)
    assert parse("FREQ=DAILY", ms(2027, 1, 1, 22), HOUR, "UTC").last_end is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=HOURLY", "FREQ=HOURLY: one of DAILY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0: a number from 1"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never comes"),
        ("BYDAY=MO", "FREQ"),
        ("every sunday", "as in RFC 5545"),
        ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", "as in RFC 5545"),
        ("DTSTART=20270101T000000;FREQ=DAILY", "the beginning is given apart"),
        ("FREQ=DAILY;UNTIL=SOON", "UNTIL"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_is_wrong(rule: str, said: str) -> None:
    with pytest.raises(RecurrenceError, match=said):
        parse(rule, ms(2027, 1, 1), HOUR, "UTC")


def test_an_unknown_zone_and_an_endless_occurrence_are_refused() -> None:
    with pytest.raises(RecurrenceError, match="no such time zone"):
        parse("FREQ=DAILY", ms(2027, 1, 1), HOUR, "Shanghai")
    with pytest.raises(RecurrenceError, match="31 days"):
        parse("FREQ=DAILY", ms(2027, 1, 1), 32 * 24 * HOUR, "UTC")
