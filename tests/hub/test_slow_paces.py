"""Agents that look seldom are judged all the same, as timelines; a look that is missing still proves nothing."""

from collections.abc import Iterable

import pytest

from tests.hub.fleets import Timeline
from tests.hub.rules.timelines import HOUR, MINUTE, lives, timeline

DAY = 86_400
PATIENT = {"agent_silent": {"silent_seconds": 10 * DAY}}
RULE = "camera_unreachable"


def looks(line: Timeline, seconds: Iterable[int], reachable: float) -> None:
    line.samples(seconds, "cam-1", reachable=reachable)


@pytest.mark.parametrize("pace", [MINUTE, 10 * MINUTE, 11 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY])
def test_at_any_pace_a_fault_that_is_seen_twice_opens_and_one_that_is_gone_twice_closes(pace: int) -> None:
    line = timeline(rules=PATIENT)
    looks(line, range(0, 10 * pace, pace), 1)
    assert line.log == []
    looks(line, range(10 * pace, 20 * pace, pace), 0)
    looks(line, range(20 * pace, 30 * pace, pace), 1)
    seen = -(-300 // pace) * pace  # its hold time, at the next look
    gone = -(-120 // pace) * pace
    assert [(float(second), change) for second, change in map(str.split, lives(line, RULE))] == [
        (10 * pace, "pending"),
        (10 * pace + seen, "opened"),
        (20 * pace, "clearing"),
        (20 * pace + gone, "closed"),
    ]


def test_a_single_look_at_a_slow_pace_is_no_ticket() -> None:
    line = timeline(rules=PATIENT)
    looks(line, range(0, 4 * HOUR, HOUR), 1)
    looks(line, [4 * HOUR], 0)
    looks(line, range(5 * HOUR, 9 * HOUR, HOUR), 1)
    assert lives(line, RULE) == [f"{4 * HOUR} pending", f"{5 * HOUR} dropped"]


def test_a_pace_that_wavers_by_a_third_is_a_pace_and_a_look_that_is_missing_a_gap() -> None:
    line = timeline(rules=PATIENT)
    looks(line, [0, 900, 1800], 1)
    looks(line, [2700, 3900], 0)
    assert lives(line, RULE)[-1] == "3900 opened"
    line = timeline(rules=PATIENT)
    looks(line, [0, 900, 1800], 1)
    looks(line, [2700, 4500], 0)  # that of 3600 is missing
    assert [life.split()[1] for life in lives(line, RULE)] == ["pending", "pending"]
    looks(line, [5400], 0)
    assert lives(line, RULE)[-1] == "5400 opened"


def test_after_an_outage_at_a_quick_pace_everything_holds_anew() -> None:
    line = timeline(rules=PATIENT)
    looks(line, range(0, HOUR, MINUTE), 1)
    looks(line, [HOUR], 0)
    looks(line, range(3 * HOUR, 3 * HOUR + 6 * MINUTE, MINUTE), 0)
    opened = f"{3 * HOUR + 5 * MINUTE} opened"
    assert lives(line, RULE) == [f"{HOUR} pending", f"{3 * HOUR} pending", opened]
