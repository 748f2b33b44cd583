"""The mount table: what counts as a disk, what a path lies in, and what the kernel's options say."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collector import CollectError
from agent.machine import mounts as table
from agent.machine.mounts import (
    Access,
    Mount,
    access,
    device_gone,
    disk_mounts,
    disk_types,
    every_mount,
    found,
    holding,
    is_at,
    parse_mountinfo,
    shut_down,
)

ROOT = Mount("/dev/sda1", "/", "ext4")
VIDEO = Mount("/dev/sdb1", "/mnt/video", "xfs")


def test_images_and_bind_mounts_are_not_measured() -> None:
    mounts = [
        Mount("/dev/loop3", "/snap/core", "squashfs"),
        Mount("/dev/sr0", "/media/cd", "iso9660"),
        Mount("/dev/sda1", "/etc/hosts", "ext4"),
        VIDEO,
        ROOT,
    ]
    assert found(mounts) == [ROOT, VIDEO]


def test_the_mount_of_a_path_is_the_deepest_around_it() -> None:
    assert holding([ROOT, VIDEO], "/mnt/video/2024") == VIDEO
    assert holding([ROOT, VIDEO], "/mnt/video2") == ROOT
    assert holding([VIDEO], "/etc") is None
    over = Mount("/dev/sdc1", "/mnt/video", "ext4")
    assert holding([ROOT, VIDEO, over], "/mnt/video/") == over


def test_a_mount_point_is_told_from_a_folder() -> None:
    assert is_at(VIDEO, "/mnt/video/")
    assert not is_at(ROOT, "/mnt/video")
    assert not is_at(None, "/mnt/video")


# Lines as Linux 6.18 wrote them: a loop device mounted, bound, remounted read-only by its mount's flag, then wholly;
# tmpfs without a source, and with a strange one; optional fields as under systemd (proc_pid_mountinfo(5)).
SANDBOXED = b"""\
27 1 254:0 / / ro,relatime shared:1 - ext4 /dev/vda rw,discard
31 27 0:21 / /proc rw,nosuid shared:12 master:3 propagate_from:2 - proc proc rw
64 44 7:0 / /tmp/m ro,relatime - ext4 /dev/loop0 rw
42 44 7:0 / /tmp/m\\0402 rw,relatime unbindable - ext4 /dev/loop0 rw
"""
READ_ONLY = b"64 44 7:0 / /tmp/m ro,relatime - ext4 /dev/loop0 ro\n"
TMPFS = b"65 64 0:39 / /tmp/m rw,relatime - tmpfs  rw\n66 65 0:40 / /tmp/m ro,relatime - tmpfs a\\040b\\043c rw\n"


def test_the_superblock_is_told_from_the_mounts_own_flags() -> None:
    assert parse_mountinfo(SANDBOXED) == [
        Mount("/dev/vda", "/", "ext4", "rw,discard", "254:0"),
        Mount("proc", "/proc", "proc", "rw", "0:21"),
        Mount("/dev/loop0", "/tmp/m", "ext4", "rw", "7:0"),
        Mount("/dev/loop0", "/tmp/m 2", "ext4", "rw", "7:0"),
    ]
    assert [mount.options for mount in parse_mountinfo(READ_ONLY)] == ["ro"]


def test_a_mount_without_a_source_is_read_and_covers_as_any() -> None:
    lower, upper = parse_mountinfo(TMPFS)
    assert (lower.device, upper.device) == ("", "a b#c")
    assert holding([lower, upper], "/tmp/m/x") == upper
    assert parse_mountinfo(b"1 0 0:9 / / rw - rootfs none rw\n")[0].device == ""


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (rb"/a\040b\011c\012d\134e\043f", "/a b\tc\nd\\e#f"),
        (rb"/a\134040b", "/a\\040b"),
        (rb"/a\777\04", "/a\\777\\04"),
        ("/mnt/录像".encode(), "/mnt/录像"),
        (b"/mnt/\xff", "/mnt/\udcff"),
        (b"/a\rb", "/a\rb"),
    ],
)
def test_paths_come_with_octal_escapes(written: bytes, path: str) -> None:
    (mount,) = parse_mountinfo(b"42 27 8:1 / " + written + b" rw shared:1 - ext4 /dev/sda1 rw\n")
    assert mount.mountpoint == path


def test_options_may_hold_spaces_and_dashes() -> None:
    (mount,) = parse_mountinfo(b"42 27 0:50 / /mnt/a\\040-\\040b rw - cifs //nvr/a rw,domain=a - b\n")
    assert (mount.mountpoint, mount.options) == ("/mnt/a - b", "rw,domain=a - b")


@pytest.mark.parametrize(
    "line", [b"", b"42 27", b"42 27 8:1 / /mnt rw ext4 /dev/sda1 rw", b"42 27 8:1 / /mnt rw - ext4"]
)
def test_a_line_of_another_shape_hides_no_other(line: bytes) -> None:
    assert [mount.options for mount in parse_mountinfo(line + b"\n" + READ_ONLY)] == ["ro"]


def test_a_line_cut_short_is_left_out() -> None:
    assert len(parse_mountinfo(SANDBOXED[:-3])) == 3


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(garbage: bytes) -> None:
    parse_mountinfo(garbage + b"\n")


def test_disks_are_the_types_that_want_a_device() -> None:
    assert disk_types(b"nodev\tsysfs\nnodev\tzfs\n\text4\n\tfuseblk\nnodev\tfuse\n") == {"ext4", "fuseblk", "zfs"}


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "dict[str, bytes]":
    """What the files under /proc hold; sysfs knows the card's second partition."""
    (tmp_path / "179:2").mkdir()
    (tmp_path / "179:2/uevent").write_text("MAJOR=179\nMINOR=2\nDEVNAME=mmcblk0p2\nDEVTYPE=partition\n")
    monkeypatch.setattr(table, "_BLOCK_DEVICES", tmp_path)
    files = {"/proc/filesystems": b"nodev\tproc\nnodev\toverlay\n\text4\n", "/proc/self/mountinfo": SANDBOXED}
    monkeypatch.setattr(table, "_read", files.__getitem__)
    return files


