"""What a recorder tells of its channels, recordings, disks and accounts."""

from simulator import faults
from simulator.virtual.effects.telling import (
    alarm,
    alter,
    change,
    leave,
    missing,
    story,
    unrecorded,
    untold,
)
from simulator.virtual.recorder import Channel, Disk, Storage
from simulator.virtual.software import Footage, Software
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values


@alter.register
def _(fault: faults.ChannelOff, thing: Thing, values: Values, at: float) -> None:
    if "online" not in values:  # files tell of nothing but what was recorded
        return
    leave(values, ("online", "listed", "recording_", "video_loss"))
    values["online"] = 0.0
    unrecorded(fault, thing, values, at)


@alter.register
def _(fault: faults.ChannelGone, thing: Thing, values: Values, at: float) -> None:
    if "online" not in values:
        return
    leave(values, ("online", "listed", "recording_"))
    values["online"] = 0.0
    change(values, listed=0.0)
    unrecorded(fault, thing, values, at)


@alter.register
def _(fault: faults.VideoLoss, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Channel) and thing.plans_known:
        values["video_loss"] = 1.0


@story.register
def _(fault: faults.VideoLoss, thing: Thing) -> list[Happening]:
    return [] if untold(fault, thing) else alarm(fault, "hardware.video_loss", "VideoLoss")


@alter.register
def _(fault: faults.RecordingStopped, thing: Thing, values: Values, at: float) -> None:
    unrecorded(fault, thing, values, at)


@alter.register
def _(fault: faults.RecordingGap | faults.RecordingsIncomplete, thing: Thing, values: Values, at: float) -> None:
    begin = fault.at - fault.ago
    missing(thing, values, at, begin, begin + fault.length)


@story.register
def _(fault: faults.RecordingGap, thing: Thing) -> list[Happening]:
    begin = fault.at - fault.ago
    start = thing.sky.start - thing.sky.offset
    data: Facts = {"from": (start + begin) * 1000.0, "to": (start + begin + fault.length) * 1000.0}
    return [] if untold(fault, thing) else [Happening(fault.at, "recording.gap", data | {"seconds": fault.length})]


@alter.register
def _(fault: faults.PlanOff, thing: Thing, values: Values, at: float) -> None:
    change(values, recording_plan_enabled=0.0, recording_planned=0.0, recording_active=0.0)
    change(values, recording_newest_age_seconds=at - fault.at)
    for name in ("recording_gaps", "recording_longest_gap_seconds", "recording_integrity_ratio"):
        values.pop(name, None)


@alter.register
def _(fault: faults.HistoryShort, thing: Thing, values: Values, at: float) -> None:
    change(values, recording_age_seconds=fault.days * DAY, recording_retention_days=fault.days)


@alter.register
def _(fault: faults.DiskFails, thing: Thing, values: Values, at: float) -> None:
    if fault.state == "missing":
        _lose_disk(thing, fault.slot, values)
    elif isinstance(thing, Disk) and thing.slot == fault.slot and values:
        values["disk_healthy"] = 0.0


def _lose_disk(thing: Thing, slot: int, values: Values) -> None:
    """The disk is not there, and the store half as large."""
    if isinstance(thing, Storage):
        change(values, size_bytes=thing.SIZE / 2)
    elif isinstance(thing, Disk) and thing.slot == slot and values:
        values.clear()
        values["present"] = 0.0


@alter.register
def _(fault: faults.HardwareAlarm, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device:
        values[fault.alarm] = 1.0


@story.register
def _(fault: faults.HardwareAlarm, thing: Thing) -> list[Happening]:
    return alarm(fault, f"hardware.{fault.alarm}", fault.alarm)


@alter.register
def _(fault: faults.AccountAdded, thing: Thing, values: Values, at: float) -> None:
    if "accounts" in values:
        values["accounts"] += 1
        values["administrators"] += fault.level == "administrator"


@story.register
def _(fault: faults.AccountAdded, thing: Thing) -> list[Happening]:
    who: Facts = {"user": fault.user, "level": fault.level}
    added, removed = "recorder.account_added", "recorder.account_removed"
    return [] if untold(fault, thing) else [Happening(fault.at, added, who), Happening(fault.end, removed, who)]


@story.register
def _(fault: faults.FootageTaken, thing: Thing) -> list[Happening]:
    if thing.parent is None or untold(fault, thing):
        return []
    data: Facts = {"user": fault.user, "address": fault.address, "channel": thing.id}
    return [Happening(fault.at, "footage.downloaded", data, thing.parent.id)]


@alter.register
def _(fault: faults.RetentionFalls, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Channel | Footage) and "recording_retention_days" in values:
        usual = values["recording_retention_days"]
        lost = max(0.0, usual - fault.to)
        if fault.cause != "lost_disk":
            lost = min(lost, fault.a_day * (at - fault.at) / DAY)
        change(values, recording_retention_days=usual - lost, recording_age_seconds=(usual - lost) * DAY)
        if fault.cause == "bitrate" and "recording_bytes_per_second" in values:
            values["recording_bytes_per_second"] *= usual / min(usual, fault.to)
    elif fault.cause == "lost_disk" and isinstance(thing, Disk | Storage):
        _lose_disk(thing, 2, values)


@alter.register
def _(fault: faults.WriteRate, thing: Thing, values: Values, at: float) -> None:
    if "recording_bytes_per_second" in values:
        values["recording_bytes_per_second"] *= fault.times


@alter.register
def _(fault: faults.ProcessDown, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Software):
        values.clear()
        values |= {"process_running": 0.0, "process_count": 0.0}
    else:
        change(values, recording_bytes_per_second=0.0)
        unrecorded(fault, thing, values, at)


@story.register
def _(fault: faults.ProcessDown, thing: Thing) -> list[Happening]:
    data: Facts = {"name": thing.title, "restarts": 1.0, "down_seconds": fault.end - fault.at}
    return [Happening(fault.end, "process.restarted", data)]
