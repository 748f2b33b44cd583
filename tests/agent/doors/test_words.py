import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.doors import words
from agent.doors.told import AccessTold, Presence, StateTold

WALL = datetime.datetime(2025, 3, 1, 8, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize("word", words.WORDS)
def test_every_word_says_something_of_the_door(word: str) -> None:
    told = words.told(word, "front", words.Occasion({"reason": "R"}, 5.0))
    assert told
    assert {one.door for one in told} == {"front"}
    for one in told:
        if isinstance(one, StateTold | AccessTold):
            assert one.mono == 5.0
            assert one.data["reason"] == "R"


def test_a_door_that_closed_is_neither_forced_nor_held_open_any_more() -> None:
    assert [one.value for one in words.told("closed", "d", words.Occasion({})) if isinstance(one, StateTold)] == [
        "Closed",
        "Normal",
    ]


def test_forced_and_held_open_are_told_apart() -> None:
    def alarm(word: str) -> list[object]:
        told = words.told(word, "d", words.Occasion({}))
        return [one.data["state"] for one in told if isinstance(one, StateTold) and one.event == "door.alarm"]

    assert alarm("forced") == ["DoorForcedOpen"]
    assert alarm("held_open") == ["DoorOpenTooLong"]


def test_what_comes_from_memory_is_no_sign_of_life() -> None:
    (presence,) = words.told("alive", "d", words.Occasion({}, initial=True))
    assert presence == Presence("d", True, remembered=True)
    (state,) = words.told("opened", "d", words.Occasion({}, initial=True))
    assert isinstance(state, StateTold)
    assert (state.initial, state.remembered) == (True, True)


@pytest.mark.parametrize(
    "at",
    ["2025-03-01T07:59:50Z", "2025-03-01T15:59:50+08:00", (WALL - 10) * 1000, int(WALL - 10) * 1000],
)
def test_a_time_within_the_last_day_becomes_monotonic(at: object) -> None:
    mono, claimed = words.moment(at, 1000.0, WALL)
    assert mono == pytest.approx(990.0)
    assert claimed is None


def test_a_sender_whose_clock_is_a_second_ahead_is_right() -> None:
    assert words.moment("2025-03-01T08:00:01Z", 1000.0, WALL) == (1000.0, None)


@pytest.mark.parametrize(
    ("at", "claimed"),
    [
        ("2025-02-28T07:59:59Z", "2025-02-28T07:59:59.000+00:00"),
        ("2025-03-01T08:00:03Z", "2025-03-01T08:00:03.000+00:00"),
        (0, "1970-01-01T00:00:00.000+00:00"),
    ],
)
def test_an_implausible_time_stays_the_senders_word(at: object, claimed: str) -> None:
    assert words.moment(at, 1000.0, WALL) == (None, claimed)


@pytest.mark.parametrize("at", [None, True, "yesterday", "2025-03-01T08:00:00", [], float("nan"), 1e300, 10**400])
def test_what_is_no_time_is_left_out(at: object) -> None:
    assert words.moment(at, 1000.0, WALL) == (None, None)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_any_time_is_within_the_last_day_or_the_senders_word(at: object) -> None:
    mono, claimed = words.moment(at, 1000.0, WALL)
    assert mono is None or (claimed is None and 1000.0 - words.OLDEST_SECONDS <= mono <= 1000.0)
