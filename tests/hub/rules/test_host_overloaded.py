"""A machine at its limit, as timelines."""

from tests.hub.rules.timelines import HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

HOST = Device(device="gateway-host", kind=DeviceKind.HOST)


def test_a_machine_at_its_limit_for_a_quarter_of_an_hour_is_a_ticket_that_says_which() -> None:
    line = timeline(HOST)
    line.samples(range(0, HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=0.4, memory_used_ratio=0.6)
    assert line.log == []
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=3, memory_used_ratio=0.6)
    assert case(line, "gateway-host", "host_overloaded") == "load"
    line.samples(range(2 * HOUR, 3 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=1, memory_used_ratio=0.6)
    opened, closed = f"{HOUR + 15 * MINUTE} opened", f"{2 * HOUR + 5 * MINUTE} closed"
    assert [life for life in lives(line, "host_overloaded") if life.endswith(("opened", "closed"))] == [opened, closed]


def test_between_the_levels_nothing_changes() -> None:
    line = timeline(HOST)
    line.samples(range(0, HOUR, MINUTE), "gateway-host", cpu_ratio=0.99)
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.9)
    assert [life.split()[1] for life in lives(line, "host_overloaded")] == ["pending", "opened"]
