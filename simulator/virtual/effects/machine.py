"""The gateway's machine, its volumes and disks, its room, and the agent's own clock."""

from simulator import faults
from simulator.virtual.effects.telling import (
    ahead,
    alter,
    change,
    retell,
    story,
)
from simulator.virtual.machine import Volume
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values


@alter.register
def _(fault: faults.VolumeFill, thing: Thing, values: Values, at: float) -> None:
    if "size_bytes" in values:
        change(values, fill_ratio=fault.to, free_bytes=float(round(values["size_bytes"] * (1 - fault.to))))


@alter.register
def _(fault: faults.VolumeReadOnly, thing: Thing, values: Values, at: float) -> None:
    change(values, read_only=1.0)


@story.register
def _(fault: faults.VolumeReadOnly, thing: Thing) -> list[Happening]:
    where: Facts = {"path": thing.title}
    read_only, writable = "volume.remounted_read_only", "volume.remounted_read_write"
    return [Happening(fault.at, read_only, where), Happening(fault.end, writable, where)]


@ahead.register
def _(fault: faults.AgentClockJump, at: float) -> float:
    return fault.by


@ahead.register
def _(fault: faults.AgentClockDrift, at: float) -> float:
    return fault.a_day * (at - fault.at) / DAY


@alter.register
def _(fault: faults.VolumeGrows, thing: Thing, values: Values, at: float) -> None:
    if "size_bytes" not in values:
        return
    fill = min(0.999, values["fill_ratio"] + fault.a_day * (at - fault.at) / DAY)
    size = values["size_bytes"]
    change(values, fill_ratio=fill, free_bytes=float(round(size * (1 - fill))))
    values |= {"fill_bytes_per_second": fault.a_day * size / DAY, "full_in_days": (1.0 - fill) / fault.a_day}


@alter.register
def _(fault: faults.InodesUsed, thing: Thing, values: Values, at: float) -> None:
    change(values, inodes_used_ratio=fault.to)


@alter.register
def _(fault: faults.VolumeUnencrypted, thing: Thing, values: Values, at: float) -> None:
    change(values, encrypted=0.0)


@retell.register
def _(fault: faults.VolumeUnencrypted, facts: Facts) -> None:
    facts["encryption"] = "none"


@alter.register
def _(fault: faults.BackupStale, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Volume):
        change(values, backup_age_seconds=at - thing.last(fault.at))


@alter.register
def _(fault: faults.BackupUnreadable, thing: Thing, values: Values, at: float) -> None:
    change(values, backup_readable=0.0)


@retell.register
def _(fault: faults.BackupUnreadable, facts: Facts) -> None:
    facts["sample"] = "is no archive"


@alter.register
def _(fault: faults.DiskWears, thing: Thing, values: Values, at: float) -> None:
    change(values, **{f"smart_{fault.what}": 1.0 + fault.a_day * (at - fault.at) // DAY})


@alter.register
def _(fault: faults.DiskUnhealthy, thing: Thing, values: Values, at: float) -> None:
    change(values, smart_healthy=0.0)


@alter.register
def _(fault: faults.DiskHot, thing: Thing, values: Values, at: float) -> None:
    change(values, temperature_celsius=fault.celsius)


@alter.register
def _(fault: faults.DiskGone, thing: Thing, values: Values, at: float) -> None:
    values.clear()
    values["present"] = 0.0


@alter.register
def _(fault: faults.ArrayDegraded, thing: Thing, values: Values, at: float) -> None:
    change(values, raid_degraded=1.0, raid_disks_missing=float(fault.missing))


@alter.register
def _(fault: faults.HostOverloaded, thing: Thing, values: Values, at: float) -> None:
    change(values, cpu_ratio=fault.cpu, load1_ratio=fault.load, memory_used_ratio=fault.memory)


@alter.register
def _(fault: faults.HostHot | faults.RoomHot, thing: Thing, values: Values, at: float) -> None:
    change(values, temperature_celsius=fault.celsius)


@alter.register
def _(fault: faults.RoomHumid, thing: Thing, values: Values, at: float) -> None:
    change(values, humidity_ratio=fault.share)


@alter.register
def _(fault: faults.TimeLost, thing: Thing, values: Values, at: float) -> None:
    change(values, clock_synchronised=0.0, clock_reference=0.0)
    for name in ("clock_offset_seconds", "clock_offset_error_seconds"):
        values.pop(name, None)


@story.register
def _(fault: faults.FootageRead, thing: Thing) -> list[Happening]:
    moment = (thing.sky.start - thing.sky.offset + fault.at) * 1000.0
    who: Facts = {"process": fault.program, "user": fault.user, "path": "/srv/recordings/camera-01/00.mp4"}
    data = who | {"pid": 4711.0, "count": 1.0, "first": moment, "last": moment}
    return [Happening(fault.at, "footage.read", data)]


@alter.register
def _(fault: faults.UpsOnBattery, thing: Thing, values: Values, at: float) -> None:
    left = max(0.05, 1.0 - (at - fault.at) / (60.0 * fault.minutes))
    low, runtime = float(left < 0.2), 60.0 * fault.minutes * left
    change(values, on_battery=1.0, battery_low=low, battery_charge_ratio=left, battery_runtime_seconds=runtime)


@story.register
def _(fault: faults.UpsOnBattery, thing: Thing) -> list[Happening]:
    out: Facts = {"ups": thing.title, "status": "OB DISCHRG", "charge_ratio": 1.0}
    back: Facts = {"ups": thing.title, "status": "OL CHRG", "seconds": fault.end - fault.at}
    return [Happening(fault.at, "power.on_battery", out), Happening(fault.end, "power.restored", back)]


@alter.register
def _(fault: faults.BatteryWorn, thing: Thing, values: Values, at: float) -> None:
    change(values, battery_replace=1.0)
