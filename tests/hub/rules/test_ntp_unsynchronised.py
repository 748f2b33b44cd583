"""Clocks that nothing holds, as timelines."""

from tests.hub.rules.timelines import HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "ntp_unsynchronised"


def test_a_machine_that_loses_its_time_server_and_finds_it_again() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "gateway-host", clock_synchronised=1, clock_reference=1)
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "gateway-host", clock_synchronised=0, clock_reference=0)
    assert case(line, "gateway-host", RULE) == "unsynchronised"
    line.samples([2 * HOUR], "gateway-host", clock_synchronised=1, clock_reference=1)
    assert lives(line, RULE) == ["3600 pending", "6600 opened", "7200 closed"]


def test_a_machine_whose_clock_is_held_by_something_we_cannot_ask_is_well() -> None:
    line = timeline()
    line.samples(range(0, 2 * HOUR, MINUTE), "gateway-host", clock_synchronised=1, clock_reference=0)
    assert line.log == []


def test_without_a_time_service_it_is_the_reference_that_counts() -> None:
    line = timeline()
    line.samples(range(0, 2 * HOUR, 5 * MINUTE), "gateway-host", clock_reference=0)
    assert case(line, "gateway-host", RULE) == "no_reference"


def test_a_device_that_is_told_not_to_use_ntp_told_twice() -> None:
    line = timeline()
    line.samples([0, HOUR], "cam-1", ntp_enabled=1)
    line.samples([2 * HOUR, 3 * HOUR - 5 * MINUTE, 4 * HOUR], "cam-1", ntp_enabled=0)
    assert case(line, "cam-1", RULE) == "switched_off"
    line.samples([5 * HOUR], "cam-1", ntp_enabled=1)
    assert lives(line, RULE) == ["7200 pending", "10500 opened", "18000 closed"]


def test_a_camera_on_a_recorder_gets_its_time_from_it() -> None:
    line = timeline(Device(device="cam-1", kind=DeviceKind.CAMERA, facts={"recorder": "nvr-1"}))
    line.samples(range(0, 5 * HOUR, HOUR), "cam-1", ntp_enabled=0)
    assert line.log == []
