"""Disks as the kernel lists them: which are disks, and who each is."""

from pathlib import Path

import pytest

from agent.machine.block_devices import BlockDevice, celsius, page80_serial, read
from tests.agent.machine.disk_tree import SAS, SATA, USB, DiskTree


@pytest.fixture
def tree(tmp_path: Path) -> DiskTree:
    return DiskTree(tmp_path)


def only(tree: DiskTree) -> BlockDevice:
    (device,) = read(tree.sys)
    return device


def test_a_sata_disk_is_known_by_its_serial_number(tree: DiskTree) -> None:
    tree.scsi("sda", SATA.format(n=3), serial="WD-WCC4E1234567", wwn="naa.50014ee2b1234567")
    disk = only(tree)
    assert (disk.name, disk.path, disk.interface) == ("sda", "/dev/sda", "ata")
    assert (disk.serial, disk.wwn) == ("WD-WCC4E1234567", "naa.50014ee2b1234567")
    assert (disk.model, disk.firmware, disk.size) == ("WDC WD40PURX-64G", "0A80", 4_000_787_030_016)
    assert disk.rotational
    assert not disk.removable


def test_its_place_has_no_number_that_is_dealt_at_boot(tree: DiskTree) -> None:
    tree.scsi("sda", SATA.format(n=3))
    assert only(tree).place == "pci0000:00/0000:00:17.0/ata3/0:0:0"


def test_an_nvme_disk_with_and_without_multipath(tree: DiskTree, tmp_path: Path) -> None:
    tree.nvme("nvme0n1", serial="S4EWNF0M123456X", celsius=44.85)
    disk = only(tree)
    assert (disk.interface, disk.serial, disk.firmware) == ("nvme", "S4EWNF0M123456X", "2B2QEXM7")
    assert disk.wwn == "eui.0025385b71b00a4c"
    assert celsius(disk) == pytest.approx(44.85)
    (tmp_path / "other").mkdir()
    other = DiskTree(tmp_path / "other")
    other.nvme("nvme0n1", serial="S4EWNF0M123456X", subsystem=True)
    assert only(other).serial == "S4EWNF0M123456X"
    assert celsius(only(other)) is None


def test_sas_usb_and_virtual_machines_disks_are_told_apart(tree: DiskTree) -> None:
    tree.scsi("sda", SAS.format(n=1), vendor="SEAGATE", model="ST8000NM0075")
    tree.scsi("sdb", USB.format(n=1), vendor="WD", model="Elements 2621", removable="0")
    tree.scsi("sdc", "pci0000:00/0000:00:10.0/host1/target1:0:0/1:0:0:0", vendor="VMware", model="Virtual disk")
    tree.virtio("vda", "overlayblk")
    assert [(disk.name, disk.interface, disk.model) for disk in read(tree.sys)] == [
        ("sda", "sas", "SEAGATE ST8000NM0075"),
        ("sdb", "usb", "WD Elements 2621"),
        ("sdc", "scsi", "VMware Virtual disk"),
        ("vda", "virtio", ""),
    ]


def test_a_usb_disk_without_page_80h_goes_by_the_serial_number_of_its_plug(tree: DiskTree) -> None:
    tree.usb_plug(1, "WKUSB0001")
    tree.scsi("sdb", USB.format(n=1))
    assert only(tree).serial == "WKUSB0001"
    tree.pull("sdb")
    tree.usb_plug(3, "WKUSB0001")
    tree.scsi("sdc", USB.format(n=3))
    assert only(tree).serial == "WKUSB0001", "at another port too"


def test_what_the_disk_itself_tells_goes_before_its_plug(tree: DiskTree) -> None:
    tree.usb_plug(1, "BRIDGE0001")
    tree.scsi("sdb", USB.format(n=1), serial="WX1234")
    tree.usb_plug(2, "BRIDGE0002")
    tree.scsi("sdc", USB.format(n=2), wwn="naa.50014ee2b1234567")
    assert [disk.serial for disk in read(tree.sys)] == ["WX1234", ""]


def test_two_bays_of_one_plug_have_two_serial_numbers(tree: DiskTree) -> None:
    tree.usb_plug(1, "DOCK00017")
    tree.scsi("sdb", USB.format(n=1))
    tree.scsi("sdc", USB.format(n=1).replace("9:0:0:0", "9:0:0:1"))
    assert [disk.serial for disk in read(tree.sys)] == ["DOCK00017", "DOCK00017-0:0:1"]


@pytest.mark.parametrize(
    "serial", ["", "000000000000", "FFFFFFFF", "A1", "123456789012", "0123456789ABCDEF", "123456789ABC"]
)
def test_a_plug_without_a_serial_number_worth_the_name_tells_none(tree: DiskTree, serial: str) -> None:
    tree.usb_plug(1, serial)
    tree.scsi("sdb", USB.format(n=1))
    assert only(tree).serial == ""
    assert only(tree).place


def test_what_has_no_hardware_or_is_no_disk_is_left_out(tree: DiskTree) -> None:
    for name in ("loop0", "zram0", "md0", "dm-0", "ram0", "nbd0"):
        tree.virtual(name)
    tree.scsi("sr0", SATA.format(n=5), type="5")
    tree.scsi("sdx", SATA.format(n=6), type="13")
    assert read(tree.sys) == []


def test_an_empty_slot_is_there_with_no_size(tree: DiskTree) -> None:
    tree.scsi("sdd", USB.format(n=4), size=0, removable="1")
    assert (only(tree).size, only(tree).removable) == (0, True)


def test_a_disk_pulled_out_while_it_is_read_is_left_out(tree: DiskTree) -> None:
    (tree.sys / "block/sda").symlink_to(tree.sys / "devices/gone")
    assert read(tree.sys) == []


def test_no_sys_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("page", "serial"),
    [
        (b"\x00\x80\x00\x14     WD-WCC4E1234567", "WD-WCC4E1234567"),
        (b"\x00\x80\x00\x04ABCDEFGH", "ABCD"),
        (b"\x00\x83\x00\x04ABCD", ""),
        (b"\x00\x80\x00\x00", ""),
        (b"\x00\x80", ""),
        (b"\x00\x80\xff\xff\xff\x00AB", "AB"),
    ],
)
def test_the_serial_number_of_page_80h(page: bytes, serial: str) -> None:
    assert page80_serial(page).replace("\ufffd", "").strip() == serial


def test_a_real_run_on_this_machine() -> None:
    for disk in read():
        assert disk.name
        assert disk.size >= 0
