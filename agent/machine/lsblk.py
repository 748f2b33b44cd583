"""The machine's block devices and what each lies on, as `lsblk --json` prints them. Pure.

lsblk nests what lies on a device under it, so a device on several (RAID, LVM over two disks) is printed under each of
them: here it is one, with all of them as parents.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.collector import CollectError

COLUMNS = "KNAME,NAME,MAJ:MIN,TYPE,FSTYPE,PKNAME"
MOST_BLOCKS = 4096
_MAX_DEPTH = 32
"""Of nesting: partition, RAID, LUKS, LVM is four."""
_KNAME = re.compile(r"[A-Za-z0-9_.!:+-]{1,128}")
_NUMBER = re.compile(r"\d{1,7}:\d{1,8}")


@dataclass(frozen=True)
class Block:
    """A block device: the kernel's name for it (`dm-0`), ours (`vg-rec`), its number, and what kind lsblk takes it for
    (disk, part, crypt, lvm, raid1, loop, mpath, dm …). `parents` are the kernel's names of what it lies on."""

    kname: str
    name: str
    number: str
    type: str
    fstype: str
    parents: tuple[str, ...]


def parse(printed: bytes) -> Mapping[str, Block]:
    """Every block device by the kernel's name. Raises CollectError where it isn't lsblk's JSON."""
    try:
        rows = json.loads(printed)["blockdevices"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise CollectError("lsblk did not print its JSON") from None
    blocks: dict[str, Block] = {}
    for row, parent in _walk(rows, "", 0):
        kname = _text(row.get("kname"))
        if not _KNAME.fullmatch(kname) or (kname not in blocks and len(blocks) >= MOST_BLOCKS):
            continue
        known = blocks[kname].parents if kname in blocks else ()
        parents = dict.fromkeys((*known, parent, _text(row.get("pkname"))))
        number = _text(row.get("maj:min"))
        blocks[kname] = Block(
            kname,
            _text(row.get("name")) or kname,
            number if _NUMBER.fullmatch(number) else "",
            _text(row.get("type")),
            _text(row.get("fstype")),
            tuple(one for one in parents if _KNAME.fullmatch(one)),
        )
    return blocks


def _walk(rows: Any, parent: str, depth: int) -> Iterator[tuple[Mapping[str, Any], str]]:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or depth > _MAX_DEPTH:
        return
    for row in rows:
        if isinstance(row, Mapping):
            yield row, parent
            yield from _walk(row.get("children"), _text(row.get("kname")), depth + 1)


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""
