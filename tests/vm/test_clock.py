"""A gateway without a battery: its clock is wrong at boot, and is set while the agent runs."""

import time
from collections.abc import Callable, Sequence

import pytest

from tests.vm.installed import VENV
from tests.vm.machine import Machine
from tests.vm.service import NO_DISKS, Report, Service, gaps

TABLES = """
[collectors.host]
interval_seconds = 2
[collectors.volumes]
interval_seconds = 2
[collectors.clock]
interval_seconds = 2
servers = ["127.0.0.1:12300"]
server_timeout_seconds = 1
"""
# A time server that is right: the host's time, carried on by the clock that nobody sets.
TIME_SERVER = """
import socket, struct, sys, time
ahead = float(sys.argv[1])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 12300))

def stamp():
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) + ahead + 2208988800
    return int(seconds * (1 << 32)) & ((1 << 64) - 1)

while True:
    question, address = server.recvfrom(512)
    came = stamp()
    answer = struct.pack(">BBbbIII", 0x24, 1, 4, -20, 0, 0, 0) + struct.pack(">Q", came) + question[40:48]
    server.sendto(answer + struct.pack(">QQ", came, stamp()), address)
"""
MONTH = 30 * 86_400.0


def true_ahead(machine: Machine) -> float:
    """What to add to the machine's time since boot to get the host's time."""
    before = time.time()
    uptime = float(machine.read_file("/proc/uptime").split()[0])
    return (before + time.time()) / 2 - uptime


def corrected_ahead(reports: Sequence[Report]) -> list[float]:
    """The same as told by each report with a reference: its corrected time less its monotonic one, in seconds."""
    offsets = [(report.body, report.body["offset"].get("ms")) for report in reports]
    return [(body["sent"] + ms - body["mono"]) / 1000.0 for body, ms in offsets if ms is not None]


@pytest.fixture
def without_battery(machine_off: Callable[..., Machine]) -> Machine:
    return machine_off(clock="1970-01-02").start()


def test_a_clock_set_while_it_runs_leaves_every_report_at_its_true_time(without_battery: Machine) -> None:
    vm = without_battery
    assert float(vm.run("date +%s").check()) < time.time() - MONTH, "systemd sets it to its own build, no further"
    service = Service(vm)
    service.configure(TABLES + NO_DISKS)
    service.start()

    unknown = service.await_reports(6)
    vm.write_file("/srv/time_server.py", TIME_SERVER)
    ahead = true_ahead(vm)
    vm.run(f"setsid {VENV}/bin/python /srv/time_server.py {ahead} >/srv/time.log 2>&1 </dev/null &").check()
    service.await_values("gateway-1-host", {"clock_reference": 1.0})
    wrong = service.await_reports(6, since=service.reports())
    vm.set_clock(time.time())
    right = service.await_reports(10, since=service.reports())

    assert all(report.body["offset"].get("ms") is None for report in unknown), "never taken for right without reference"
    assert max(report.body["offset"].get("ms") or 0.0 for report in wrong) > MONTH * 1000.0
    assert abs(right[-1].body["offset"]["ms"]) < 5000.0
    told = corrected_ahead(right)
    assert len(told) >= 12
    assert max(told) - min(told) < 1.0, "the clock's jump shows in none of them"
    assert abs(told[-1] - ahead) < 5.0
    assert gaps(right) == []
    assert "collector failed" not in service.log()
