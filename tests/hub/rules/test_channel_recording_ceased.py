"""A channel of a recorder that tells no plan, and is recorded no longer, as a timeline."""

from tests.hub.fleets import Timeline
from tests.hub.rules.timelines import HOUR, MINUTE, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "channel_recording_ceased"


def recorded(line: Timeline, begin: int, end: int, night: float = 20.0) -> None:
    """Asked every ten minutes; by night (the second half of a day) the newest recording may be older."""
    for second in range(begin * HOUR, end * HOUR, 10 * MINUTE):
        age = night if second // HOUR % 24 >= 12 else 20.0
        line.sample(second, "nvr-1-ch1", online=1, recording_newest_age_seconds=age)


def stopped(line: Timeline, begin: int, end: int) -> None:
    for second in range(begin * HOUR, end * HOUR, 10 * MINUTE):
        line.sample(second, "nvr-1-ch1", online=1, recording_newest_age_seconds=second - begin * HOUR)


def test_one_that_was_recorded_day_and_night() -> None:
    line = timeline()
    recorded(line, 0, 30)
    assert line.log == []
    stopped(line, 30, 90)
    recorded(line, 90, 91)
    assert lives(line, RULE) == ["109800 pending", "110400 opened", "324000 closed"]


def test_one_on_motion_has_quiet_nights() -> None:
    line = timeline()
    recorded(line, 0, 72, night=5400.0)
    stopped(line, 72, 80)
    assert line.log == []


def test_one_that_is_only_known_since_this_morning_is_not_judged() -> None:
    line = timeline()
    recorded(line, 0, 10)
    stopped(line, 10, 20)
    assert line.log == []


def test_where_a_plan_is_told_it_is_the_plan_that_counts() -> None:
    line = timeline(Device(device="nvr-1-ch1", kind=DeviceKind.CHANNEL, facts={"plan": "scheduled"}))
    recorded(line, 0, 30)
    stopped(line, 30, 40)
    assert line.log == []
