"""Who a disk is, and which of those once seen are missing."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from agent.machine.block_devices import BlockDevice
from agent.machine.disk_register import Known, Register, facts_of, hidden_id, identify
from wire.ids import SlugId

HOST = "gate-host"


def disk(name: str, **changes: object) -> BlockDevice:
    plain = {
        "size": 4_000_787_030_016,
        "removable": False,
        "rotational": True,
        "interface": "ata",
        "place": f"port-{name}",
    }
    return BlockDevice(name=name, **{**plain, **changes})  # type: ignore[arg-type]  # a test's shorthand


def test_a_disk_keeps_its_id_under_another_name_and_at_another_port() -> None:
    (one,) = identify([disk("sda", serial="WD-WCC4E1234567")], HOST)
    (other,) = identify([disk("sdc", serial="WD-WCC4E1234567", place="elsewhere")], HOST)
    assert one == other == "gate-host-disk-wd-wcc4e1234567"


@pytest.mark.parametrize("serial", ["", "0123456789ABCDEF", "000000000000"])
def test_without_a_serial_number_worth_the_name_it_is_the_world_wide_name_and_then_the_place(serial: str) -> None:
    (by_name,) = identify([disk("sda", serial=serial, wwn="naa.5000c500a1b2c3d4")], HOST)
    (again,) = identify([disk("sdb", serial=serial, wwn="naa.5000c500a1b2c3d4")], HOST)
    assert by_name == again
    (by_place,) = identify([disk("sda", serial=serial, place="pci/usb2/2-1")], HOST)
    (elsewhere,) = identify([disk("sda", serial=serial, place="pci/usb2/2-2")], HOST)
    assert by_place != elsewhere


def test_two_that_claim_the_same_serial_number_are_two_disks_whatever_their_names() -> None:
    left, right = disk("sda", serial="AB12", place="usb/1"), disk("sdb", serial="AB12", place="usb/2")
    one = identify([left, right], HOST)
    assert len(one) == 2
    swapped = identify([disk("sdb", serial="AB12", place="usb/1"), disk("sda", serial="AB12", place="usb/2")], HOST)
    assert {name: device.place for name, device in one.items()} == {n: d.place for n, d in swapped.items()}


def test_two_ways_to_one_disk_are_one_disk() -> None:
    ways = [disk(name, serial="ZA10", wwn="naa.5000c50084a1b2c3", interface="sas") for name in ("sda", "sdb")]
    assert len(identify(ways, HOST)) == 1
    spaces = [disk(f"nvme0n{n}", serial="S4EW", wwn=f"eui.{n}", interface="nvme") for n in (1, 2)]
    assert len(identify(spaces, HOST)) == 1


def test_an_empty_slot_is_no_disk() -> None:
    assert identify([disk("sdd", size=0, serial="READER1")], HOST) == {}


def test_ids_are_well_formed_however_long_the_host_and_odd_the_serial() -> None:
    host = "a" * 40
    names = [*identify([disk("sda", serial="S/N: 12_ä"), disk("sdb", serial="S" * 200)], host), hidden_id(host, "ZA 1")]
    assert len(set(names)) == 3
    for name in names:
        TypeAdapter(SlugId).validate_python(name)


def known(serial: str, **smart: "str | float") -> Known:
    return Known(facts=facts_of(disk("sda", serial=serial, model="WDC WD40PURX-64G")), smart=smart)


def test_a_disk_that_vanishes_is_missing_over_restarts_until_it_is_back(tmp_path: Path) -> None:
    register = Register(HOST, tmp_path, ())
    assert register.note({"a": known("A"), "b": known("B")}) == {"a": True, "b": True}
    assert register.note({"a": known("A")}) == {"a": True, "b": False}
    after = Register(HOST, tmp_path, ())
    assert after.note({"a": known("A")}) == {"a": True, "b": False}
    assert {device.device for device in after.devices()} == {"a", "b"}
    assert after.note({"a": known("A"), "b": known("B")}) == {"a": True, "b": True}


@pytest.mark.parametrize("word", ["wd-b1", "WD-B1", "b"])
def test_a_disk_taken_away_for_good_is_forgotten_by_serial_or_id_but_not_while_it_is_there(
    tmp_path: Path, word: str
) -> None:
    Register(HOST, tmp_path, ()).note({"a": known("A"), "b": known("WD-B1")})
    register = Register(HOST, tmp_path, (word,))
    assert register.note({"a": known("A"), "b": known("WD-B1")}) == {"a": True, "b": True}
    assert register.note({"a": known("A")}) == {"a": True}
    assert [device.device for device in register.devices()] == ["a"]


def test_what_smart_said_stays_and_goes_before_what_the_kernel_knows() -> None:
    register = Register(HOST, None, ())
    register.note({"a": known("A", model="WDC WD40PURX-64GVNY0", rotation_rpm=5400.0, interface="sas")})
    (whole,) = register.devices()
    register.note({"a": known("A")})
    (later,) = register.devices()
    assert later == whole
    assert later.name == "WDC WD40PURX-64GVNY0"
    assert later.facts["rotation_rpm"] == 5400.0
    assert later.facts["interface"] == "ata", "the kernel knows what it hangs on"


def test_a_controller_that_tells_no_more_than_scsi_is_refined_by_smart() -> None:
    facts = facts_of(disk("sda", interface="scsi"))
    assert Known(facts=facts, smart={"interface": "sas"}).told["interface"] == "sas"
    assert Known(facts=facts).told["interface"] == "scsi"
