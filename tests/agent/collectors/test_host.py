"""The host collector: its figures, its interfaces, its clock and its reboots, and a real run on this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from agent.clock import SystemClock
from agent.collector import Context, Reading
from agent.collectors.host import REBOOTED, HostCollector, HostSettings, Use, os_name, plugin, use
from agent.machine.reboots import Reboots
from agent.machine.sensors import SYSFS
from agent.machine.timesync import Sync, TimeService
from agent.tool import SEARCH_PATH
from tests.agent.machine.sysfs import interface, lay_out
from tests.waiting import wait_until
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

UNKNOWN = Sync()


class FixedService(TimeService):
    def __init__(self, sync: Sync) -> None:
        super().__init__()
        self.known = sync

    def sync(self, mono: float, wall: float) -> Sync:
        return self.known


def collector(
    state: Path | None = None, *, boot: str = "a", sysfs: Path = SYSFS, known: Sync = UNKNOWN
) -> HostCollector:
    return HostCollector(
        HostSettings(),
        Context(agent="a", host="a-host", state=state),
        reboots=Reboots(state, lambda: boot),
        service=FixedService(known),
        sysfs=sysfs,
    )


def of_host(reading: Reading) -> dict[str, float]:
    (values,) = [dict(one.values) for one in reading.measurements if one.device == "a-host"]
    return values


def test_the_share_of_the_processor_is_that_between_two_readings() -> None:
    assert use(Use(10, 100, 900), Use(20, 103, 917)) == {"cpu_ratio": 0.15}


def test_without_passed_time_nothing_is_said() -> None:
    same = Use(5, 1, 1)
    assert use(same, same) == {}


def test_the_name_of_the_system_is_read_from_os_release() -> None:
    assert os_name('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n') == "Debian GNU/Linux 12 (bookworm)"
    assert os_name("ID=x\n") == ""


def test_a_real_run_on_this_machine() -> None:
    host = HostCollector(HostSettings(), Context(agent="a", host="a-host"))
    first, second = host.collect(), host.collect()
    values = of_host(first)
    assert {"network_receive_bytes_per_second", "network_errors_per_second", "load1_ratio"} <= set(values)
    assert 0 <= values["cpu_ratio"] <= 1
    assert 0 < values["memory_used_ratio"] < 1
    assert values["uptime_seconds"] > 1
    assert "unexpected_reboots" not in values
    assert first.devices is not None
    assert {"os", "kernel", "hostname"} <= set(first.devices[0].facts)
    assert second.devices is None


def test_all_that_is_sent_is_declared_and_in_the_catalogue(tmp_path: Path) -> None:
    sysfs = lay_out(tmp_path / "sys", {"class/hwmon/hwmon0/name": "coretemp", "class/hwmon/hwmon0/temp1_input": 51000})
    lay_out(sysfs, interface("eth0"))
    host = collector(tmp_path, sysfs=sysfs, known=Sync(synchronised=True, stratum=3))
    kinds = {one.device: one.kind for one in host.collect().devices or ()}
    reading = host.collect()
    sent = set()
    for one in reading.measurements:
        sent |= set(one.values)
        assert all(kinds[one.device] in BY_NAME[name].kinds for name in one.values)
    assert sent <= set(plugin.metrics)
    assert {"temperature_celsius", "clock_synchronised", "clock_stratum", "unexpected_reboots"} <= sent
    assert all(name in BY_NAME for name in plugin.metrics)


def test_an_interface_that_vanishes_has_no_link_and_stays_in_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"eth9": SimpleNamespace(bytes_recv=10, bytes_sent=5, errin=0, errout=0, dropin=0, dropout=0)}
    monkeypatch.setattr("psutil.net_io_counters", lambda **_: dict(there))
    host = collector(sysfs=lay_out(tmp_path, interface("eth9")))
    first = host.collect()
    assert [(one.device, one.kind, one.parent) for one in first.devices or ()][1:] == [
        ("a-host-if-eth9", DeviceKind.NETWORK, "a-host")
    ]
    assert first.measurements[1].values["link_up"] == 1
    assert first.measurements[1].values["link_speed_bits_per_second"] == 1e9
    there.clear()
    gone = host.collect()
    assert gone.devices is None
    assert gone.measurements[1].values == {"link_up": 0.0}
    assert "memory_used_ratio" in of_host(gone)


@pytest.fixture
def cable() -> Iterator[str]:
    """A real interface with a link, whose other end is `{name}b`; gone when the test has not unplugged it itself."""
    name = f"wk{uuid4().hex[:8]}"
    ip = shutil.which("ip", path=SEARCH_PATH)
    if ip is None or os.geteuid() != 0:
        pytest.skip("needs root and ip (iproute2) to plug in an interface")
    made = subprocess.run([ip, "link", "add", name, "type", "veth", "peer", "name", f"{name}b"], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"no veth here: {made.stderr.decode()[:100]}")
    try:
        for end in (name, f"{name}b"):
            subprocess.run([ip, "link", "set", end, "up"], check=True)
        yield name
    finally:
        subprocess.run([ip, "link", "del", name], capture_output=True, check=False)


def test_a_real_interface_loses_its_link_and_is_pulled_out(cable: str) -> None:
    settings = HostSettings.model_validate({"interfaces": [cable]})
    host = HostCollector(settings, Context(agent="a", host="a-host"), service=FixedService(UNKNOWN))
    device = f"a-host-if-{cable}"

    def of_cable() -> dict[str, float]:
        (values,) = [dict(one.values) for one in host.collect().measurements if one.device == device]
        return values

    wait_until(lambda: of_cable()["link_up"] == 1, what="the link is up")
    assert of_cable()["network_receive_bytes_per_second"] >= 0
    subprocess.run(["ip", "link", "set", f"{cable}b", "down"], check=True)
    wait_until(lambda: of_cable()["link_up"] == 0, what="the link is down")
    subprocess.run(["ip", "link", "del", cable], check=True)
    wait_until(lambda: of_cable() == {"link_up": 0.0}, what="the interface is gone")


def test_a_clock_nobody_vouches_for_is_left_out_and_one_that_runs_free_is_said() -> None:
    assert not {"clock_synchronised", "clock_stratum"} & set(of_host(collector().collect()))
    assert of_host(collector(known=Sync(synchronised=False)).collect())["clock_synchronised"] == 0


def test_an_unexpected_reboot_is_an_event_once_and_counted(tmp_path: Path) -> None:
    first = collector(tmp_path, boot="a").collect()
    assert not first.happenings
    assert of_host(first)["unexpected_reboots"] == 0
    host = collector(tmp_path, boot="b", known=Sync(synchronised=True))
    reading = host.collect()
    (event,) = reading.happenings
    assert (event.device, event.type, event.data["unexpected"]) == ("a-host", REBOOTED, True)
    assert REBOOTED in plugin.events
    booted = event.data["booted"]
    assert isinstance(booted, float)
    clock = SystemClock()
    assert abs(booted / 1000 - (clock.wall() - of_host(reading)["uptime_seconds"])) < 2
    assert of_host(reading)["unexpected_reboots"] == 1
    assert not host.collect().happenings


def test_an_orderly_reboot_is_an_event_without_a_time_that_nobody_vouches_for(tmp_path: Path) -> None:
    host = collector(tmp_path, boot="a")
    host.collect()
    host.close()
    (event,) = collector(tmp_path, boot="b").collect().happenings
    assert event.data["unexpected"] is False
    assert "booted" not in event.data
    assert "uptime_seconds" in event.data
