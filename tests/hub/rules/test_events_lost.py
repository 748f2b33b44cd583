"""Events that are no longer heard, as a timeline."""

from tests.hub.rules.timelines import HOUR, MINUTE, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "events_lost"
WELL = {"reachable": 1.0, "authenticated": 1.0}


def test_half_an_hour_without_a_subscription() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "nvr-1", **WELL, events_subscribed=1)
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "nvr-1", **WELL, events_subscribed=0)
    line.samples(range(2 * HOUR, 3 * HOUR, MINUTE), "nvr-1", **WELL, events_subscribed=1)
    assert lives(line, RULE) == ["3600 pending", "5400 opened", "7200 clearing", "7320 closed"]


def test_a_device_that_is_off_has_one_ticket_and_time_to_come_back() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "nvr-1", reachable=0, events_subscribed=0)
    line.samples(range(HOUR, HOUR + 20 * MINUTE, MINUTE), "nvr-1", **WELL, events_subscribed=0)
    line.samples(range(HOUR + 20 * MINUTE, 2 * HOUR, MINUTE), "nvr-1", **WELL, events_subscribed=1)
    assert lives(line, RULE) == ["3600 pending", "4800 dropped"]


def test_so_has_one_that_refuses_our_account() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "cam-1", reachable=1, authenticated=0, events_subscribed=0)
    assert lives(line, RULE) == []


def test_a_device_that_offers_no_events_misses_none() -> None:
    line = timeline(Device(device="cam-1", kind=DeviceKind.CAMERA, facts={"events": "not offered"}))
    line.samples(range(0, HOUR, MINUTE), "cam-1", **WELL, events_subscribed=0)
    assert line.log == []
