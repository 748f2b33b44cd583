"""The agent's own disk: full, fallen back to read-only, and read-only from the start."""

import pytest

from tests.vm.machine import Machine
from tests.vm.service import Service, gaps

ROOT = "gateway-1-host-root"
RETRY_SECONDS = 100.0
"""A disk that took no writes is tried again a minute after the first failure."""


@pytest.fixture
def service(vm: Machine) -> Service:
    service = Service(vm)
    service.configure()
    service.start()
    service.await_reports(4)
    return service


def failing(service: Service) -> None:
    """Return once it says that reports wait in memory."""
    service.await_log("spool fails, reports are kept in memory")


def test_a_full_disk_costs_no_report(vm: Machine, service: Service) -> None:
    vm.run("fallocate -l $(($(stat -f -c '%a * %S' /) - 65536)) /srv/ballast; cat /dev/zero >/srv/more; sync")
    before = service.reports()
    failing(service)
    vm.run("sleep 8").check()  # meanwhile it goes on, from memory
    assert service.show("NRestarts") == "0"

    vm.run("rm /srv/ballast /srv/more; sync").check()
    service.await_log("spool writes to disk again", timeout=RETRY_SECONDS)
    after = service.await_reports(8, since=before)

    assert gaps(after) == []
    assert [one.body["lost"] for one in after if one.body.get("lost")] == []


def test_a_root_that_falls_back_to_read_only_is_told_and_costs_no_report(vm: Machine, service: Service) -> None:
    vm.run("mount -o remount,rw / && sync && echo u >/proc/sysrq-trigger").check()  # as after an error of the disk
    vm.wait_until("! touch /srv/anything")
    before = service.reports()
    vm.run("sleep 8").check()
    assert service.show("NRestarts") == "0"

    vm.run("mount -o remount,rw /").check()
    after = service.await_reports(8, since=before, timeout=RETRY_SECONDS)

    assert gaps(after) == []
    assert [v["read_only"] for report in after if "read_only" in (v := report.values(ROOT))].count(1.0) >= 2
    events = [event["type"] for report in after for event in report.events()]
    assert events.count("volume.remounted_read_only") == 1
    service.await_values(ROOT, {"read_only": 0.0})


def test_it_starts_on_a_root_that_is_read_only_from_the_start(vm: Machine, service: Service) -> None:
    """What was measured before is kept; what is measured now waits in memory, and systemd finds it well.

    With /tmp in memory, as machines are set up whose root is read-only by design: systemd itself (252) can't hide
    devices (PrivateDevices=) without a place to write in, and the unit ends with 226/NAMESPACE.
    """
    service.stop()
    vm.run("sed -i 's/defaults/ro/' /etc/fstab && echo 'tmpfs /tmp tmpfs defaults 0 0' >>/etc/fstab && sync").check()
    before = service.reports()
    vm.power_cut()
    vm.kernel_options = "ro"
    vm.start()
    assert vm.run("touch /srv/anything").status != 0

    service.start()
    failing(service)
    vm.run("sleep 8").check()

    assert (service.show("ActiveState"), service.show("NRestarts")) == ("active", "0")
    vm.run("mount -o remount,rw /").check()
    # What the unit's own mounts became read-only with, they stay until it is started again.
    vm.run("systemctl restart watchkeeper-agent").check()
    after = service.await_reports(4, since=before)
    assert [one.id for one in after][: len(before)] == [one.id for one in before]
