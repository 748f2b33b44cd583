"""A USB disk with recordings that is pulled out while the agent runs, and put back."""

import pytest

from tests.vm.image import empty
from tests.vm.machine import Machine
from tests.vm.service import QUICK, Service, gaps

STICK, ROOT, CHANNEL = "gateway-1-host-mnt-usb", "gateway-1-host-root", "gateway-1-host-hall"
TABLES = """
[[collectors.volumes.volume]]
path = "/"
[[collectors.volumes.volume]]
path = "/mnt/usb"
role = "recording"
[collectors.recordings]
interval_seconds = 2
[[collectors.recordings.store]]
path = "/mnt/usb/recordings"
layout = "custom"
pattern = "{channel}/%Y-%m-%d_%H-%M-%S.mp4"
must_be_mounted = true
channel = [{ name = "hall", id = "gateway-1-host-hall" }]
"""
MOUNT = "mount -o X-mount.mkdir $(readlink -f /dev/disk/by-path/*usb*-scsi-0:0:0:0) /mnt/usb"
SEGMENTS = """
mkdir -p /mnt/usb/recordings/hall
for minute in $(seq 1 30); do
    name=$(date -d "-$minute min" +%Y-%m-%d_%H-%M-%S).mp4
    dd if=/dev/zero of=/mnt/usb/recordings/hall/$name bs=16k count=1 status=none
    touch -d "-$((minute - 1)) min" /mnt/usb/recordings/hall/$name
done
chmod -R a+rX /mnt/usb; sync
"""


def plug(machine: Machine, name: str) -> None:
    machine.plug("usb-storage", name, machine.folder / "stick.raw", serial="WKUSB0001")
    machine.wait_until("ls /dev/disk/by-path/*usb*-scsi-0:0:0:0")


@pytest.fixture
def service(vm: Machine) -> Service:
    empty(vm.folder / "stick.raw", 128)
    plug(vm, "first")
    vm.run("mkfs.ext4 -q $(readlink -f /dev/disk/by-path/*usb*-scsi-0:0:0:0)").check()
    vm.run(MOUNT).check()
    vm.run(SEGMENTS, timeout=60.0).check()
    service = Service(vm)
    service.configure(QUICK + TABLES)
    service.start()
    return service


def test_a_disk_pulled_out_is_told_and_the_rest_goes_on(vm: Machine, service: Service) -> None:
    service.await_values(STICK, {"read_only": 0.0})

    vm.unplug("first")
    service.await_log("collector failed name=volumes-1")
    service.await_log("/mnt/usb: mounted, but its device is gone")
    before = service.reports()
    gone = service.await_reports(8, since=before)[len(before) :]

    assert service.show("NRestarts") == "0"
    assert [report.values(STICK) for report in gone if report.values(STICK)] == []
    assert [values for report in gone if (values := report.values(ROOT))]

    vm.run("umount -l /mnt/usb").check()
    plug(vm, "second")
    vm.run(MOUNT).check()
    back = service.reports()
    service.await_log("collector recovered name=volumes-1")
    after = service.await_reports(6, since=back)[len(back) :]

    assert [values for report in after if (values := report.values(STICK))]
    assert gaps(service.reports()) == []


def test_no_footage_is_told_as_lost_because_its_disk_was_pulled_out(vm: Machine, service: Service) -> None:
    service.await_values(CHANNEL, {"recording_segments": 30.0})

    vm.unplug("first")
    vm.run("sleep 8; umount -l /mnt/usb; sleep 8").check()
    service.await_log("collector failed name=recordings")
    plug(vm, "second")
    vm.run(MOUNT).check()
    service.await_log("collector recovered name=recordings")

    told = {one.values(CHANNEL)["recording_segments"] for one in service.reports() if one.values(CHANNEL)}
    assert told == {30.0}


def test_recordings_on_a_disk_pulled_out_are_told_as_out_of_reach(vm: Machine, service: Service) -> None:
    service.await_values(CHANNEL, {"recording_segments": 30.0})

    vm.unplug("first")

    service.await_log("collector failed name=recordings", timeout=10.0)
