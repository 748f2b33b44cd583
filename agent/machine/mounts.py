"""The mount table: which mounts have a disk behind them, which one a path lies in, and how well it is.

Read from /proc/self/mountinfo, which every user may read. It tells apart what /proc/self/mounts and statvfs mix: the
flags of one mount, and the options of the file system itself (its superblock), which are the same in every namespace.
Whether a volume is read-only is judged by the latter alone. A sandbox (ProtectSystem=strict, ProtectHome=read-only,
a container's `:ro`) makes each mount read-only for us that others go on writing to; a fault never does so, the kernel
falls back with the superblock. The price: a bind mount that somebody made read-only by its own flag, over a file system
that is writable, reads as writable. /proc/1/mountinfo would tell it from our sandbox, but it shows the container's
init in a container and is hidden by `hidepid=`: the answer must not hang on either.

The kernel's own words matter beside the flags. Since Linux 6.15 an ext4 that met an error (`errors=remount-ro`) stays
"rw" and statvfs says nothing; only the option `emergency_ro` in the table does. One whose device was pulled out
says `shutdown`, and goes on answering statvfs from memory.
"""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from agent.collector import CollectError

IMAGE_FILE_SYSTEMS = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})
"""Full by nature: packages and discs."""

MOST_FOUND = 64

_MOST_BYTES = 4 * 1024 * 1024
_BLOCK_DEVICES = Path("/sys/dev/block")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2})")


class Mount(NamedTuple):
    """A line of the mount table.

    `options` are the superblock's as the kernel tells them, with commas, "ro" or "rw" first; empty where they are not
    known. `number` is the device's, "major:minor"; empty where it is not known.
    """

    device: str
    mountpoint: str
    fstype: str
    options: str = ""
    number: str = ""


Mounts = Callable[[], Sequence[Mount]]


class Access(StrEnum):
    """What can be done with a mounted file system. GONE: its device was pulled out or it was shut down."""

    READ_WRITE = "read-write"
    READ_ONLY = "read-only"
    GONE = "gone"


def disk_mounts() -> list[Mount]:
    """Mounted file systems that have a disk behind them; in a container, which has none, its root.

    Raises CollectError where the table can't be read.
    """
    table = every_mount()
    types = disk_types(_read("/proc/filesystems"))
    disks = [mount for mount in table if mount.device and mount.fstype in types]
    if disks:
        return disks
    root = holding(table, "/")
    return [Mount("", "/", "", root.options if root is not None else "")]


def every_mount() -> list[Mount]:
    """The whole table: network shares too. Raises CollectError where it can't be read."""
    return [_with_device(mount) for mount in parse_mountinfo(_read("/proc/self/mountinfo"))]


def parse_mountinfo(table: bytes) -> list[Mount]:
    """The mounts in a /proc/PID/mountinfo (proc_pid_mountinfo(5)), later ones over earlier ones.

    A line is `id parent major:minor root mountpoint flags [tag…] - type source options`. Lines of another shape are
    left out, and so is a last one that does not end: more was not read.
    """
    return [mount for line in table.split(b"\n")[:-1] if (mount := _mount(line)) is not None]


def _mount(line: bytes) -> Mount | None:
    # The source may be empty, which leaves two spaces: no split() at any white space.
    own, found_mark, system = line.partition(b" - ")
    fields, parts = own.split(b" "), system.split(b" ", 2)
    if not found_mark or len(fields) < 6 or len(parts) != 3:
        return None
    fstype, source, options = (_unescaped(part) for part in parts)
    return Mount("" if source == "none" else source, _unescaped(fields[4]), fstype, options, _unescaped(fields[2]))


def _unescaped(text: bytes) -> str:
    """White space, backslash and # come as three octal digits."""
    return os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), text))


def disk_types(filesystems: bytes) -> frozenset[str]:
    """The types in a /proc/filesystems that want a block device; ZFS, which keeps its disks to itself, is one too."""
    lines = (line.split("\t") for line in os.fsdecode(filesystems).splitlines())
    return frozenset(parts[-1] for parts in lines if parts[0] != "nodev") | {"zfs"}


def _with_device(mount: Mount) -> Mount:
    """Started without an initramfs, the kernel calls the root's device /dev/root: there is no such file."""
    if mount.device not in ("/dev/root", "rootfs"):
        return mount
    with suppress(OSError):
        for line in (_BLOCK_DEVICES / mount.number / "uevent").read_text().splitlines():
            if line.startswith("DEVNAME="):
                return mount._replace(device=f"/dev/{line.removeprefix('DEVNAME=')}")
    return mount


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise CollectError(f"{path}: {error.strerror or error}") from None


def found(mounts: Sequence[Mount]) -> list[Mount]:
    """What of the mount table to measure: one mount a disk (bind mounts repeat it), no images, in order of path."""
    shortest: dict[str, Mount] = {}
    for mount in sorted(mounts, key=lambda one: (len(one.mountpoint), one.mountpoint)):
        if mount.fstype not in IMAGE_FILE_SYSTEMS and not mount.device.startswith("/dev/loop"):
            shortest.setdefault(mount.device, mount)
    return sorted(shortest.values(), key=lambda one: one.mountpoint)[:MOST_FOUND]


def holding(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The mount a path lies in; the last one over the same point is what is seen."""
    normal = os.path.normpath(path)
    inside = [one for one in mounts if normal == one.mountpoint or normal.startswith(one.mountpoint.rstrip("/") + "/")]
    return max(reversed(inside), key=lambda one: len(one.mountpoint), default=None)


def is_at(mount: Mount | None, path: str) -> bool:
    """Whether the path is that mount's own point, not merely a folder in it."""
    return mount is not None and mount.mountpoint == os.path.normpath(path)


def access(mount: Mount | None, flags: int) -> Access:
    """What the superblock's options say of a file system; statvfs's `f_flag` is asked where they are not known."""
    options = set(mount.options.split(",")) if mount is not None and mount.options else set()
    if "shutdown" in options:
        return Access.GONE
    read_only = options & {"ro", "emergency_ro"} if options else flags & os.ST_RDONLY
    return Access.READ_ONLY if read_only else Access.READ_WRITE


def device_gone(path: str, block_devices: Path = _BLOCK_DEVICES) -> bool:
    """Whether the block device under a path is no longer one of the kernel's: pulled out while mounted.

    False where that can't be told: network shares, btrfs and ZFS have no block device number of their own.
    """
    try:
        return number_gone(os.stat(path).st_dev, block_devices)  # noqa: PTH116 - Path.stat is the same, through more code
    except OSError:
        return False


def number_gone(number: int, block_devices: Path = _BLOCK_DEVICES) -> bool:
    """The same by the device's number (`st_dev`)."""
    try:
        if os.major(number) == 0 or not block_devices.is_dir():
            return False
        return not (block_devices / f"{os.major(number)}:{os.minor(number)}").exists()
    except OSError:  # /sys is hidden from us
        return False


def shut_down(number: int, mounts: Sequence[Mount]) -> bool:
    """Whether the kernel shut down the file system of that device number (`st_dev`): it answers from memory only."""
    text = f"{os.major(number)}:{os.minor(number)}"
    return any(mount.number == text and access(mount, 0) is Access.GONE for mount in mounts)
