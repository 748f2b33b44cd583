"""Who a process is, at the moment it did something: program, user, unit, and what started it. From /proc, bounded.

What only its owner may see of a process (which program file it runs) wants CAP_SYS_PTRACE; without, the name it gives
itself has to do. User and unit (control group) it can't choose.
"""

import os
import pwd
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.machine.process_table import PROC, parse_stat

UNKNOWN = "unknown"
_MOST_ANCESTORS = 8
_KEEP_SECONDS = 2.0
_MOST_KEPT = 1000
_NAME_BYTES = 15
"""The kernel keeps so much of the name a process gives itself."""
_UID = re.compile(rb"^Uid:\s+\d+\s+(\d+)", re.M)


@dataclass(frozen=True)
class Rule:
    """Matches processes of which all that is given holds: program (name of its file, or its own), user, unit."""

    program: str = ""
    user: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Reader:
    """Who read: a program's name and a user's, or `unknown`."""

    program: str
    user: str


@dataclass(frozen=True)
class _Known:
    pid: int
    parent: int
    name: str
    program: str
    uid: int
    units: frozenset[str]
    alive: bool


class Readers:
    """Tells readers from those that belong to the recorder, or to ourselves. For one thread."""

    def __init__(self, rules: Sequence[Rule], proc: Path = PROC, own: int | None = None) -> None:
        self._rules = tuple(rules)
        self._proc = proc
        self._own = os.getpid() if own is None else own
        self._kept: dict[tuple[int, str], tuple[float, Reader | None]] = {}
        self._users: dict[int, str] = {}

    def who(self, pid: int, name: str) -> Reader | None:
        """The reader that a process calling itself so is; None where it is the recorder's or our own."""
        now = time.monotonic()
        kept = self._kept.get((pid, name))
        if kept is not None and now - kept[0] < _KEEP_SECONDS:
            return kept[1]
        known = self._read(pid)
        if kept is not None and (known is None or not known.alive):
            return kept[1]  # it has ended since it was looked at
        reader = self._judge(known, name)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[pid, name] = (now, reader)
        return reader

    def _judge(self, known: _Known | None, name: str) -> Reader | None:
        if known is None:
            # It has ended. Its name alone decides where a rule asks for no more.
            names = [rule.program for rule in self._rules if rule == Rule(program=rule.program)]
            excused = name and name in (_short(one) for one in names)
            return None if excused else Reader(name or UNKNOWN, UNKNOWN)
        one: _Known | None = known
        for _ in range(_MOST_ANCESTORS):
            if one is None:
                break
            if one.pid == self._own or any(self._matches(rule, one) for rule in self._rules):
                return None
            one = self._read(one.parent) if one.parent > 1 else None
        return Reader(known.program or name or known.name, self._user(known.uid))

    def _matches(self, rule: Rule, one: _Known) -> bool:
        return (
            rule != Rule()
            and (rule.program in ("", one.program) or _short(rule.program) == one.name)
            and rule.unit in ("", *one.units)
            and rule.user in ("", str(one.uid), self._user(one.uid))
        )

    def _read(self, pid: int) -> _Known | None:
        folder = self._proc / str(pid)
        parsed = parse_stat(_bytes(folder / "stat"))
        uid = _UID.search(_bytes(folder / "status"))
        if parsed is None or uid is None:
            return None
        groups = _bytes(folder / "cgroup").decode("utf-8", "replace").splitlines()
        units = frozenset(part for line in groups for part in line.rpartition(":")[2].split("/") if part)
        alive = parsed[1] not in "ZX"
        return _Known(pid, parsed[0].parent, parsed[0].name, _program(folder), int(uid[1]), units, alive)

    def _user(self, uid: int) -> str:
        """A user's name; his number where he has none here, as users of containers."""
        if uid not in self._users:
            if len(self._users) >= _MOST_KEPT:
                self._users.clear()
            self._users[uid] = str(uid)
            with suppress(KeyError):
                self._users[uid] = pwd.getpwuid(uid).pw_name
        return self._users[uid]


def _short(name: str) -> str:
    return name.encode("utf-8", "surrogateescape")[:_NAME_BYTES].decode("utf-8", "replace")


def _program(folder: Path) -> str:
    """The name of the file it runs, empty where we may not see it; that of a script is its interpreter's."""
    try:
        path = os.readlink(folder / "exe")  # noqa: PTH115 - text, maybe of a file that is gone
    except OSError:
        return ""
    return path.removesuffix(" (deleted)").rpartition("/")[2]


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(4096) or b""
    except OSError:
        return b""
