"""Hardware that a device says is failing, as a timeline."""

from tests.hub.fleets import DEVICES
from tests.hub.rules.timelines import HOUR, MINUTE, case, lives, standing, timeline
from wire.messages import Device, DeviceKind

RULE = "hardware_failing"


def test_a_fan_fails_it_gets_hot_and_both_are_one_ticket_until_both_are_over() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr-1", fan_failure=0, temperature_critical=0)
    assert line.log == []
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "nvr-1", fan_failure=1, temperature_critical=0)
    line.samples(range(20 * MINUTE, 30 * MINUTE, MINUTE), "nvr-1", fan_failure=1, temperature_critical=1)
    assert case(line, "nvr-1", RULE) == "fan_failure"
    line.samples(range(30 * MINUTE, 40 * MINUTE, MINUTE), "nvr-1", fan_failure=0, temperature_critical=1)
    line.samples(range(40 * MINUTE, 50 * MINUTE, MINUTE), "nvr-1", fan_failure=0, temperature_critical=0)
    assert lives(line, RULE) == ["600 pending", "720 opened", "2400 clearing", "2700 closed"]


def test_what_a_device_never_told_is_not_failing() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "cam-1", reachable=1)
    assert line.log == []


def test_a_storage_that_fails_is_the_ticket_of_the_disk_that_is_found_to() -> None:
    disk = Device(device="nvr-1-disk1", kind=DeviceKind.DISK, parent="nvr-1")
    line = timeline(DEVICES[0], Device(device="nvr-1", kind=DeviceKind.RECORDER), disk)
    line.sample(MINUTE, "nvr-1", storage_failure=1)
    line.sample(2 * MINUTE, "nvr-1", storage_failure=1)
    line.sample(2 * MINUTE + 1, "nvr-1-disk1", disk_healthy=0)
    line.samples(range(3 * MINUTE, HOUR, MINUTE), "nvr-1", storage_failure=1)
    assert standing(line) == ["nvr-1-disk1 disk_failing"]
    line.samples(range(HOUR, HOUR + 5 * MINUTE, MINUTE), "nvr-1", storage_failure=1, fan_failure=1)
    assert standing(line) == ["nvr-1 hardware_failing", "nvr-1-disk1 disk_failing"], "a fan is another matter"
