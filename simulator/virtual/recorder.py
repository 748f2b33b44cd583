"""What a closed recorder tells while it is well: itself, its channels and, unless it is asked over ONVIF, its disks.

Over ONVIF a recorder knows nothing of plans, accounts, disks, its condition and its log, nor that a picture is lost.
"""

from typing import ClassVar

from simulator import faults
from simulator.layout import Recorder as RecorderScript
from simulator.virtual.habits import OF_THE_BOX, Clock, Lens, asked, heard, pinged, warmth
from simulator.virtual.thing import DAY, NEVER, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind

SLOTS = (1, 2)
CAPACITY_BYTES = 4e12

_HEARD: dict[str, tuple[str, ...]] = {"onvif": OF_THE_BOX, "isapi": (), "dahua": ("storage_failure",)}
"""What is told of the hardware as soon as we listen; in the other languages the rest follows when it first happens."""


class History:
    """How far a channel's recordings reach back; `young`: days since it was first recorded, as of the start."""

    def __init__(self, thing: Thing, retention: float, young: float | None) -> None:
        self._thing, self._retention, self._young = thing, retention, young

    def days(self, at: float) -> float:
        """Days from the oldest recording to now."""
        begin = self._begin()
        return self._retention if begin is None else min(self._retention, (at - begin) / DAY)

    def _begin(self) -> float | None:
        if self._thing.appears != NEVER:
            return self._thing.appears
        return None if self._young is None else -self._young * DAY

    def facts(self) -> Facts:
        """Since when it has been recorded, of those of which that is known (ms UTC)."""
        begin = self._begin()
        sky = self._thing.sky
        return {} if begin is None else {"recording_since": round((sky.start - sky.offset + begin) * 1000.0) * 1.0}


class Recorder(Thing):
    """The recorder itself."""

    kind = Kind.RECORDER

    def __init__(self, script: RecorderScript, place: Place) -> None:
        super().__init__(script.id, place)
        self.script, self.speaks = script, script.speaks
        self._clock = Clock(self)
        self._booted = -self.chance.uniform(1, 90) * DAY

    def usual(self, at: float) -> Values:
        """Whether it is there every time; recordings and condition at their paces."""
        happened = [one.alarm for one in self.faults if isinstance(one, faults.HardwareAlarm) and one.at <= at]
        values = {
            "connectable": 1.0,
            "reachable": 1.0,
            "response_seconds": self.chance.near(0.15),
            **asked(672.0),
            **pinged(self),
            **heard(self),
            **dict.fromkeys((*_HEARD[self.speaks], *happened), 0.0),
            **self._clock.values(),
        }
        if self.due(self.paces.recordings):
            values |= {"recording_age_seconds": self.script.retention * DAY, "recording_newest_age_seconds": 0.0}
        if self.due(self.paces.recorder):
            values |= self._condition(at)
        return values

    def _condition(self, at: float) -> Values:
        values = {"ntp_enabled": 1.0}
        if self.speaks == "onvif":
            return values
        if self.speaks == "isapi":
            values["temperature_celsius"] = warmth(self, at, 44.0, 3.0)
        return values | {
            "accounts": 3.0,
            "administrators": 1.0,
            "cpu_ratio": min(1.0, self.chance.near(0.3)),
            "memory_used_ratio": self.chance.normal(0.6, 0.01),
            "uptime_seconds": at - max([self._booted, *(one.end for one in self.faults if self._restarts(one, at))]),
        }

    def _restarts(self, fault: faults.FaultBase, at: float) -> bool:
        return isinstance(fault, faults.RecorderOff) and fault.end <= at

    def facts(self) -> Facts:
        """What it says it is, and what it does not tell."""
        facts: Facts = {
            "speaks": self.speaks,
            "manufacturer": "Simulated",
            "model": "NVR-4",
            "firmware": "V4.1.0",
            "serial": f"SIM-{self.id}",
            "ntp_servers": "192.0.2.123",
            "time_zone": "CST-8:00:00",
            "events": {"onvif": "pullpoint", "isapi": "alert stream", "dahua": "attach"}[self.speaks],
        }
        if self.speaks == "onvif":
            facts |= {"unsupported": "condition, disks, log, plans", "forbidden": "accounts"}
        return facts


