"""Whether every way down to a disk crosses an encrypting layer."""

from pathlib import Path

import pytest

from agent.machine.at_rest import Layers, Verdict, device_number, folder_encrypts
from agent.machine.lsblk import parse
from tests.agent.machine.sysfs import lay_out

SAMPLES = Path(__file__).parents[1] / "collectors" / "samples" / "encryption"
LUKS = "CRYPT-LUKS2-0f6d2a1c7e3b4c5d8e9f0a1b2c3d4e5f-sda3_crypt"


def layers(sample: str, sysfs: Path, declared: tuple[str, ...] = ()) -> Layers:
    return Layers(parse((SAMPLES / f"{sample}.json").read_bytes()), sysfs, declared)


def verdict(sample: str, sysfs: Path, device: str, declared: tuple[str, ...] = ()) -> Verdict:
    stack = layers(sample, sysfs, declared)
    block = stack.find("", f"/dev/mapper/{device}")
    assert block is not None
    return stack.judge(block)


def test_lvm_over_luks_is_encrypted_and_its_boot_partition_is_not(tmp_path: Path) -> None:
    sysfs = lay_out(tmp_path, {"block/dm-0/dm/uuid": LUKS, "block/dm-2/dm/uuid": "LVM-abcdef"})
    assert verdict("lvm-over-luks", sysfs, "vg-rec") == Verdict(True, "LUKS2")
    assert verdict("lvm-over-luks", sysfs, "sda2") == Verdict(False, "none")


def test_luks_over_raid_is_encrypted(tmp_path: Path) -> None:
    assert verdict("luks-over-raid", tmp_path, "rec") == Verdict(True, "dm-crypt")
    stack = layers("luks-over-raid", tmp_path)
    block = stack.find("", "/dev/dm-0")
    assert block is not None
    assert stack.disks(block) == ["sda", "sdb"]


def test_raid_over_luks_with_one_plain_member_is_not(tmp_path: Path) -> None:
    assert verdict("raid-partly-luks", tmp_path, "vg-rec") == Verdict(False, "only in part: dm-crypt, none")
    whole = verdict("raid-partly-luks", tmp_path, "vg-rec", ("sdc",))
    assert whole == Verdict(True, "dm-crypt, self-encrypting disk, as configured")


@pytest.mark.parametrize("kind", ["VERITY", "INTEGRITY", "SUBDEV"])
def test_a_mapping_that_only_guards_against_changes_encrypts_nothing(kind: str, tmp_path: Path) -> None:
    sysfs = lay_out(tmp_path, {"block/dm-2/dm/uuid": f"CRYPT-{kind}-0f6d-verified"})
    assert verdict("two-disks", sysfs, "verified") == Verdict(False, "none")


@pytest.mark.parametrize(
    ("kind", "how"), [("LUKS1", "LUKS1"), ("PLAIN", "dm-crypt"), ("BITLK", "BitLocker"), ("TCRYPT", "VeraCrypt")]
)
def test_every_kind_that_cryptsetup_opens_encrypts(kind: str, how: str, tmp_path: Path) -> None:
    sysfs = lay_out(tmp_path, {"block/dm-2/dm/uuid": f"CRYPT-{kind}-verified"})
    assert verdict("two-disks", sysfs, "verified") == Verdict(True, how)


def test_a_mapping_of_an_unknown_kind_is_unknown(tmp_path: Path) -> None:
    assert verdict("two-disks", tmp_path, "veracrypt1") == Verdict(None, "unknown: dm-1 is of type dm")


def test_btrfs_on_two_devices_needs_both(tmp_path: Path) -> None:
    folder = tmp_path / "fs/btrfs/0f6d2a1c-7e3b/devices"
    lay_out(folder, {"sda/size": 1, "dm-0/size": 1})
    assert verdict("two-disks", tmp_path, "b") == Verdict(False, "only in part: dm-crypt, none")
    assert verdict("two-disks", tmp_path, "b", ("sda",)).encrypted is True
    lay_out(folder, {"sdz/size": 1})
    assert verdict("two-disks", tmp_path, "b", ("sda",)).encrypted is None


def test_a_loop_device_is_as_encrypted_as_what_its_file_lies_on(tmp_path: Path) -> None:
    blocks = parse((SAMPLES / "lvm-over-luks.json").read_bytes())
    loop = parse(b'{"blockdevices": [{"kname": "loop0", "maj:min": "7:0", "type": "loop"}]}')
    for number, expected in (("254:2", True), ("8:2", False), ("0:99", None)):
        sysfs = lay_out(tmp_path, {"block/loop0/loop/backing_file": "/srv/x.img"})
        stack = Layers({**blocks, **loop}, sysfs, number_of={"/srv/x.img": number}.__getitem__)
        assert stack.judge(loop["loop0"]).encrypted is expected
    (tmp_path / "block/loop0/loop/backing_file").unlink()
    assert Layers({**blocks, **loop}, tmp_path).judge(loop["loop0"]).encrypted is None


def test_what_lsblk_leaves_out_or_turns_in_a_circle_is_unknown(tmp_path: Path) -> None:
    printed = (
        b'{"blockdevices": [{"kname": "a", "type": "lvm", "pkname": "b"}, {"kname": "b", "type": "lvm", "pkname": "a"},'
    )
    printed += b'{"kname": "c", "type": "part", "pkname": "gone"}]}'
    blocks = parse(printed)
    stack = Layers(blocks, tmp_path)
    assert stack.judge(blocks["a"]).encrypted is None
    assert stack.judge(blocks["c"]).encrypted is None
    assert stack.disks(blocks["a"]) == []


def test_a_device_is_found_by_its_number_before_its_name(tmp_path: Path) -> None:
    stack = layers("lvm-over-luks", tmp_path)
    found = stack.find("254:2", "/dev/mapper/vg-root")
    assert found is not None
    assert found.name == "vg-rec"
    assert stack.find("0:40", "/dev/nowhere") is None
    assert stack.find("0:40", "") is None


def test_an_ordinary_folder_does_not_encrypt(tmp_path: Path) -> None:
    assert not folder_encrypts(str(tmp_path))
    assert not folder_encrypts(str(tmp_path / "missing"))
    assert device_number(str(tmp_path)).count(":") == 1
