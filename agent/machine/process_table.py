"""The processes of the machine, from /proc: one small file a process, more only for what is asked.

`/proc/PID/stat` says name, parent, start, processor time and memory at once. Command line and control group are read
only where something is matched against them. Needs no rights, unless /proc is mounted with `hidepid` or the agent's
service says `ProtectProc=`: then others' processes are not seen at all.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.collector import CollectError, NotAvailable

PROC = Path("/proc")
MOST_PROCESSES = 32_768
_STAT_BYTES = 2048
_COMMAND_BYTES = 4096
_CGROUP_BYTES = 4096
_COMM_LENGTH = 15
"""The kernel keeps so much of a name."""
_GONE = frozenset("ZX")
"""Zombies and the dead: a process that waits to be collected runs no more."""

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One process. `start` in seconds since boot: with `pid` it names the process for good. `cpu` in seconds."""

    pid: int
    parent: int
    name: str
    start: float
    cpu: float
    rss: int


class ProcessTable:
    """What ran at one moment. `by_pid` holds every process but zombies."""

    def __init__(self, processes: Sequence[Process], proc: Path = PROC) -> None:
        self.by_pid = {process.pid: process for process in processes}
        self._proc = proc
        self._commands: dict[int, tuple[str, ...]] = {}

    def command(self, pid: int) -> tuple[str, ...]:
        """Its arguments, cut at 4096 bytes; () for kernel threads and what is gone."""
        if pid not in self._commands:
            raw = _bytes(self._proc / str(pid) / "cmdline", _COMMAND_BYTES).rstrip(b"\0")
            self._commands[pid] = tuple(raw.decode("utf-8", "replace").split("\0")) if raw else ()
        return self._commands[pid]

    def executable(self, process: Process) -> str:
        """The file name of the program: its first argument's, where the kernel had to cut the name, else the name."""
        if len(process.name) < _COMM_LENGTH:
            return process.name
        first = os.path.basename((self.command(process.pid) or ("",))[0])  # noqa: PTH119 - text, maybe no path
        return first if first.startswith(process.name) else process.name

    def units(self, pid: int) -> frozenset[str]:
        """The systemd units (and slices) it runs in, by its control groups."""
        text = _bytes(self._proc / str(pid) / "cgroup", _CGROUP_BYTES).decode("utf-8", "replace")
        return frozenset(part for line in text.splitlines() for part in line.rpartition(":")[2].split("/") if part)

    def family(self, roots: Sequence[int]) -> list[Process]:
        """These processes and all below them."""
        children: dict[int, list[int]] = {}
        for process in self.by_pid.values():
            children.setdefault(process.parent, []).append(process.pid)
        family: dict[int, Process] = {}
        waiting = [pid for pid in roots if pid in self.by_pid]
        while waiting:
            pid = waiting.pop()
            if pid not in family:
                family[pid] = self.by_pid[pid]
                waiting += children.get(pid, ())
        return list(family.values())


def read(proc: Path = PROC) -> ProcessTable:
    """All of them, now. Raises NotAvailable where others' are hidden, CollectError where there are too many."""
    # Whoever may not see the first process sees none but his own: every recorder would look dead.
    if not _bytes(proc / "1/stat", _STAT_BYTES):
        raise NotAvailable(
            "other users' processes are hidden: mount /proc without hidepid, or with gid= of a group the agent is in, "
            "and leave ProtectProc= out of its service"
        )
    return ProcessTable(list(_processes(proc)), proc)


def parse_stat(raw: bytes) -> tuple[Process, str] | None:
    """A process and its state letter from `/proc/PID/stat`; None for what is cut or no such line.

    The name is in parentheses and may hold anything, parentheses and spaces too.
    """
    pid, _, rest = raw.partition(b" (")
    name, closed, rest = rest.rpartition(b") ")
    fields = rest.split()
    if not closed or len(fields) < 22 or not pid.isdigit():
        return None
    numbers = (fields[1], fields[11], fields[12], fields[19], fields[21])
    if not all(re.fullmatch(rb"-?\d{1,20}", number) for number in numbers):
        return None
    parent, user, system, start, rss = (int(number) for number in numbers)
    process = Process(
        pid=int(pid),
        parent=parent,
        name=name.decode("utf-8", "replace"),
        start=start / _TICKS,
        cpu=(user + system) / _TICKS,
        rss=rss * _PAGE,
    )
    return process, fields[0].decode("ascii", "replace")


def _processes(proc: Path) -> Iterator[Process]:
    pids = [name for name in os.listdir(proc) if name.isdecimal()]  # noqa: PTH208 - names are all we need
    # A part of them is no table: what is sought may be in the rest, and would be called dead.
    if len(pids) > MOST_PROCESSES:
        raise CollectError(f"{len(pids)} processes, more than the {MOST_PROCESSES} that are read")
    for pid in pids:
        parsed = parse_stat(_bytes(proc / pid / "stat", _STAT_BYTES))
        if parsed is not None and parsed[1] not in _GONE:
            yield parsed[0]


def _bytes(path: Path, most: int) -> bytes:
    """A file's beginning, nothing where its process has ended meanwhile."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(file, most)
    except OSError:
        return b""
    finally:
        os.close(file)
