"""systemd runs the agent by its own unit: ready, watched, reloaded, stopped, and with no right beyond any user's."""

import pytest

from tests.vm.machine import PATIENCE, Machine
from tests.vm.service import CONFIG, DROP_INS, NO_DISKS, QUICK, UNIT, WHO, Service, gaps


@pytest.fixture
def service(vm: Machine) -> Service:
    service = Service(vm)
    service.configure(QUICK + NO_DISKS)
    service.start()
    return service


def test_it_is_ready_when_it_runs_and_has_no_right_beyond_any_users(vm: Machine, service: Service) -> None:
    status = vm.read_file(f"/proc/{service.pid()}/status")
    account = vm.run(f"id -u {UNIT}").check().strip()
    reports = service.await_reports(4)

    assert service.show("ActiveState") == "active"
    assert f"Uid:\t{account}\t{account}\t{account}\t{account}" in status
    assert "CapEff:\t0000000000000000" in status
    assert "CapPrm:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert vm.run(f"stat -c '%U %a' /var/lib/{UNIT} /var/lib/{UNIT}/spool.db").check().split() == [
        *(UNIT, "700"),
        *(UNIT, "600"),
    ]
    assert gaps(reports) == []
    vm.wait_until(f"systemctl show -P StatusText {UNIT} | grep 'north-gate/gateway-1; no connection to localhost:1883'")


def test_its_own_collectors_work_within_its_walls(service: Service) -> None:
    """What the unit forbids (calls, folders, devices) is nothing they need."""
    service.await_values("gateway-1-host-root", {"read_only": 0.0})
    host = next(values for report in service.await_reports(4) if (values := report.values("gateway-1-host")))

    assert {"cpu_ratio", "memory_used_ratio", "uptime_seconds", "clock_synchronised"} <= set(host)
    assert "collector failed" not in service.log()
    assert "collector unavailable" not in service.log()


def test_a_reload_takes_the_new_file_and_refuses_a_broken_one(vm: Machine, service: Service) -> None:
    pid = service.pid()

    service.configure(QUICK)
    vm.run(f"systemctl reload {UNIT}").check()
    service.await_log("configuration settled hub=none collectors=disks,")
    vm.write_file(CONFIG, WHO + "[collectors.nonsense]\n")
    vm.run(f"systemctl reload {UNIT}").check()
    service.await_log("configuration not changed, as before runs")
    before = service.reports()
    after = service.await_reports(2, since=before)

    assert service.pid() == pid
    assert "nonsense" in service.show("StatusText")
    assert gaps(after) == []


def test_a_clean_stop_takes_five_seconds_and_loses_nothing(vm: Machine, service: Service) -> None:
    service.await_reports(4)
    before = service.reports()

    begun, ended = vm.run(f"date +%s.%N; systemctl stop {UNIT}; date +%s.%N").check().split()
    after = service.reports()

    assert float(ended) - float(begun) < 5.0 * (1.0 if PATIENCE == 1.0 else 1.5)
    assert (service.show("Result"), service.show("ExecMainStatus")) == ("success", "0")
    assert [one.id for one in after][: len(before)] == [one.id for one in before]
    assert gaps(after) == []
    assert "agent stopped" in service.log()


def test_one_that_hangs_is_ended_and_started_again(vm: Machine, service: Service) -> None:
    vm.write_file(f"{DROP_INS}/test.conf", "[Service]\nWatchdogSec=15s\nRestartSec=1s\n")
    vm.run(f"systemctl daemon-reload && systemctl restart {UNIT}").check()
    pid = service.pid()

    vm.run(f"kill -STOP {pid}").check()
    vm.wait_until(f"[ $(systemctl show -P NRestarts {UNIT}) -ge 1 ] && systemctl is-active {UNIT}", timeout=60.0)

    assert service.pid() not in {0, pid}
    assert "Watchdog timeout" in vm.run(f"journalctl -b -o cat --no-pager -u {UNIT}").check()
    assert gaps(service.await_reports(2, since=service.reports())) == []


def test_a_wrong_configuration_is_named_in_the_journal_and_mended_without_a_hand(vm: Machine) -> None:
    service = Service(vm)
    vm.write_file(f"{DROP_INS}/test.conf", "[Service]\nRestartSec=1s\n")
    vm.write_file(CONFIG, WHO + "[collectors.nonsense]\n")
    vm.run(f"systemctl daemon-reload; systemctl start --no-block {UNIT}").check()
    service.await_log(f"{CONFIG}:3: collectors.nonsense: unknown collector")

    service.configure()
    vm.wait_until(f"systemctl is-active {UNIT}")

    assert service.await_reports(2)
