"""The host collector: rates between readings, and a real run on this machine."""

from agent.collector import Context
from agent.collectors.host import Counters, HostCollector, os_name, rates
from wire.messages import DeviceKind
from wire.metrics import BY_NAME


def counters(mono: float, busy: float, idle: float, received: dict[str, int], sent: dict[str, int]) -> Counters:
    return Counters(mono, busy, idle, received, sent)


def test_rates_are_those_between_two_readings() -> None:
    before = counters(10, 100, 900, {"eth0": 1000, "eth1": 0}, {"eth0": 50, "eth1": 7})
    after = counters(20, 103, 917, {"eth0": 3000, "eth1": 500}, {"eth0": 150, "eth1": 7})
    assert rates(before, after) == {
        "cpu_ratio": 0.15,
        "network_receive_bytes_per_second": 250.0,
        "network_transmit_bytes_per_second": 10.0,
    }


def test_interfaces_that_come_go_or_count_back_add_nothing() -> None:
    before = counters(0, 0, 0, {"eth0": 1000, "usb0": 5}, {})
    after = counters(1, 0, 0, {"eth0": 10, "wlan0": 99}, {})
    assert rates(before, after) == {"network_receive_bytes_per_second": 0.0, "network_transmit_bytes_per_second": 0.0}


def test_without_passed_time_nothing_is_said() -> None:
    same = counters(5, 1, 1, {}, {})
    assert rates(same, same) == {}


def test_the_name_of_the_system_is_read_from_os_release() -> None:
    assert os_name('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n') == "Debian GNU/Linux 12 (bookworm)"
    assert os_name("ID=x\n") == ""


def test_a_real_run_on_this_machine() -> None:
    collector = HostCollector(Context(agent="a", host="a-host"))
    first, second = collector.collect(), collector.collect()
    (measurement,) = first.measurements
    assert set(measurement.values) == {name for name, metric in BY_NAME.items() if _of_psutil(name, metric.kinds)}
    assert 0 <= measurement.values["cpu_ratio"] <= 1
    assert 0 < measurement.values["memory_used_ratio"] < 1
    assert measurement.values["uptime_seconds"] > 1
    assert first.devices is not None
    assert {"os", "kernel", "hostname"} <= set(first.devices[0].facts)
    assert second.devices is None


def _of_psutil(name: str, kinds: frozenset[DeviceKind]) -> bool:
    return DeviceKind.HOST in kinds and not name.startswith("clock_")
