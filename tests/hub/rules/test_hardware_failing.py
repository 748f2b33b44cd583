"""Hardware that a device says is failing, as a timeline."""

from tests.hub.rules.timelines import MINUTE, case, lives, timeline

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
