"""A UPS on its battery, as timelines."""

from tests.hub.rules.timelines import MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

UPS = Device(device="ups", kind=DeviceKind.UPS)


def test_a_cut_that_empties_the_battery_is_one_ticket_and_says_how_long_it_lasts() -> None:
    line = timeline(UPS)
    line.samples(range(0, 10 * MINUTE, MINUTE), "ups", on_battery=0, battery_low=0, battery_runtime_seconds=1800)
    assert line.log == []
    line.samples(
        range(10 * MINUTE, 20 * MINUTE, MINUTE), "ups", on_battery=1, battery_low=0, battery_runtime_seconds=900
    )
    assert case(line, "ups", "ups_on_battery") == "left"
    line.samples(
        range(20 * MINUTE, 25 * MINUTE, MINUTE), "ups", on_battery=1, battery_low=1, battery_runtime_seconds=60
    )
    line.samples(
        range(25 * MINUTE, 35 * MINUTE, MINUTE), "ups", on_battery=0, battery_low=1, battery_runtime_seconds=60
    )
    grave = ["1200 worsened", "1500 clearing", "1560 closed"]
    assert lives(line, "ups_on_battery") == ["600 pending", "660 opened", *grave]


def test_a_battery_that_is_nearly_empty_from_the_start_says_so() -> None:
    line = timeline(UPS)
    line.samples(range(0, 5 * MINUTE, MINUTE), "ups", on_battery=1, battery_low=1)
    assert case(line, "ups", "ups_on_battery") == "low"


def test_a_self_test_of_some_seconds_is_no_ticket_and_a_cut_is() -> None:
    line = timeline(UPS)
    line.samples(range(0, 600, MINUTE), "ups", on_battery=0, battery_low=0)
    line.sample(600, "ups", on_battery=1, battery_low=0, battery_runtime_seconds=1800)
    line.sample(610, "ups", on_battery=0, battery_low=0)
    assert [life.split()[1] for life in lives(line, "ups_on_battery")] == ["pending", "dropped"]
    line.samples(range(660, 900, MINUTE), "ups", on_battery=1, battery_low=0, battery_runtime_seconds=1800)
    assert case(line, "ups", "ups_on_battery") == "left"
    line.samples(range(900, 1200, MINUTE), "ups", on_battery=0, battery_low=0)
    assert lives(line, "ups_on_battery")[-1].endswith("closed")
