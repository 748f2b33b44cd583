from collections.abc import Mapping
from typing import Any

from hub.finding import Life
from hub.occurrence import MAX_NAMED, NOTE_MS, happened, joined, matches, quiet, without
from hub.rule import Occurrence

FORCED = Occurrence("door.alarm", {"state": "DoorForcedOpen"})


def test_an_event_is_meant_when_its_data_say_so() -> None:
    assert matches(FORCED, {"state": "DoorForcedOpen", "reader": "north"})
    assert not matches(FORCED, {"state": "DoorOpenTooLong"})
    assert not matches(FORCED, {})
    assert matches(Occurrence("door.duress"), {})


def test_a_first_event_opens_at_once_and_began_when_it_happened() -> None:
    life, change = happened(None, at=1_000, received=5_000)
    assert change == "opened"
    assert life == Life("open", since=1_000, opened=5_000, clearing=5_000)


def test_an_event_of_a_clock_that_is_ahead_began_when_it_was_heard() -> None:
    assert happened(None, at=9_000, received=5_000)[0].since == 5_000


def test_a_further_event_begins_the_quiet_anew_and_is_noted_once_a_minute() -> None:
    first, _ = happened(None, 0, 0)
    assert happened(first, 1, NOTE_MS - 1) == (first, None)
    assert happened(first, 1, NOTE_MS - 1, news=True)[1] == "relapsed"
    again, change = happened(first, 2, NOTE_MS)
    assert change == "relapsed"
    assert quiet(again, NOTE_MS, 10_000) == 10_000
    assert quiet(again, NOTE_MS + 10_000, 10_000) == 0


def of(*users: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = {"user": users[0], "level": "operator"}
    for user in users[1:]:
        told = joined(told, "user", {"user": user, "level": "operator"})
    return told


def test_of_several_the_detail_has_each_name_once_and_what_is_so_of_all() -> None:
    assert of("evil", "evil") == {"user": "evil", "level": "operator"}
    both = of("evil", "helper", "evil")
    assert both == {"user": "evil, helper", "level": "operator", "each": ["evil", "helper"], "case": "several"}
    assert "level" not in joined(both, "user", {"user": "third", "level": "administrator"})


def test_it_is_over_when_the_last_is_and_one_name_may_look_like_two() -> None:
    left = without(of("evil", "helper, evil"), "user", {"user": "helper, evil"})
    assert left == {"user": "evil", "level": "operator"}
    assert without(left, "user", {"user": "helper"}) == left
    assert without(left, "user", {"user": "evil"}) is None


def test_where_there_are_too_many_to_name_it_is_not_over_with_those_that_are_named() -> None:
    told = of(*(f"user-{number:02}" for number in range(MAX_NAMED + 5)))
    assert len(told["each"]) == MAX_NAMED
    assert told["user"].endswith(f"user-{MAX_NAMED - 1}, …")
    for name in told["each"]:
        left = without(told, "user", {"user": name})
        assert left is not None
        told = left
    assert told["user"].endswith("…")