class Channel(Thing):
    """A camera behind a recorder, and its recordings: all day and every day, or what moves."""

    kind = Kind.CHANNEL
    parent: Recorder

    def __init__(self, name: str, place: Place, recorder: Recorder, number: int) -> None:
        super().__init__(name, place, recorder, f"Camera {number:02}")
        self._token = f"ch{number}" if recorder.speaks == "onvif" else str(number)
        self.on_motion = number in recorder.script.motion
        young = recorder.script.young.get(number)
        self.history = History(self, recorder.script.retention, young)
        self._lens = Lens(self)

    @property
    def plans_known(self) -> bool:
        """Whether its recorder tells when it is meant to be recorded."""
        return self.parent.speaks != "onvif"

    def usual(self, at: float) -> Values:
        """Whether it is there every time; recordings and pictures at their paces."""
        values: Values = {"online": 1.0}
        lost = any(isinstance(one, faults.VideoLoss) and one.at <= at for one in self.faults)
        if self.parent.speaks == "dahua" or (self.parent.speaks == "isapi" and lost):
            values["video_loss"] = 0.0
        if self.plans_known:
            values |= {"listed": 1.0, "recording_plan_enabled": 1.0, "recording_planned": float(not self.on_motion)}
        if self.due(self.paces.recordings):
            values |= self._recordings(at)
        if self.due(self.paces.picture):
            values |= self._lens.values(at)
        return values

    def _recordings(self, at: float) -> Values:
        days = self.history.days(at)
        values = {
            "recording_active": 1.0,
            "recording_newest_age_seconds": self.chance.near(20.0),
            "recording_age_seconds": days * DAY,
            "recording_retention_days": days,
        }
        if self.on_motion:  # at night nothing moves for hours
            still = not self.sky.busy(at)
            values["recording_active"] = float(not still and self.chance.random() < 0.3)
            values["recording_newest_age_seconds"] = self.chance.near(5400.0 if still else 300.0)
        elif self.plans_known:
            gaps = ("recording_stalled", "recording_gaps", "recording_longest_gap_seconds")
            values |= {**dict.fromkeys(gaps, 0.0), "recording_integrity_ratio": 1.0}
        return values

    def facts(self) -> Facts:
        """What the recorder calls it, and its plan."""
        facts: Facts = {"token": self._token, "picture_size": "640x360"}
        if self.plans_known:
            facts["plan"] = "motion" if self.on_motion else "continuous"
        return facts | self.history.facts()


class Disk(Thing):
    """A disk in a recorder's slot."""

    kind = Kind.DISK

    def __init__(self, recorder: Recorder, slot: int, place: Place) -> None:
        super().__init__(f"{recorder.id}-disk-{slot}", place, recorder, f"hdd{slot}")
        self.slot, self._warm = slot, recorder.speaks == "isapi"

    def usual(self, at: float) -> Values:
        """What the recorder says of it."""
        if not self.due(self.paces.recorder):
            return {}
        values = {"present": 1.0, "disk_healthy": 1.0}
        return values | {"temperature_celsius": warmth(self, at, 38.0, 2.0)} if self._warm else values

    def facts(self) -> Facts:
        """Its slot and size."""
        return {"slot": str(self.slot), "capacity_bytes": CAPACITY_BYTES}


class Storage(Thing):
    """All disks of a recorder as one volume: full by design."""

    kind = Kind.VOLUME
    SIZE: ClassVar[float] = CAPACITY_BYTES * len(SLOTS)

    def __init__(self, recorder: Recorder, place: Place) -> None:
        super().__init__(f"{recorder.id}-storage", place, recorder)

    def usual(self, at: float) -> Values:
        """How full it is."""
        if not self.due(self.paces.recorder):
            return {}
        return {"overwriting": 1.0, "size_bytes": self.SIZE, "free_bytes": 0.0, "fill_ratio": 1.0}

    def facts(self) -> Facts:
        """What it is for."""
        return {"role": "recording", "overwrites": True}
