"""Volumes over the kernel's own dm-crypt, md and plain disks: which of them are encrypted, and what opens them."""

import pytest

from tests.vm.collected import collect
from tests.vm.image import empty
from tests.vm.machine import Machine

PLAIN, LOCKED = "gateway-1-host-mnt-plain", "gateway-1-host-mnt-locked"
TABLE = """
[[collectors.encryption.volume]]
path = "/mnt/plain"
[[collectors.encryption.volume]]
path = "/mnt/locked"
"""
# As weak as it gets: the key's derivation is not what is tested, and takes a minute on an emulated processor.
FORMAT = "cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /srv/key"
OPEN = "cryptsetup open --key-file /srv/key"


@pytest.fixture
def disks(vm: Machine) -> Machine:
    """Three empty disks: sdb, sdc, sdd."""
    for number, name in enumerate(("b", "c", "d")):
        vm.plug("scsi-hd", f"disk{name}", empty(vm.folder / f"{name}.raw", 64), serial=f"WK{name}", scsi_id=number)
        vm.wait_until(f"[ -b /dev/sd{name} ]")
    vm.write_file("/srv/key", "only a test", "0600")
    vm.run("mkdir -p /mnt/plain /mnt/locked").check()
    return vm


def test_luks_is_told_from_a_plain_disk(disks: Machine) -> None:
    disks.run("mkfs.ext4 -q /dev/sdb && mount /dev/sdb /mnt/plain").check()
    disks.run(f"{FORMAT} /dev/sdc && {OPEN} /dev/sdc footage", timeout=60.0).check()
    disks.run("mkfs.ext4 -q /dev/mapper/footage && mount /dev/mapper/footage /mnt/locked").check()

    run = collect(disks, "encryption", TABLE)

    assert run.status == 0, run.problem
    assert run.values(PLAIN) == {"encrypted": 0.0}
    assert run.values(LOCKED) == {"encrypted": 1.0}
    assert "luks" in run.facts(LOCKED)["encryption"].lower()


def test_an_array_of_which_one_disk_is_not_encrypted_is_not(disks: Machine) -> None:
    disks.run(f"{FORMAT} /dev/sdb && {OPEN} /dev/sdb one", timeout=60.0).check()
    disks.run(
        "mdadm --create /dev/md0 --run --metadata=1.2 --level=1 --raid-devices=2 /dev/mapper/one /dev/sdc"
        " && mkfs.ext4 -q /dev/md0 && mount /dev/md0 /mnt/plain"
    ).check()
    disks.run("mdadm --create /dev/md1 --run --metadata=1.2 --level=1 --raid-devices=2 /dev/sdd missing").check()
    disks.run(f"{FORMAT} /dev/md1 && {OPEN} /dev/md1 all && mkfs.ext4 -q /dev/mapper/all", timeout=60.0).check()
    disks.run("mount /dev/mapper/all /mnt/locked").check()

    run = collect(disks, "encryption", TABLE)

    assert run.values(PLAIN) == {"encrypted": 0.0}
    assert run.values(LOCKED) == {"encrypted": 1.0}
