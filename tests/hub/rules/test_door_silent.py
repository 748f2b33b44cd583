"""A door of which nothing is heard, as a timeline."""

from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, timeline

RULE = "door_silent"
ASKED = {"requests_per_hour": 700.0}


def test_a_controller_that_is_gone_for_five_minutes_and_back_for_two() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "door-1", door_reachable=1, door_silence_seconds=8, **ASKED)
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "door-1", door_reachable=0, door_silence_seconds=600, **ASKED)
    assert case(line, "door-1", RULE) == "controller"
    line.samples(range(20 * MINUTE, 25 * MINUTE, MINUTE), "door-1", door_reachable=1, door_silence_seconds=8, **ASKED)
    assert lives(line, RULE) == ["600 pending", "900 opened", "1200 clearing", "1320 closed"]


def test_a_controller_that_answers_and_tells_nothing_of_the_door() -> None:
    line = timeline()
    for second in range(0, HOUR, MINUTE):
        line.sample(second, "door-1", door_reachable=1, door_silence_seconds=second, **ASKED)
    assert case(line, "door-1", RULE) == "silence"
    assert lives(line, RULE) == ["900 pending", "1200 opened"]


def test_a_door_of_which_a_program_tells_what_happens_may_have_holidays() -> None:
    line = timeline()
    for second in range(0, 10 * DAY, HOUR):
        line.sample(second, "door-1", door_silence_seconds=second)
    assert line.log == []
