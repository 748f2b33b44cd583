"""What a recorder says of itself: who it is, its clock's keeping, its health, its accounts. Tables to records; pure."""

import re

from agent.dahua.table import Table, flag, last_named, moment, number, rows, whole
from agent.dahua.zone import OFFSETS
from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.recorder.model import Condition, Identity, TimeSettings, User

MAX_USERS = 256
MAX_SERVERS = 8
MAX_UPTIME = 10 * 365 * 86_400.0
"""Longer no recorder ran without a restart: a total over all its life was told."""


def shown(table: Table) -> int:
    """What its clock shows (`result=2026-1-2 03:04:05`), wall clock seconds. Raises BadAnswer."""
    wall = moment(last_named(table, "result", "time"))
    if wall is None:
        raise BadAnswer("tells no time")
    return wall


def identity(system: Table, software: Table, kind: Table, vendor: Table, serial: Table) -> Identity:
    """Of `getSystemInfo`, `getSoftwareVersion`, `getDeviceType`, `getVendor`, `getSerialNo`; those not told are empty.

    Raises BadAnswer where nothing of it is told."""
    # Some firmwares say the type as a number, and the name of the model where updates are looked for.
    model = kind.get("type") or system.get("devicetype", "")
    if model.isdecimal() or not model:
        model = system.get("updateserial") or model
    number_ = system.get("serialnumber") or serial.get("sn", "")
    version = software.get("version", "")
    found = Identity(
        printable(vendor.get("vendor") or "Dahua"),
        printable(model),
        printable(version.replace(",build:", " build ")),
        printable(number_),
    )
    if not (found.model or found.firmware or found.serial):
        raise BadAnswer("tells neither model nor firmware nor serial number")
    return found


def time_settings(ntp: Table, utc_offset_seconds: int | None = None) -> TimeSettings:
    """Of the configuration `NTP`, with what the clock shows more than UTC."""
    addresses = [ntp.get("table.ntp.address", "")]
    addresses += [
        row.get("address", "")
        for row in rows(ntp, "table.NTP.ServerList", MAX_SERVERS).values()
        if flag(row.get("enable")) is not False
    ]
    servers = tuple(dict.fromkeys(text for a in addresses if (text := printable(a, 100))))
    index = whole(ntp.get("table.ntp.timezone"))
    named = printable(ntp.get("table.ntp.timezonedesc", ""), 60)
    if not named and index is not None and 0 <= index < len(OFFSETS):
        named = _utc(OFFSETS[index])
    return TimeSettings(flag(ntp.get("table.ntp.enable")), servers, named, utc_offset_seconds)


def condition(cpu: Table | None, memory: Table | None, uptime: Table | None) -> Condition:
    """Of `getCPUUsage` (a percentage), `getMemoryInfo` and `getUpTime` (seconds since the last start)."""
    percent = number(last_named(cpu or {}, "usage", "cpuusage"))
    total = number(last_named(memory or {}, "total"))
    used, free = (number(last_named(memory or {}, name)) for name in ("used", "free"))
    if used is None and free is not None and total:
        used = total - free
    since = number(last_named(uptime or {}, "last", "up", "uptime"))
    return Condition(
        cpu_ratio=percent / 100 if percent is not None and percent <= 100 else None,
        memory_used_ratio=used / total if used is not None and total and 0 <= used <= total else None,
        uptime_seconds=since if since is not None and since <= MAX_UPTIME else None,
    )


def users(table: Table) -> list[User]:
    """Of `getUserInfoAll`."""
    found: list[User] = []
    for row in rows(table, "users", MAX_USERS).values():
        name, group = printable(row.get("name"), 60), printable(row.get("group"), 60)
        if name:
            administrator = re.fullmatch(r"admin(istrators?)?", group, re.I) is not None
            found.append(User(name, group, administrator if group else None))
    return found


def _utc(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"UTC{sign}{abs(offset) // 3600:02}:{abs(offset) % 3600 // 60:02}"
