"""The disks of a recorder (`storageDevice.cgi`), and whether it overwrites. Tables to records; pure."""

from dataclasses import replace

from agent.dahua.table import Table, flag, number, rows
from agent.device.text import printable
from agent.recorder.model import Drive

MAX_DRIVES = 64
MAX_PARTITIONS = 64
SMALLEST = 1e9
"""Bytes: a smaller figure is no disk's size, but one in another unit."""
LARGEST = 1e17
"""Bytes: a larger one is no size at all, and two of them may be no number any more."""

_WELL = frozenset({"success", "running", "active", "normal", "ok", "good", "online", "readwrite", "healthy"})
_ASLEEP = frozenset({"sleeping", "sleep", "standby", "dormant"})
_ILL = frozenset(
    {"error", "failure", "failed", "fail", "abnormal", "offline", "degraded", "inactive", "unformatted", "bad"}
)
_GONE = frozenset({"notexist", "nodisk", "missing", "removed", "lost"})


def drives(table: Table) -> list[Drive]:
    """Of `getDeviceAllInfo`: newer firmwares say `list.info[0]`, older ones `list[0]`. Models and serial numbers of
    disks are not told."""
    listed = rows(table, "list.info", MAX_DRIVES) or rows(table, "list", MAX_DRIVES) or rows(table, "info", MAX_DRIVES)
    found: dict[str, Drive] = {}
    for index, row in listed.items():
        drive = _drive(index, row)
        if drive.token in found:  # two disks of one name are still two
            drive = replace(drive, token=f"{drive.token} {index + 1}")
        found[drive.token] = drive
    return list(found.values())


def overwrites(*tables: Table) -> bool | None:
    """Whether the oldest recordings give way: the setting `OverWrite`, wherever a firmware keeps it; None untold.

    Groups may differ: one that does not overwrite will stop recording, so it decides."""
    told = [
        flag(value)
        for table in tables
        for key, value in table.items()
        if key.rpartition(".")[2] in ("overwrite", "isoverwrite", "overwriteenable")
    ]
    known = [one for one in told if one is not None]
    return all(known) if known else None


def _drive(index: int, row: Table) -> Drive:
    name, state = printable(row.get("name"), 60), printable(row.get("state") or row.get("status"), 40)
    word = state.lower().replace(" ", "")
    parts = list(rows(row, "detail", MAX_PARTITIONS).values())
    broken = any(flag(part.get("iserror")) for part in parts)
    well = word in _WELL or word in _ASLEEP
    size, free = _sizes(parts)
    return Drive(
        token=name or str(index + 1),
        healthy=False if broken or word in _ILL or word in _GONE else True if well else None,
        present=word not in _GONE,
        status="error" if broken and well else state,
        size_bytes=size,
        free_bytes=free,
    )


def _sizes(parts: list[dict[str, str]]) -> tuple[float | None, float | None]:
    """Size and free space: a disk is the sum of its partitions."""
    total, used = _sum(parts, "totalbytes"), _sum(parts, "usedbytes")
    if total is None or total < SMALLEST:
        return None, None
    return total, None if used is None else max(0.0, total - used)


def _sum(parts: list[dict[str, str]], name: str) -> float | None:
    figures = [figure for part in parts if (figure := number(part.get(name))) is not None]
    return sum(figures) if figures and max(figures) <= LARGEST else None
