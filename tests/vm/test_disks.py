"""Disks as the real smartctl and the kernel's md driver show them: ATA and NVMe health, arrays that lose a disk."""

import pytest

from tests.vm.collected import collect
from tests.vm.image import empty
from tests.vm.machine import Machine
from tests.vm.service import QUICK, Service

ATA, NVME = "gateway-1-host-disk-wkata0001", "gateway-1-host-disk-wknvme1"
ARRAY, LEFT, RIGHT = "gateway-1-host-array-md0", "gateway-1-host-disk-wkleft", "gateway-1-host-disk-wkright"
SEEN_QUICKLY = "[collectors.disks]\ninterval_seconds = 10\n"


@pytest.fixture
def nvme(vm: Machine) -> Machine:
    vm.plug("nvme", "nvme0", empty(vm.folder / "nvme.raw", 64), serial="WKNVME1")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    return vm


@pytest.fixture
def mirror(vm: Machine) -> Machine:
    """Two disks, one array of them, its first synchronisation done."""
    for name in ("left", "right"):
        vm.plug("scsi-hd", name, empty(vm.folder / f"{name}.raw", 64), serial=f"WK{name.upper()}")
    vm.wait_until("[ $(ls /dev/disk/by-id/scsi-*QEMU*WK* 2>/dev/null | wc -l) -ge 2 ]")
    vm.run("mdadm --create /dev/md0 --run --metadata=1.2 --level=1 --raid-devices=2 /dev/sdb /dev/sdc").check()
    vm.run("mdadm --wait /dev/md0")
    vm.wait_until("grep -q '\\[UU\\]' /proc/mdstat")
    return vm


def test_smart_of_an_ata_and_an_nvme_disk(nvme: Machine) -> None:
    run = collect(nvme, "disks")

    assert run.status == 0, run.problem
    assert run.values(ATA)["smart_healthy"] == 1.0
    assert run.values(ATA)["smart_reallocated_sectors"] == 0.0
    assert run.values(ATA)["power_on_seconds"] > 0.0
    assert 10.0 < run.values(ATA)["temperature_celsius"] < 60.0
    assert (run.facts(ATA)["interface"], run.facts(ATA)["model"]) == ("ata", "WATCHKEEPER TESTDISK")
    assert run.values(NVME)["smart_healthy"] == 1.0
    assert run.values(NVME)["smart_critical_warning"] == 0.0
    assert (run.facts(NVME)["interface"], run.facts(NVME)["serial"]) == ("nvme", "WKNVME1")


def test_an_nvme_disk_that_warns_is_not_healthy(nvme: Machine) -> None:
    degraded = 0b100  # NVM Express: "the NVM subsystem reliability has been degraded"
    nvme.request("qom-set", path="/machine/peripheral/nvme0", property="smart_critical_warning", value=degraded)

    values = collect(nvme, "disks").values(NVME)

    assert (values["smart_healthy"], values["smart_critical_warning"]) == (0.0, float(degraded))


def test_the_service_reads_smart_with_the_rights_of_its_drop_ins_and_no_more(nvme: Machine) -> None:
    service = Service(nvme)
    service.configure(QUICK + SEEN_QUICKLY)
    service.start()
    service.await_values(ATA, {"present": 1.0, "smart_healthy": None})

    service.allow("disks", "nvme")
    nvme.run("systemctl restart watchkeeper-agent").check()
    service.await_values(ATA, {"present": 1.0, "smart_healthy": 1.0})
    service.await_values(NVME, {"present": 1.0, "smart_healthy": 1.0})

    status = nvme.read_file(f"/proc/{service.pid()}/status")
    assert "CapEff:\t0000000000220000" in status, "CAP_SYS_ADMIN and CAP_SYS_RAWIO"


def test_an_array_that_loses_a_disk_and_gets_it_back(mirror: Machine) -> None:
    service = Service(mirror)
    service.configure(QUICK + SEEN_QUICKLY)
    service.start()
    service.await_values(ARRAY, {"present": 1.0, "raid_disks": 2.0, "raid_disks_missing": 0.0, "raid_degraded": 0.0})
    service.await_values(RIGHT, {"present": 1.0})

    mirror.unplug("right")
    # md notices when it wants to write.
    mirror.run("dd if=/dev/zero of=/dev/md0 bs=4k count=1 oflag=direct conv=notrunc").check()
    service.await_values(ARRAY, {"present": 1.0, "raid_disks": 2.0, "raid_disks_missing": 1.0, "raid_degraded": 1.0})
    service.await_values(RIGHT, {"present": 0.0})
    service.await_values(LEFT, {"present": 1.0})

    mirror.plug("scsi-hd", "again", mirror.folder / "right.raw", serial="WKRIGHT")
    mirror.wait_until("ls /dev/disk/by-id/scsi-*WKRIGHT")
    mirror.run(
        "mdadm /dev/md0 --remove detached; mdadm /dev/md0 --add $(realpath /dev/disk/by-id/scsi-*WKRIGHT)"
    ).check()
    service.await_values(ARRAY, {"raid_disks_missing": 0.0, "raid_degraded": 0.0})
    service.await_values(RIGHT, {"present": 1.0})


def test_the_unit_without_drop_ins_says_what_to_allow(vm: Machine) -> None:
    service = Service(vm)
    service.configure(QUICK + SEEN_QUICKLY)
    service.start()

    service.await_log("collector unavailable name=disks", timeout=10.0)
