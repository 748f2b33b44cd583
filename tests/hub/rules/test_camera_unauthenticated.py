"""A camera that refuses our account, as a timeline."""

from tests.hub.rules.timelines import MINUTE, lives, timeline

RULE = "camera_unauthenticated"


def test_two_refusals_half_an_hour_apart_are_a_ticket_and_a_login_ends_it() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "cam-1", reachable=1, authenticated=1)
    assert line.log == []
    line.samples(range(10 * MINUTE, 60 * MINUTE, MINUTE), "cam-1", reachable=1, authenticated=0)
    line.samples(range(60 * MINUTE, 70 * MINUTE, MINUTE), "cam-1", reachable=1, authenticated=1)
    assert lives(line, RULE) == ["600 pending", "2700 opened", "3600 clearing", "3660 closed"]
    assert len(line.log) == 4


def test_one_refusal_may_be_a_busy_camera() -> None:
    line = timeline()
    line.samples(range(0, 32 * MINUTE, MINUTE), "cam-1", reachable=1, authenticated=0)
    line.samples(range(32 * MINUTE, 60 * MINUTE, MINUTE), "cam-1", reachable=1, authenticated=1)
    assert lives(line, RULE) == ["0 pending", "1920 dropped"]


def test_a_camera_that_is_off_refuses_nobody() -> None:
    line = timeline()
    line.samples(range(0, 60 * MINUTE, MINUTE), "cam-1", reachable=0)
    assert lives(line, RULE) == []
