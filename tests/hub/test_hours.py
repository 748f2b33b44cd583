"""Hours of the week, as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub import hours

MONDAY = datetime(2027, 1, 11, tzinfo=UTC)


def at(day: int, hour: float) -> int:
    """So many days and hours after Monday midnight, ms UTC."""
    return round((MONDAY + timedelta(days=day, hours=hour)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("mon-fri 07:00-19:00", [(0, 7), (4, 18.9)], [(0, 6.9), (4, 19), (5, 12)]),
        ("sat,sun 10:00-12:00", [(5, 10), (6, 11)], [(4, 11), (6, 12)]),
        ("fri-mon 00:00-24:00", [(4, 0), (6, 23.9), (0, 5)], [(1, 0), (3, 23)]),
        ("fri 22:00-06:00", [(4, 23), (5, 5.9)], [(4, 5), (5, 23), (5, 6)]),
    ],
)
def test_what_lies_within(text: str, inside: list[tuple[int, float]], outside: list[tuple[int, float]]) -> None:
    found = hours.parse(text)
    assert all(found.hold(at(*moment), UTC) for moment in inside)
    assert not any(found.hold(at(*moment), UTC) for moment in outside)


def test_by_the_clock_of_the_site() -> None:
    assert hours.parse("mon 07:00-08:00").hold(at(-1, 23.5), hours.zone("Asia/Shanghai"))
    assert hours.zone("+08:00") == timezone(timedelta(hours=8))
    assert hours.zone("-03:30") == timezone(-timedelta(hours=3, minutes=30))
    assert hours.zone("") is None


@pytest.mark.parametrize("wrong", ["", "mon", "mon 7-9", "xyz 07:00-09:00", "mon 07:00-25:00", "mon 07:61-09:00"])
def test_what_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"names|is not like"):
        hours.parse(wrong)
    with pytest.raises(ValueError, match="unknown time zone"):
        hours.zone("Nowhere/Land")
