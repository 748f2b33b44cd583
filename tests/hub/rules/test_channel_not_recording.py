"""A channel that is not recorded though its plan wants it, as a timeline."""

from tests.hub.fleets import Timeline
from tests.hub.rules.timelines import MINUTE, lives, timeline

RULE = "channel_not_recording"


def play(line: Timeline, minutes: range, active: float, planned: float = 1.0, online: float = 1.0) -> None:
    """Plans are told every minute, whether it records every ten."""
    for minute in minutes:
        values = {"online": online, "recording_planned": planned}
        line.sample(minute * MINUTE, "nvr-1-ch1", **values, **({"recording_active": active} if not minute % 10 else {}))


def test_two_looks_ten_minutes_apart_are_a_ticket_and_a_recording_ends_it() -> None:
    line = timeline()
    play(line, range(30), 1)
    play(line, range(30, 60), 0)
    play(line, range(60, 80), 1)
    assert lives(line, RULE) == ["1800 pending", "2400 opened", "3600 closed"]


def test_where_the_plan_wants_nothing_nothing_is_missing() -> None:
    line = timeline()
    play(line, range(60), 0, planned=0)
    assert line.log == []


def test_a_channel_that_is_offline_has_that_ticket_alone() -> None:
    line = timeline()
    play(line, range(60), 0, online=0)
    assert lives(line, RULE) == []
    assert lives(line, "channel_offline") == ["0 pending", "300 opened"]


def test_a_recorder_that_tells_nothing_of_it_accuses_nobody() -> None:
    line = timeline()
    line.samples(range(0, 60 * MINUTE, MINUTE), "nvr-1-ch1", online=1, recording_planned=1)
    assert line.log == []