def test_disks_are_told_from_the_rest_and_stay_writable_in_a_sandbox(kernel: "dict[str, bytes]") -> None:
    mounts = disk_mounts()
    assert [mount.mountpoint for mount in mounts] == ["/", "/tmp/m", "/tmp/m 2"]
    assert {access(mount, os.ST_RDONLY) for mount in mounts} == {Access.READ_WRITE}


def test_a_container_has_its_root_and_that_is_writable_too(kernel: "dict[str, bytes]") -> None:
    kernel["/proc/self/mountinfo"] = b"1 0 0:50 / / ro,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c\n"
    (root,) = disk_mounts()
    assert (root.device, root.mountpoint, access(root, os.ST_RDONLY)) == ("", "/", Access.READ_WRITE)
    kernel["/proc/self/mountinfo"] = b""
    assert disk_mounts() == [Mount("", "/", "")]


def test_the_root_of_a_board_without_initramfs_has_its_devices_name(kernel: "dict[str, bytes]") -> None:
    kernel["/proc/self/mountinfo"] = b"1 0 179:2 / / rw - ext4 /dev/root rw\n2 0 0:2 / /x rw - rootfs rootfs rw\n"
    assert [mount.device for mount in every_mount()] == ["/dev/mmcblk0p2", "rootfs"]


def test_a_table_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(table, "Path", lambda path: tmp_path / "none")
    with pytest.raises(CollectError, match=r"^/proc/self/mountinfo: No such file"):
        every_mount()


@pytest.mark.parametrize(
    ("options", "flags", "expected"),
    [
        ("rw,errors=remount-ro", 0, Access.READ_WRITE),
        ("rw,errors=remount-ro", os.ST_RDONLY, Access.READ_WRITE),
        ("ro", 0, Access.READ_ONLY),
        ("", os.ST_RDONLY, Access.READ_ONLY),
        ("", 0, Access.READ_WRITE),
        # As Linux 6.18 prints the superblock of an ext4 after an error, and after its device went away.
        ("rw,errors=remount-ro,emergency_ro", 4096, Access.READ_ONLY),
        ("rw,errors=remount-ro,shutdown", 4096, Access.GONE),
    ],
)
def test_access_is_what_the_superblock_says_and_statvfs_only_without_one(
    options: str, flags: int, expected: Access
) -> None:
    assert access(Mount("/dev/sdb1", "/mnt/video", "ext4", options), flags) is expected


def test_a_device_pulled_out_is_missed_among_the_kernels(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    if os.major(number) == 0:
        pytest.skip("the temporary folder lies on a file system without a block device number")
    kernel = tmp_path / "block"
    kernel.mkdir()
    assert device_gone(str(tmp_path), kernel)
    (kernel / f"{os.major(number)}:{os.minor(number)}").mkdir()
    assert not device_gone(str(tmp_path), kernel)


def test_what_has_no_device_number_is_not_called_gone(tmp_path: Path) -> None:
    assert not device_gone("/proc", tmp_path)
    assert not device_gone(str(tmp_path / "nowhere"), tmp_path)
    assert not device_gone(str(tmp_path), tmp_path / "no-sysfs-here")


def test_a_file_system_that_was_shut_down_is_known_by_its_number() -> None:
    table = [
        Mount("/dev/sda1", "/", "ext4", "rw", "8:1"),
        Mount("/dev/sdb1", "/mnt", "ext4", "rw,shutdown", "8:17"),
        Mount("/dev/sdc1", "/srv", "ext4", "rw,emergency_ro", "8:33"),
    ]
    assert [shut_down(os.makedev(8, minor), table) for minor in (1, 17, 33, 49)] == [False, True, False, False]


def test_the_real_table_has_the_root_and_more_than_disks() -> None:
    assert disk_mounts()
    assert any(mount.fstype == "proc" for mount in every_mount())
    assert all(mount.options for mount in every_mount())
