"""Whether what a file system lies on is encrypted: every way down to a disk has to cross an encrypting layer.

What the layers are, lsblk says; what it leaves open, sysfs: dm-verity and dm-integrity are set up by cryptsetup too,
and encrypt nothing; a loop device lies on the file system of its file; btrfs may lie on several devices at once.
"""

import fcntl
import os
import re
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.machine.lsblk import Block

_LAYERS = {"LUKS1", "LUKS2", "PLAIN", "TCRYPT", "BITLK", "FVAULT2", "LOOPAES", "TEMP"}
"""In the UUIDs that cryptsetup gives to mappings: CRYPT-LUKS2-…; others of its kind (VERITY, INTEGRITY, SUBDEV) only
guard against changes."""
_NAMES = {"LUKS1": "LUKS1", "LUKS2": "LUKS2", "TCRYPT": "VeraCrypt", "BITLK": "BitLocker", "FVAULT2": "FileVault"}
_SELF_ENCRYPTING = "self-encrypting disk, as configured"
_TRANSPARENT = re.compile(r"disk|part|lvm|mpath|loop|rom|md|raid\w+|linear|bcache|zram")
"""Layers that pass on what they are given, or are the bottom. Others may encrypt in a way nobody tells us."""
_FS_IOC_GETFLAGS = 0x80086601
_FS_ENCRYPT_FL = 0x800
_MAX_DEPTH = 32
_MAX_TEXT = 4096


@dataclass(frozen=True)
class Verdict:
    """`encrypted` is None where nobody can know; `how` names layers, or says why not, for people."""

    encrypted: bool | None
    how: str


class Layers:
    """The block devices of a machine. `declared` are names or kernel names of disks said to encrypt themselves.

    `number_of` tells the device number (`8:1`) that the file system of a path has.
    """

    def __init__(
        self,
        blocks: Mapping[str, Block],
        sysfs: Path = Path("/sys"),
        declared: Collection[str] = (),
        number_of: Callable[[str], str] | None = None,
    ) -> None:
        self._blocks = blocks
        self._sysfs = sysfs
        self._declared = frozenset(declared)
        self._number_of = number_of or device_number
        self._by_number = {block.number: block for block in blocks.values() if block.number}

    def find(self, number: str, device: str) -> Block | None:
        """By its number, else by a device file (`/dev/mapper/x`): give one only of btrfs, which has numbers of its own
        making. Any other number that is not shown is of no block device, a share's perhaps."""
        if number in self._by_number:
            return self._by_number[number]
        name = Path(device).name
        return next((one for one in self._blocks.values() if device and name in (one.name, one.kname)), None)

    def judge(self, block: Block) -> Verdict:
        """Whether all that a file system on this device holds lies encrypted on disks."""
        members = self._members(block)
        return _all([self._down(member, frozenset()) for member in members])

    def disks(self, block: Block) -> list[str]:
        """The kernel's names of the disks under it."""
        found: dict[str, None] = {}
        waiting, seen = [one.kname for one in self._members(block)], set[str]()
        while waiting:
            kname = waiting.pop()
            if kname in seen or kname not in self._blocks:
                continue
            seen.add(kname)
            parents = self._blocks[kname].parents
            waiting += parents
            if not parents:
                found[kname] = None
        return sorted(found)

    def _down(self, block: Block, above: frozenset[str]) -> Verdict:
        if block.kname in above or len(above) > _MAX_DEPTH:
            return Verdict(None, "unknown: its layers go round in a circle")
        layer = self._layer(block)
        if layer:
            return Verdict(True, layer)
        if block.kname in self._declared:
            return Verdict(True, _SELF_ENCRYPTING)
        if block.type == "loop":
            return self._loop(block, above | {block.kname})
        known = [self._blocks[name] for name in block.parents if name in self._blocks]
        if len(known) < len(block.parents):
            return Verdict(None, f"unknown: {block.kname} lies on a device that lsblk does not show")
        below = _all([self._down(one, above | {block.kname}) for one in known]) if known else Verdict(False, "none")
        if below.encrypted is False and not (_TRANSPARENT.fullmatch(block.type) or block.type == "crypt"):
            return Verdict(None, f"unknown: {block.kname} is of type {block.type or 'unknown'}")
        return below

    def _layer(self, block: Block) -> str:
        """What encrypts in this device itself, empty where nothing does."""
        uuid = _text(self._sysfs / "block" / block.kname / "dm/uuid")
        if uuid:
            kind = uuid.split("-")[1] if uuid.startswith("CRYPT-") and uuid.count("-") > 1 else ""
            return _NAMES.get(kind, "dm-crypt") if kind in _LAYERS else ""
        return "dm-crypt" if block.type == "crypt" else ""

    def _loop(self, block: Block, above: frozenset[str]) -> Verdict:
        file = _text(self._sysfs / "block" / block.kname / "loop/backing_file")
        try:
            below = self.find(self._number_of(file), "") if file.startswith("/") else None
        except OSError:
            below = None
        if below is None:
            return Verdict(None, f"unknown: the file of {block.kname} can't be seen")
        return self._down(below, above)

    def _members(self, block: Block) -> list[Block]:
        """All devices of a btrfs that this one is part of; else only itself."""
        for folder in sorted(self._sysfs.glob("fs/btrfs/*/devices")):
            names = [entry.name for entry in folder.iterdir()]
            if block.kname in names:
                return [self._blocks.get(name, Block(name, name, "", "missing", "", ())) for name in sorted(names)]
        return [block]


def folder_encrypts(path: str) -> bool:
    """Whether the file system itself encrypts what is in this folder (fscrypt: ext4, f2fs)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(handle, _FS_IOC_GETFLAGS, bytes(struct.calcsize("l"))))
    except OSError:
        return False
    finally:
        os.close(handle)
    return bool(flags & _FS_ENCRYPT_FL)


def device_number(path: str) -> str:
    """The number of the device that a path's file system says it lies on. Raises OSError."""
    number = os.stat(path).st_dev  # noqa: PTH116 - Path.stat is the same call, through more code
    return f"{os.major(number)}:{os.minor(number)}"


def _all(verdicts: list[Verdict]) -> Verdict:
    """Several at once: all have to be encrypted, and one that is not settles it."""
    if len(verdicts) == 1:
        return verdicts[0]
    how = ", ".join(dict.fromkeys(one.how for one in verdicts))
    if any(one.encrypted is False for one in verdicts):
        partly = any(one.encrypted for one in verdicts)
        return Verdict(False, f"only in part: {how}" if partly else "none")
    if any(one.encrypted is None for one in verdicts):
        return Verdict(None, next(one.how for one in verdicts if one.encrypted is None))
    return Verdict(True, how)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_TEXT).decode("utf-8", "surrogateescape").strip()
    except OSError:
        return ""
