"""What each kind of fault changes about what is told of a device: a function a kind, and one where it has events.

`alter` changes the values of the device it befalls, and of those that hang on it; `story` is what the device tells as
it begins and ends; `retell` changes facts. A fault that changes nothing has no business in a script: a test says so.
"""

from functools import singledispatch

from simulator import faults
from simulator.pictures.place import Fault as Spoilt
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values
from simulator.virtual.things import Disk, Volume

_OVER_THE_ACCOUNT = (
    *("authenticated", "response_seconds", "streaming", "stream_response_seconds", "profiles", "ntp_enabled"),
    *("clock_offset_seconds", "clock_offset_error_seconds", "accounts", "administrators", "cpu_ratio"),
    *("memory_used_ratio", "uptime_seconds", "recording_age_seconds", "recording_newest_age_seconds"),
    *("storage_failure", "fan_failure", "power_failure", "temperature_critical", "events_silence_seconds"),
)
"""What nobody can know of a camera or recorder that does not answer."""

FLAGS: dict[tuple[Spoilt, bool], str] = {
    (Spoilt.DEFOCUSED, True): "blurred",
    (Spoilt.DEFOCUSED, False): "blurred",
    (Spoilt.SPRAYED, True): "dirty",
    (Spoilt.SPRAYED, False): "dirty",
    (Spoilt.WEB, True): "dirty",
    (Spoilt.WEB, False): "dirty",
    (Spoilt.TAPED, True): "covered",
    (Spoilt.TAPED, False): "infrared_dead",
    (Spoilt.CLOTH, True): "covered",
    (Spoilt.CLOTH, False): "covered",
    (Spoilt.PAPER, True): "covered",
    (Spoilt.PAPER, False): "covered",
    (Spoilt.UNDEREXPOSED, True): "dark",
    (Spoilt.UNDEREXPOSED, False): "infrared_dead",
    (Spoilt.OVEREXPOSED, True): "bright",
    (Spoilt.OVEREXPOSED, False): "bright",
    (Spoilt.COLOURLESS, True): "colour_lost",
    (Spoilt.INFRARED_DEAD, False): "infrared_dead",
    (Spoilt.TURNED, True): "moved",
    (Spoilt.TURNED, False): "moved",
    (Spoilt.FROZEN, True): "frozen",
    (Spoilt.FROZEN, False): "frozen",
}
"""(what is wrong, by daylight) → the flag that the agent's own pictures collector raises (measured: its matrix)."""


def _forget(values: Values, *metrics: str) -> None:
    for metric in metrics:
        values.pop(metric, None)


def _silence(thing: Thing, befallen: bool, values: Values, connectable: float) -> None:
    """No answer: of what hangs on it nobody knows anything."""
    if not befallen:
        values.clear()
        return
    _forget(values, *_OVER_THE_ACCOUNT, *[name for name in values if name.startswith("picture_")])
    values |= {"reachable": 0.0, "connectable": connectable, "events_subscribed": 0.0}
    if not connectable:
        _forget(values, "ping_seconds")
        values["ping_loss_ratio"] = 1.0


@singledispatch
def alter(fault: faults.AnyFault, thing: Thing, values: Values, at: float) -> None:
    """Change the values of a moment. `thing` is the one befallen, or one that hangs on it."""


@singledispatch
def story(fault: faults.AnyFault, thing: Thing) -> list[Happening]:
    """What the befallen device tells over its events, in the order of their times."""
    return []


@singledispatch
def retell(fault: faults.AnyFault, facts: Facts) -> None:
    """Change its facts while the fault lasts."""


# Cameras and recorders


