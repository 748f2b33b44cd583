from hub.finding import Life
from hub.occurrence import NOTE_MS, happened, matches, quiet
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
    again, change = happened(first, 2, NOTE_MS)
    assert change == "relapsed"
    assert quiet(again, NOTE_MS, 10_000) == 10_000
    assert quiet(again, NOTE_MS + 10_000, 10_000) == 0
