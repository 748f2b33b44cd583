"""How effects are told: what the kinds of fault register with, and what several of them have in common."""

from functools import singledispatch

from simulator import faults
from simulator.virtual.hardware import Array, MachineDisk
from simulator.virtual.machine import Host, Volume
from simulator.virtual.recorder import Channel, Recorder
from simulator.virtual.software import Footage, Software
from simulator.virtual.thing import DAY, Facts, Happening, Thing, Values
from wire.messages import DeviceKind as Kind

STALLED_SECONDS = 600.0
"""From so long without a new recording on, though the plan wants one, a channel counts as stalled."""

KNOWN_OF_ALL = ("connectable", "reachable", "account_paused", "authenticated", "requests_", "ping_")
EVENTS = ("events_subscribed", "events_unknown")


Spared = tuple[str, ...]


def leave(values: Values, spared: Spared) -> None:
    """Forget what does not begin like this."""
    for name in [name for name in values if not name.startswith(spared)]:
        del values[name]


def change(values: Values, **changes: float) -> None:
    """Of what is told at this moment: what is asked seldom keeps its pace."""
    values |= {name: value for name, value in changes.items() if name in values}


def streams(thing: Thing) -> bool:
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
    if isinstance(thing, Software | Footage):
        return _unwatched(fault)
    if isinstance(thing, Recorder) and isinstance(fault, faults.ProcessDown):
        return "only a recorder's software on the agent's own machine is watched as a process"
    if isinstance(thing, Channel) and thing.on_motion and isinstance(fault, faults.RecordingStopped):
        return "a channel that records what moves does not tell that something did"
    if isinstance(thing, Channel) and isinstance(fault, faults.WriteRate):
        return "a closed recorder does not tell at which rate it records"
    if isinstance(thing, Volume):
        return _of_volume(fault, thing)
    if isinstance(thing, Array) and isinstance(fault, faults.DiskWears | faults.DiskUnhealthy | faults.DiskHot):
        return "an array tells only of its members"
    if isinstance(thing, MachineDisk) and isinstance(fault, faults.ArrayDegraded):
        return "it is no array"
    if isinstance(fault, faults.FootageRead) and isinstance(thing, Host) and not thing.reads_watched:
        return "no software records on this machine"
    recorder = thing if isinstance(thing, Recorder) else thing.parent
    if not isinstance(recorder, Recorder) or recorder.speaks != "onvif":
        return ""
    of_plans = faults.RecordingGap | faults.RecordingsIncomplete
    if isinstance(fault, faults.VideoLoss | of_plans | faults.DiskFails | faults.FootageTaken):
        return "a recorder that is asked over ONVIF does not tell of it"
    if isinstance(fault, faults.AccountAdded):
        return "a recorder that is asked over ONVIF tells its accounts to administrators only"
    return ""


def _unwatched(fault: faults.AnyFault) -> str:
    """Of a process and the files it writes."""
    of_files = faults.RecordingStopped | faults.RecordingGap | faults.HistoryShort | faults.WriteRate
    of_all = faults.ProcessDown | faults.RecordingsIncomplete | faults.RetentionFalls
    return "" if isinstance(fault, of_files | of_all) else "files tell only of recordings"


def _of_volume(fault: faults.AnyFault, volume: Volume) -> str:
    backups = isinstance(fault, faults.BackupStale | faults.BackupUnreadable)
    if backups != (volume.script.role == "backup"):
        return "it is watched as a place of backups only" if not backups else "no backups are kept there"
    if isinstance(fault, faults.VolumeFill | faults.VolumeGrows) and volume.script.overwrites:
        return "a volume whose oldest recordings are overwritten is meant to be full"
    if isinstance(fault, faults.VolumeUnencrypted) and not volume.script.encrypted:
        return "it is not watched for encryption"
    return ""


def silence(thing: Thing, befallen: bool, values: Values, connectable: bool) -> None:
    """No answer: of what hangs on it nobody knows anything."""
    if not befallen:
        values.clear()
        return
    leave(values, (*KNOWN_OF_ALL, *EVENTS))
    values.pop("authenticated", None)
    values |= {"reachable": 0.0, "connectable": float(connectable)}
    if connectable:
        deafen(thing, values)
        return
    values["events_subscribed"] = 0.0
    values.pop("ping_seconds", None)
    values["ping_loss_ratio"] = 1.0


def deafen(thing: Thing, values: Values) -> None:
    """Its events can't be heard, unless they come over a connection that is open."""
    values["events_subscribed"] = float(streams(thing))


def unrecorded(fault: faults.FaultBase, thing: Thing, values: Values, at: float) -> None:
    """Nothing is recorded since the fault began."""
    gone = at - fault.at
    stalled = float(gone > STALLED_SECONDS)
    change(values, recording_active=0.0, recording_newest_age_seconds=gone, recording_stalled=stalled)
    missing(thing, values, at, fault.at, at)


def missing(thing: Thing, values: Values, at: float, begin: float, end: float) -> None:
    """Recordings of begin to end are not there: the day before tells of it, as it is the last that is over."""
    sky = thing.sky
    midnight = sky.day(at) * DAY - sky.start
    gap = min(end, midnight) - max(begin, midnight - DAY)
    if gap > 0:
        change(values, recording_gaps=1.0, recording_longest_gap_seconds=gap, recording_integrity_ratio=1.0 - gap / DAY)


def alarm(fault: faults.FaultBase, kind: str, code: str) -> list[Happening]:
    """A device's own alarm, that begins and ends."""
    return [
        Happening(fault.at, kind, {"active": True, "code": code}),
        Happening(fault.end, kind, {"active": False, "code": code}),
    ]


def gone(thing: Thing, values: Values) -> None:
    """It gets no power, or no way leads to it: of what hangs on it nobody knows anything."""
    if thing.kind in (Kind.CAMERA, Kind.RECORDER) and "connectable" in values:
        silence(thing, True, values, connectable=False)
    else:
        values.clear()
