import datetime
from pathlib import Path

import pytest

from agent.doors.seen import MOST, MOST_KEPT, Seen, Told
from agent.isapi.doors import Occurrence
from agent.memory import Memory

BEGIN = datetime.datetime(2025, 3, 1, 8, tzinfo=datetime.UTC)


def event(serial: int | None, second: int, live: bool = True) -> Occurrence:
    return Occurrence(serial, BEGIN + datetime.timedelta(seconds=second), live, ())


@pytest.fixture
def memory(tmp_path: Path) -> Memory[Told]:
    return Memory(tmp_path, "isapi-access", Told)


def test_an_event_is_heard_of_once(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    assert seen.first(event(1, 0))
    assert not seen.first(event(1, 0))
    assert not seen.first(event(1, 0, live=False))
    assert seen.first(event(1, 60)), "the controller's numbers began anew"


def test_what_is_repeated_at_first_is_from_before_our_time(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    assert [seen.first(event(number, number, live=False)) for number in range(3)] == [False] * 3
    assert seen.first(event(3, 3))
    seen.know()
    assert [seen.first(event(number, number, live=False)) for number in range(6)] == [False] * 4 + [True] * 2


def test_a_controller_that_had_nothing_to_repeat_at_first_tells_what_was_missed(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    seen.know()
    assert seen.first(event(1, 0, live=False))


def test_of_events_without_a_number_only_later_ones_are_new_when_repeated(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    assert seen.first(event(None, 5))
    assert seen.first(event(None, 5)), "two within a second, as they happened"
    seen.know()
    assert [seen.first(event(None, second, live=False)) for second in (4, 5, 6)] == [False, False, True]


def test_a_restart_remembers(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    for number in range(3):
        seen.first(event(number, number))
    seen.keep(seen.heard())
    seen.first(event(3, 3))
    again = Seen(memory)
    assert again.last == BEGIN + datetime.timedelta(seconds=2)
    assert [again.first(event(number, number, live=False)) for number in range(4)] == [False, False, False, True]


def test_it_grows_no_further_than_its_bounds(memory: Memory[Told]) -> None:
    seen = Seen(memory)
    for number in range(3 * MOST):
        assert seen.first(event(number, 0))
    assert len(seen.heard().keys) == MOST_KEPT
    assert not seen.first(event(3 * MOST - 1, 0))
    seen.keep(seen.heard())
    assert Seen(memory).last == BEGIN
