"""What each kind of fault changes about what is told of a device: a function a kind, and one where it has events.

`alter` changes the values of the device it befalls, and of those that hang on it; `story` is what is told as events as
it begins and ends; `retell` changes facts. Each as the agent's own collectors told it of a simulated device in that
state; tests/simulator/virtual/test_contract.py looks again. A fault that changes nothing has no business in a script:
`untold` says so.
"""

from functools import singledispatch

from simulator import faults
from simulator.device.server import Misbehaviour
from simulator.pictures.place import Fault as Spoilt
from simulator.virtual.camera import Camera
from simulator.virtual.recorder import Channel, Disk, Recorder, Storage
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values

PAUSE_SECONDS = 1800.0
"""For so long an account that was refused is left alone."""

STALLED_SECONDS = 600.0
"""From so long without a new recording on, though the plan wants one, a channel counts as stalled."""

MUTE = frozenset(
    {
        *(Misbehaviour.HANG, Misbehaviour.DRIP, Misbehaviour.HEADER_DRIP),
        *(Misbehaviour.CONTINUE, Misbehaviour.CHUNK_DRIP, Misbehaviour.TRAILERS),
    }
)
"""Misbehaviour that never comes to an answer; the others are answers, if not to what was asked."""

_KNOWN_OF_ALL = ("connectable", "reachable", "account_paused", "authenticated", "requests_", "ping_")
_EVENTS = ("events_subscribed", "events_unknown")

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


Spared = tuple[str, ...]


def _leave(values: Values, spared: Spared) -> None:
    """Forget what does not begin like this."""
    for name in [name for name in values if not name.startswith(spared)]:
        del values[name]


def _change(values: Values, **changes: float) -> None:
    """Of what is told at this moment: what is asked seldom keeps its pace."""
    values |= {name: value for name, value in changes.items() if name in values}


def _streams(thing: Thing) -> bool:
    """Whether its events come over a connection that stays open, whatever new questions meet with."""
    return isinstance(thing, Recorder) and thing.speaks != "onvif"


@singledispatch
def alter(fault: faults.AnyFault, thing: Thing, values: Values, at: float) -> None:
    """Change the values of a moment. `thing` is the one befallen, or one that hangs on it."""


@singledispatch
def story(fault: faults.AnyFault, thing: Thing) -> list[Happening]:
    """What is told of the befallen device as events, in the order of their times."""
    return []


@singledispatch
def retell(fault: faults.AnyFault, facts: Facts) -> None:
    """Change its facts while the fault lasts."""


@singledispatch
def ahead(fault: faults.AnyFault, at: float) -> float:
    """How far the agent's own clock runs ahead through it, in seconds."""
    return 0.0


def untold(fault: faults.AnyFault, thing: Thing) -> str:
    """Why nothing is told of this fault on this device; empty where something is."""
    recorder = thing if isinstance(thing, Recorder) else thing.parent
    if not isinstance(recorder, Recorder) or recorder.speaks != "onvif":
        return ""
    if isinstance(fault, faults.VideoLoss | faults.RecordingGap | faults.DiskFails | faults.FootageTaken):
        return "a recorder that is asked over ONVIF does not tell of it"
    if isinstance(fault, faults.AccountAdded):
        return "a recorder that is asked over ONVIF tells its accounts to administrators only"
    return ""


# Cameras and recorders


def _silence(thing: Thing, befallen: bool, values: Values, connectable: bool) -> None:
    """No answer: of what hangs on it nobody knows anything."""
    if not befallen:
        values.clear()
        return
    _leave(values, (*_KNOWN_OF_ALL, *_EVENTS))
    del values["authenticated"]
    values |= {"reachable": 0.0, "connectable": float(connectable)}
    if connectable:
        _deafen(thing, values)
        return
    values["events_subscribed"] = 0.0
    values.pop("ping_seconds", None)
    values["ping_loss_ratio"] = 1.0


def _deafen(thing: Thing, values: Values) -> None:
    """Its events can't be heard, unless they come over a connection that is open."""
    values["events_subscribed"] = float(_streams(thing))


