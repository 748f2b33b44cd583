"""Arrays of disks as the kernel's md driver tells them in /proc/mdstat. Pure: text in, arrays out.

Read from the kernel's own printing (`md_seq_show`) and its personalities' `status`; anyone may read the file.
"""

import re
from dataclasses import dataclass

MOST_ARRAYS = 64

_HEAD = re.compile(r"^(md[A-Za-z0-9_.-]*) : (\S+)((?: \([a-z-]+\))?)(.*)$")
_MEMBER = re.compile(r"^(\S+?)\[(\d+)\]((?:\([A-Z]\))*)$")
_WORKING = re.compile(r"\[(\d+)/(\d+)\] \[([U_]+)\]")
_PROGRESS = re.compile(r"\b(recovery|resync|reshape|check) *= *([0-9.]+)% \(")
_WAITING = re.compile(r"\b(recovery|resync|reshape|check)=(DELAYED|PENDING|REMOTE)\b")
_CONTAINER = re.compile(r"super external:(?!/)")
_BLOCKS = re.compile(r"^\s+(\d+) blocks\b")


@dataclass(frozen=True)
class Member:
    """One disk or partition of an array. `flags`: F failed, S spare, W write-mostly, J journal, R replacement."""

    name: str
    number: int
    flags: str = ""


@dataclass(frozen=True)
class Array:
    """One array. `state` is active, inactive or broken; `level` raid1, raid5, linear…, empty where inactive.

    `wanted` and `working` are counts of members; None where the kernel does not say (raid0 and linear can't lack one).
    `action` is what goes on (recovery, resync, reshape, check), `progress` how far of it (0 to 1), None while it waits.
    """

    name: str
    state: str
    level: str
    members: tuple[Member, ...]
    read_only: bool = False
    wanted: int | None = None
    working: int | None = None
    action: str = ""
    progress: float | None = None
    size_bytes: int | None = None

    @property
    def running(self) -> bool:
        """Whether its data can be reached."""
        return self.state == "active"


def parse(text: str) -> list[Array]:
    """The arrays in /proc/mdstat, by name. Containers of firmware RAID (IMSM, DDF) are no arrays themselves."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _HEAD.match(line):
            blocks.append([line])
        elif blocks and line[:1] in {" ", "\t"}:
            blocks[-1].append(line)
        elif line.strip():
            blocks.append([])  # "Personalities", "unused devices": no array's lines follow
    arrays = [_array(block[0], "\n".join(block[1:])) for block in blocks if block]
    return sorted((array for array in arrays if array is not None), key=lambda one: one.name)[:MOST_ARRAYS]


def _array(head: str, rest: str) -> Array | None:
    match = _HEAD.match(head)
    if match is None or _CONTAINER.search(rest):
        return None
    name, state, mode, tail = match.groups()
    words = tail.split()
    members = tuple(
        Member(found[1], int(found[2]), re.sub(r"[()]", "", found[3]))
        for found in map(_MEMBER.match, words)
        if found is not None
    )
    level = words[0] if words and not _MEMBER.match(words[0]) else ""
    wanted, working = _counts(level, members, rest)
    action, progress = _activity(rest)
    blocks = _BLOCKS.search(rest)
    return Array(
        name=name,
        state=state,
        level=level,
        members=members,
        read_only=mode.strip() == "(read-only)",
        wanted=wanted,
        working=working,
        action=action,
        progress=progress,
        size_bytes=int(blocks[1]) * 1024 if blocks else None,
    )


def _counts(level: str, members: tuple[Member, ...], rest: str) -> tuple[int | None, int | None]:
    """Members wanted and working."""
    if found := _WORKING.search(rest):
        return int(found[1]), int(found[2])
    if level in {"raid0", "linear"}:
        count = sum(1 for member in members if not set(member.flags) & {"F", "S"})
        return count, count
    return None, None


def _activity(rest: str) -> tuple[str, float | None]:
    if found := _PROGRESS.search(rest):
        return found[1], float(found[2]) / 100.0
    if found := _WAITING.search(rest):
        return found[1], None
    return "", None