@alter.register(faults.CameraOff | faults.RecorderOff)
def _(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    _silence(thing, thing.id == fault.device, values, 0.0)


@alter.register(faults.CameraHang | faults.Misbehaves)
def _(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    _silence(thing, thing.id == fault.device, values, 1.0)


@alter.register(faults.CameraPassword | faults.RecorderPassword)
def _(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    if thing.id != fault.device:
        values.clear()
        return
    _forget(values, *[name for name in _OVER_THE_ACCOUNT if not name.startswith(("clock_", "response_"))])
    values |= {"authenticated": 0.0, "account_paused": 1.0, "events_subscribed": 0.0}


@alter.register
def _(fault: faults.ClockJump, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device and "clock_offset_seconds" in values:
        values["clock_offset_seconds"] -= fault.by


@alter.register
def _(fault: faults.ClockDrift, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device and "clock_offset_seconds" in values:
        values["clock_offset_seconds"] -= fault.a_day * (at - fault.at) / DAY


@story.register
def _(fault: faults.FirmwareChanged, thing: Thing) -> list[Happening]:
    usual = thing.facts().get("firmware")
    kind = "device.firmware_changed"
    return [
        Happening(fault.at, kind, {"before": usual, "after": fault.to}),
        Happening(fault.end, kind, {"before": fault.to, "after": usual}),
    ]


@retell.register
def _(fault: faults.FirmwareChanged, facts: Facts) -> None:
    facts["firmware"] = fault.to


# Streams and pictures


@alter.register
def _(fault: faults.StreamLost, thing: Thing, values: Values, at: float) -> None:
    _forget(values, "stream_response_seconds")
    values["streaming"] = 0.0


@alter.register
def _(fault: faults.PictureSpoilt, thing: Thing, values: Values, at: float) -> None:
    flag = FLAGS.get((fault.how, thing.sky.daylight(at)))
    if "picture_taken" not in values or flag is None:
        return
    values[f"picture_{flag}"] = 1.0
    if flag == "blurred":
        values["picture_sharpness_ratio"] = 0.2
    elif flag in ("dark", "infrared_dead"):
        values["picture_brightness_ratio"] = 0.03
    elif flag == "frozen":
        values["picture_change_ratio"] = 0.0
    elif flag in ("moved", "covered"):
        values["picture_similarity_ratio"] = 0.3


# What a recorder tells


@alter.register
def _(fault: faults.ChannelOff, thing: Thing, values: Values, at: float) -> None:
    values.clear()
    values["online"] = 0.0


@alter.register
def _(fault: faults.VideoLoss, thing: Thing, values: Values, at: float) -> None:
    _forget(values, *[name for name in values if name.startswith("picture_")])
    values["video_loss"] = 1.0


@story.register
def _(fault: faults.VideoLoss, thing: Thing) -> list[Happening]:
    return _alarm(fault, "hardware.video_loss")


def _alarm(fault: faults.FaultBase, kind: str) -> list[Happening]:
    return [Happening(fault.at, kind, {"active": True}), Happening(fault.end, kind, {"active": False})]


@alter.register
def _(fault: faults.RecordingStopped, thing: Thing, values: Values, at: float) -> None:
    values |= {"recording_active": 0.0, "recording_bytes_per_second": 0.0}
    values["recording_newest_age_seconds"] = at - fault.at
    values["recording_stalled"] = float(at - fault.at > 150.0)
    _missing(thing, values, at, fault.at, at)


@alter.register
def _(fault: faults.RecordingGap, thing: Thing, values: Values, at: float) -> None:
    begin = fault.at - fault.ago
    _missing(thing, values, at, begin, begin + fault.length)


def _missing(thing: Thing, values: Values, at: float, begin: float, end: float) -> None:
    """Recordings of begin to end are not there: the day before tells of it, as it is the last that is over."""
    sky = thing.sky
    midnight = sky.day(at) * DAY - sky.start
    gap = min(end, midnight) - max(begin, midnight - DAY)
    if gap > 0:
        values |= {
            "recording_gaps": 1.0,
            "recording_longest_gap_seconds": gap,
            "recording_integrity_ratio": 1.0 - gap / DAY,
        }


@alter.register
def _(fault: faults.PlanOff, thing: Thing, values: Values, at: float) -> None:
    _forget(values, "recording_planned", "recording_stalled")
    values |= {"recording_plan_enabled": 0.0, "recording_active": 0.0, "recording_bytes_per_second": 0.0}
    values["recording_newest_age_seconds"] = at - fault.at


@alter.register
def _(fault: faults.HistoryShort, thing: Thing, values: Values, at: float) -> None:
    values |= {"recording_age_seconds": fault.days * DAY, "recording_retention_days": fault.days}


@alter.register
def _(fault: faults.DiskFails, thing: Thing, values: Values, at: float) -> None:
    if not isinstance(thing, Disk) or thing.slot != fault.slot:
        return
    if fault.state == "missing":
        values.clear()
        values["present"] = 0.0
    elif fault.state == "smart_failing":
        values["smart_healthy"] = 0.0
    else:
        values["disk_healthy"] = 0.0


@alter.register
def _(fault: faults.HardwareAlarm, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device:
        values[fault.alarm] = 1.0


@story.register
def _(fault: faults.HardwareAlarm, thing: Thing) -> list[Happening]:
    return _alarm(fault, f"hardware.{fault.alarm}")


@alter.register
def _(fault: faults.AccountAdded, thing: Thing, values: Values, at: float) -> None:
    if "accounts" in values:
        values["accounts"] += 1
        values["administrators"] += fault.level == "administrator"


@story.register
def _(fault: faults.AccountAdded, thing: Thing) -> list[Happening]:
    who: Facts = {"user": fault.user, "level": fault.level}
    added, removed = "recorder.account_added", "recorder.account_removed"
    return [Happening(fault.at, added, who), Happening(fault.end, removed, who)]


@story.register
def _(fault: faults.FootageTaken, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "footage.downloaded", {"user": fault.user, "address": fault.address})]


# Doors


@alter.register
def _(fault: faults.DoorHeld, thing: Thing, values: Values, at: float) -> None:
    values |= {"door_open": 1.0, "door_locked": 0.0}


@story.register
def _(fault: faults.DoorHeld, thing: Thing) -> list[Happening]:
    return _opened(fault)


def _opened(fault: faults.FaultBase) -> list[Happening]:
    opened = Happening(fault.at, "door.opened", {"state": "Open"})
    return [opened, Happening(fault.end, "door.closed", {"state": "Closed"})]


@alter.register
def _(fault: faults.DoorForced, thing: Thing, values: Values, at: float) -> None:
    values |= {"door_open": 1.0, "door_locked": 0.0, "door_alarm": 1.0}


@story.register
def _(fault: faults.DoorForced, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.alarm", {"state": "DoorForcedOpen"}), *_opened(fault)]


@alter.register
def _(fault: faults.DoorTampered, thing: Thing, values: Values, at: float) -> None:
    values["door_alarm"] = 1.0


@story.register
def _(fault: faults.DoorTampered, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.tamper", {"state": "TamperDetected"})]


@alter.register
def _(fault: faults.DoorFails, thing: Thing, values: Values, at: float) -> None:
    values["door_fault"] = 1.0


@story.register
def _(fault: faults.DoorFails, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.fault", {"state": "FaultDetected"})]


@story.register
def _(fault: faults.DoorDenied, thing: Thing) -> list[Happening]:
    return [Happening(fault.at + 2.0 * turn, "door.access_denied", {"token": thing.id}) for turn in range(fault.times)]


@story.register
def _(fault: faults.DoorDuress, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.duress", {"token": thing.id})]


# Switches


@alter.register
def _(fault: faults.SwitchOff, thing: Thing, values: Values, at: float) -> None:
    if thing.id != fault.device:
        values.clear()
        return
    _forget(values, *[name for name in values if not name.startswith(("requests_", "account_"))])
    values |= {"reachable": 0.0, "ping_loss_ratio": 1.0}


@alter.register
def _(fault: faults.PortDown, thing: Thing, values: Values, at: float) -> None:
    _forget(values, "link_speed_bits_per_second")
    rates = ("network_receive_bytes_per_second", "network_transmit_bytes_per_second", "poe_power_watts")
    values |= {"link_up": 0.0, "poe_delivering": 0.0, **dict.fromkeys(rates, 0.0)}


@alter.register
def _(fault: faults.PortErrors, thing: Thing, values: Values, at: float) -> None:
    values["network_errors_per_second"] = fault.rate


@alter.register
def _(fault: faults.PowerLost, thing: Thing, values: Values, at: float) -> None:
    values |= {"link_up": 0.0, "poe_delivering": 0.0, "poe_fault": 1.0, "poe_power_watts": 0.0}


# The gateway itself


@alter.register
def _(fault: faults.VolumeFill, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Volume):
        values |= {"fill_ratio": fault.to, "free_bytes": thing.script.size * (1 - fault.to)}


@alter.register
def _(fault: faults.VolumeReadOnly, thing: Thing, values: Values, at: float) -> None:
    values["read_only"] = 1.0


@story.register
def _(fault: faults.VolumeReadOnly, thing: Thing) -> list[Happening]:
    where: Facts = {"path": thing.title}
    read_only, writable = "volume.remounted_read_only", "volume.remounted_read_write"
    return [Happening(fault.at, read_only, where), Happening(fault.end, writable, where)]