@alter.register(faults.CameraOff | faults.RecorderOff)
def _(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    _silence(thing, thing.id == fault.device, values, connectable=False)


@alter.register
def _(fault: faults.CameraHang, thing: Thing, values: Values, at: float) -> None:
    _silence(thing, thing.id == fault.device, values, connectable=True)


@alter.register
def _(fault: faults.Misbehaves, thing: Thing, values: Values, at: float) -> None:
    if fault.how in MUTE:
        _silence(thing, thing.id == fault.device, values, connectable=True)
        return
    # It answers, so it is there; what it says is nothing that can be read.
    _leave(values, (*_KNOWN_OF_ALL, *_EVENTS, "stream") if thing.id == fault.device else ("-",))
    if thing.id == fault.device:
        _deafen(thing, values)


@alter.register
def _(fault: faults.CameraPassword, thing: Thing, values: Values, at: float) -> None:
    _leave(values, (*_KNOWN_OF_ALL, *_EVENTS, "clock_", "response_"))
    values |= {"authenticated": 0.0, "account_paused": 1.0, "events_subscribed": 0.0}


@alter.register
def _(fault: faults.RecorderPassword, thing: Thing, values: Values, at: float) -> None:
    if not isinstance(thing, Recorder):
        values.clear()
        return
    values |= {"authenticated": 0.0, "account_paused": 1.0}
    _deafen(thing, values)
    if thing.speaks == "onvif":  # it tells everyone its time
        _leave(values, (*_KNOWN_OF_ALL, *_EVENTS, "clock_", "response_"))
        return
    _leave(values, (*_KNOWN_OF_ALL, *_EVENTS))
    if int((at - fault.at) // PAUSE_SECONDS) == int((thing.since - fault.at) // PAUSE_SECONDS):
        del values["reachable"], values["authenticated"]  # not asked now


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
    if not isinstance(thing, Camera):  # of a recorder only the facts change
        return []
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
    _change(values, streaming=0.0)
    values.pop("stream_response_seconds", None)


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
    elif flag == "bright":
        values["picture_brightness_ratio"] = 0.95
    elif flag == "frozen":
        values["picture_change_ratio"] = 0.0
    elif flag in ("moved", "covered"):
        values["picture_similarity_ratio"] = 0.3


# What a recorder tells


@alter.register
def _(fault: faults.ChannelOff, thing: Thing, values: Values, at: float) -> None:
    _leave(values, ("online", "recording_", "video_loss"))
    values["online"] = 0.0
    _unrecorded(fault, thing, values, at)


def _unrecorded(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    """Nothing is recorded since the fault began."""
    gone = at - fault.at
    stalled = float(gone > STALLED_SECONDS)
    _change(values, recording_active=0.0, recording_newest_age_seconds=gone, recording_stalled=stalled)
    _missing(thing, values, at, fault.at, at)


@alter.register
def _(fault: faults.VideoLoss, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Channel) and thing.plans_known:
        values["video_loss"] = 1.0


@story.register
def _(fault: faults.VideoLoss, thing: Thing) -> list[Happening]:
    return [] if untold(fault, thing) else _alarm(fault, "hardware.video_loss", "VideoLoss")


def _alarm(fault: faults.FaultBase, kind: str, code: str) -> list[Happening]:
    return [
        Happening(fault.at, kind, {"active": True, "code": code}),
        Happening(fault.end, kind, {"active": False, "code": code}),
    ]


@alter.register
def _(fault: faults.RecordingStopped, thing: Thing, values: Values, at: float) -> None:
    _unrecorded(fault, thing, values, at)


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
        _change(
            values, recording_gaps=1.0, recording_longest_gap_seconds=gap, recording_integrity_ratio=1.0 - gap / DAY
        )


@story.register
def _(fault: faults.RecordingGap, thing: Thing) -> list[Happening]:
    begin = fault.at - fault.ago
    start = thing.sky.start - thing.sky.offset
    data: Facts = {"from": (start + begin) * 1000.0, "to": (start + begin + fault.length) * 1000.0}
    return [] if untold(fault, thing) else [Happening(fault.at, "recording.gap", data | {"seconds": fault.length})]


@alter.register
def _(fault: faults.PlanOff, thing: Thing, values: Values, at: float) -> None:
    _change(values, recording_plan_enabled=0.0, recording_planned=0.0, recording_active=0.0)
    _change(values, recording_newest_age_seconds=at - fault.at)
    for name in ("recording_gaps", "recording_longest_gap_seconds", "recording_integrity_ratio"):
        values.pop(name, None)


@alter.register
def _(fault: faults.HistoryShort, thing: Thing, values: Values, at: float) -> None:
    _change(values, recording_age_seconds=fault.days * DAY, recording_retention_days=fault.days)


@alter.register
def _(fault: faults.DiskFails, thing: Thing, values: Values, at: float) -> None:
    if fault.state == "missing" and isinstance(thing, Storage):
        _change(values, size_bytes=thing.SIZE / 2)
    if not isinstance(thing, Disk) or thing.slot != fault.slot or not values:
        return
    if fault.state == "missing":
        values.clear()
        values["present"] = 0.0
    else:
        values["disk_healthy"] = 0.0


@alter.register
def _(fault: faults.HardwareAlarm, thing: Thing, values: Values, at: float) -> None:
    if thing.id == fault.device:
        values[fault.alarm] = 1.0


@story.register
def _(fault: faults.HardwareAlarm, thing: Thing) -> list[Happening]:
    return _alarm(fault, f"hardware.{fault.alarm}", fault.alarm)


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


# Doors


@alter.register
def _(fault: faults.DoorHeld, thing: Thing, values: Values, at: float) -> None:
    values["door_open"] = 1.0


@story.register
def _(fault: faults.DoorHeld, thing: Thing) -> list[Happening]:
    return _opened(fault)


def _opened(fault: faults.FaultBase) -> list[Happening]:
    opened = Happening(fault.at, "door.opened", {"state": "Open"})
    return [opened, Happening(fault.end, "door.closed", {"state": "Closed"})]


@alter.register
def _(fault: faults.DoorForced, thing: Thing, values: Values, at: float) -> None:
    values |= {"door_open": 1.0, "door_alarm": 1.0}


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
    data: Facts = {"credential": "card-7", "reason": "NotPermittedAtThisTime"}
    return [Happening(fault.at + 2.0 * turn, "door.access_denied", data) for turn in range(fault.times)]


@story.register
def _(fault: faults.DoorDuress, thing: Thing) -> list[Happening]:
    return [Happening(fault.at, "door.duress", {"credential": "card-7", "reason": "Duress code"})]


# Switches


@alter.register
def _(fault: faults.SwitchOff, thing: Thing, values: Values, at: float) -> None:
    if thing.id != fault.device:
        values.clear()
        return
    _leave(values, ("requests_", "account_"))
    values |= {"reachable": 0.0, "ping_loss_ratio": 1.0}


def _cut(values: Values) -> None:
    values.pop("link_speed_bits_per_second", None)
    still = ("network_receive_bytes_per_second", "network_transmit_bytes_per_second")
    _change(values, link_up=0.0, poe_delivering=0.0, **dict.fromkeys(still, 0.0))


@alter.register
def _(fault: faults.PortDown, thing: Thing, values: Values, at: float) -> None:
    _cut(values)


@alter.register
def _(fault: faults.PortErrors, thing: Thing, values: Values, at: float) -> None:
    _change(values, network_errors_per_second=fault.rate)


@alter.register
def _(fault: faults.PowerLost, thing: Thing, values: Values, at: float) -> None:
    _cut(values)
    _change(values, poe_fault=1.0)


# The gateway itself


@alter.register
def _(fault: faults.VolumeFill, thing: Thing, values: Values, at: float) -> None:
    if "size_bytes" in values:
        _change(values, fill_ratio=fault.to, free_bytes=float(round(values["size_bytes"] * (1 - fault.to))))


@alter.register
def _(fault: faults.VolumeReadOnly, thing: Thing, values: Values, at: float) -> None:
    _change(values, read_only=1.0)


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
