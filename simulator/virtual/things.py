"""What each kind of device tells while it is well: metrics of `wire.metrics`, as the agent's collectors send them."""

from collections.abc import Iterator, Mapping
from math import pi, sin
from random import Random

from simulator.scenario import Recorder as RecorderScript
from simulator.scenario import Volume as VolumeScript
from simulator.virtual.chance import stream
from simulator.virtual.thing import DAY, HOUR, Facts, Happening, Sky, Thing, Values
from wire.messages import DeviceKind as Kind

PING = 0.0008
RETENTION_DAYS = 31.0
RATE = 250_000.0
"""Bytes a second of a channel's recording: 2 Mbit/s."""


def warmth(thing: Thing, at: float, mean: float, swing: float) -> float:
    """A temperature that is highest in the afternoon."""
    return mean + swing * sin((thing.sky.hour(at) - 9.0) / 24.0 * 2 * pi) + thing.chance.gauss(0, 0.4)


def asked(requests: float) -> Values:
    """Of every device that is asked over an account."""
    return {"account_paused": 0.0, "authenticated": 1.0, "requests_per_hour": requests, "requests_held_back": 0.0}


def pinged(thing: Thing) -> Values:
    """Of every device that is pinged."""
    return {"ping_seconds": thing.jitter(PING), "ping_loss_ratio": 0.0}


class Clock:
    """A clock that NTP holds: it wanders within a tenth of a second."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._offset = chance.gauss(0, 0.03)

    def values(self) -> Values:
        """Reference time minus its own, and how exactly that was measured."""
        self._offset = 0.98 * self._offset + self._chance.gauss(0, 0.008)
        return {"clock_offset_seconds": self._offset, "clock_offset_error_seconds": 0.05}


class Lens:
    """What is seen of a camera's pictures: colour by day, infra-red by night."""

    def __init__(self, thing: Thing) -> None:
        self._thing = thing
        self._day = thing.chance.uniform(0.4, 0.6)
        self._samples = 0

    def values(self, at: float) -> Values:
        """All that a judged picture tells, no flag raised."""
        thing, light = self._thing, self._thing.sky.daylight(at)
        self._samples = min(self._samples + 1, 400)
        chance = thing.chance
        flags = ("blurred", "dark", "bright", "covered", "dirty", "frozen", "moved")
        special = "colour_lost" if light else "infrared_dead"
        return {
            "picture_taken": 1.0,
            "picture_age_seconds": 0.0,
            "picture_baseline_samples": float(self._samples),
            "picture_infrared": float(not light),
            "picture_brightness_ratio": (self._day if light else 0.35) + chance.gauss(0, 0.02),
            "picture_contrast_ratio": 0.2 + chance.gauss(0, 0.01),
            "picture_saturation_ratio": (0.3 if light else 0.0) + (abs(chance.gauss(0, 0.01)) if light else 0.0),
            "picture_sharpness_ratio": 1.0 + chance.gauss(0, 0.05),
            "picture_similarity_ratio": min(1.0, 0.97 + chance.gauss(0, 0.01)),
            "picture_change_ratio": abs(chance.gauss(0.02, 0.01)) + 0.001,
            **{f"picture_{flag}": 0.0 for flag in (*flags, special)},
        }


class Agent(Thing):
    """The agent itself. `waiting` reports are in its spool."""

    kind = Kind.AGENT
    waiting = 0

    def usual(self, at: float) -> Values:
        none = ("collectors_failing", "collectors_unavailable", "spool_lost_samples", "spool_lost_events")
        return {
            "up": 1.0,
            "process_rss_bytes": 63e6 + self.chance.gauss(0, 2e5),
            "process_cpu_ratio": 0.006 + abs(self.chance.gauss(0, 0.001)),
            "spool_reports": float(self.waiting),
            "spool_bytes": 4096.0 * self.waiting,
            "spool_failing": 0.0,
            "reports_refused": 0.0,
            **dict.fromkeys(none, 0.0),
        }

    def facts(self) -> Facts:
        return {"version": "0.1.0", "python": "3.11.2"}


class Host(Thing):
    """The machine the agent runs on. `booted` is when it last started, in seconds from the start."""

    kind = Kind.HOST

    def __init__(self, name: str, sky: Sky, chance: Random, parent: Thing | None = None, title: str = "") -> None:
        super().__init__(name, sky, chance, parent, title)
        self.booted = -chance.uniform(1, 60) * DAY
        self.reboots = 0

    def usual(self, at: float) -> Values:
        chance = self.chance
        return {
            "cpu_ratio": min(1.0, 0.12 + 0.1 * self.sky.busy(at) + abs(chance.gauss(0, 0.04))),
            "load1_ratio": 0.2 + abs(chance.gauss(0, 0.1)),
            "memory_used_ratio": 0.45 + chance.gauss(0, 0.01),
            "temperature_celsius": warmth(self, at, 48.0, 4.0),
            "uptime_seconds": at - self.booted,
            "unexpected_reboots": float(self.reboots),
            "network_receive_bytes_per_second": self.jitter(4e6),
            "network_transmit_bytes_per_second": self.jitter(2e5),
            "network_errors_per_second": 0.0,
            "network_drops_per_second": 0.0,
            "clock_synchronised": 1.0,
            "clock_reference": 1.0,
            "clock_offset_seconds": chance.gauss(0, 0.002),
            "clock_offset_error_seconds": 0.01,
        }

    def facts(self) -> Facts:
        return {"machine": "x86_64", "os": "Debian GNU/Linux 12 (bookworm)", "cores": 4}


class Path(Thing):
    """A way into the network that the agent watches: to the gateway, to the hub."""

    kind = Kind.NETWORK

    def usual(self, at: float) -> Values:
        return {"path_up": 1.0, "path_seconds": self.jitter(0.004)}

    def facts(self) -> Facts:
        return {"role": self.title or "gateway"}


class Volume(Thing):
    """A file system: a system's grows slowly and is tidied up on Sundays, a recording one's is full and overwrites."""

    kind = Kind.VOLUME

    def __init__(self, script: VolumeScript, sky: Sky, chance: Random, parent: Thing) -> None:
        super().__init__(script.id, sky, chance, parent, script.path)
        self.script = script

    def usual(self, at: float) -> Values:
        fill, growth = self.script.fill, 0.0
        if not self.script.overwrites:
            week = (self.sky.weekday(at) * 24 + self.sky.hour(at)) / 168
            fill, growth = min(1.0, fill + 0.01 * week), self.script.size * 0.01 / (7 * DAY)
        values = {
            "fill_ratio": fill + self.chance.uniform(0, 0.0005),
            "size_bytes": float(self.script.size),
            "inodes_used_ratio": 0.05,
            "read_only": 0.0,
            "encrypted": 0.0,
            "overwriting": float(self.script.overwrites),
            "fill_bytes_per_second": growth,
        }
        values["fill_ratio"] = min(1.0, values["fill_ratio"])
        values["free_bytes"] = self.script.size * (1 - values["fill_ratio"])
        return values

    def facts(self) -> Facts:
        script = self.script
        return {"path": script.path, "role": script.role, "overwrites": script.overwrites, "fstype": "ext4"}


class Camera(Thing):
    """A camera that answers ONVIF and RTSP."""

    kind = Kind.CAMERA

    def __init__(self, name: str, sky: Sky, chance: Random, parent: Thing | None = None, title: str = "") -> None:
        super().__init__(name, sky, chance, parent, title)
        self._clock, self._lens = Clock(chance), Lens(self)
        self._speed = chance.uniform(0.02, 0.12)

    def usual(self, at: float) -> Values:
        return {
            "connectable": 1.0,
            "reachable": 1.0,
            "response_seconds": self.jitter(self._speed),
            "streaming": 1.0,
            "stream_response_seconds": self.jitter(self._speed),
            "profiles": 2.0,
            "ntp_enabled": 1.0,
            "events_subscribed": 1.0,
            "events_silence_seconds": self.jitter(10.0),
            **asked(126.0),
            **pinged(self),
            **self._clock.values(),
        }

    def seldom(self, at: float) -> Values:
        return self._lens.values(at)

    def facts(self) -> Facts:
        return {
            "manufacturer": "Simulated",
            "model": "camera",
            "firmware": "1.0",
            "serial": f"SIM-{self.id}",
            "codec": "H264",
            "resolution": "1920x1080",
            "frame_rate": 25.0,
        }


class Recorder(Thing):
    """A closed recorder."""

    kind = Kind.RECORDER

    def __init__(self, script: RecorderScript, sky: Sky, chance: Random) -> None:
        super().__init__(script.id, sky, chance)
        self.script = script
        self._clock = Clock(chance)
        self._booted = -chance.uniform(1, 90) * DAY

    def usual(self, at: float) -> Values:
        values = {
            "connectable": 1.0,
            "reachable": 1.0,
            "response_seconds": self.jitter(0.15),
            "ntp_enabled": 1.0,
            "recording_age_seconds": RETENTION_DAYS * DAY + self.chance.uniform(0, HOUR),
            "recording_newest_age_seconds": self.jitter(20.0),
            "events_subscribed": 1.0,
            "events_silence_seconds": self.jitter(10.0),
            **dict.fromkeys(("storage_failure", "fan_failure", "power_failure", "temperature_critical"), 0.0),
            **asked(672.0),
            **pinged(self),
            **self._clock.values(),
        }
        if self.script.speaks != "onvif":
            values |= {
                "accounts": 3.0,
                "administrators": 1.0,
                "cpu_ratio": min(1.0, 0.3 + abs(self.chance.gauss(0, 0.05))),
                "memory_used_ratio": 0.6 + self.chance.gauss(0, 0.01),
                "uptime_seconds": at - self._booted,
            }
        return values

    def facts(self) -> Facts:
        return {
            "speaks": self.script.speaks,
            "manufacturer": "Simulated",
            "model": "NVR",
            "firmware": "V4.1.0",
            "serial": f"SIM-{self.id}",
        }


class Channel(Thing):
    """A camera behind a recorder, and its recordings: all day, every day, for a month."""

    kind = Kind.CHANNEL

    def __init__(self, name: str, sky: Sky, chance: Random, parent: Thing | None = None, title: str = "") -> None:
        super().__init__(name, sky, chance, parent, title)
        self._lens = Lens(self)

    def usual(self, at: float) -> Values:
        return {
            "online": 1.0,
            "video_loss": 0.0,
            "recording_plan_enabled": 1.0,
            "recording_planned": 1.0,
            "recording_active": 1.0,
            "recording_stalled": 0.0,
            "recording_newest_age_seconds": self.jitter(20.0),
            "recording_age_seconds": RETENTION_DAYS * DAY + at % HOUR,
            "recording_retention_days": RETENTION_DAYS + at % HOUR / DAY,
            "recording_bytes_per_second": self.jitter(RATE, 0.1),
            "recording_gaps": 0.0,
            "recording_longest_gap_seconds": 0.0,
            "recording_integrity_ratio": 1.0,
        }

    def seldom(self, at: float) -> Values:
        return self._lens.values(at)


class Disk(Thing):
    """A disk in a recorder's slot."""

    kind = Kind.DISK

    def __init__(self, recorder: Recorder, slot: int, chance: Random) -> None:
        super().__init__(f"{recorder.id}-disk-{slot}", recorder.sky, chance, recorder, f"hdd{slot}")
        self.slot = slot

    def usual(self, at: float) -> Values:
        warm = warmth(self, at, 38.0, 2.0)
        return {"present": 1.0, "disk_healthy": 1.0, "smart_healthy": 1.0, "temperature_celsius": warm}

    def facts(self) -> Facts:
        return {"slot": str(self.slot), "capacity_bytes": 4e12}


class Switch(Thing):
    """A switch that feeds cameras."""

    kind = Kind.SWITCH

    def __init__(self, name: str, ports: int, sky: Sky, chance: Random) -> None:
        super().__init__(name, sky, chance)
        self.ports = ports
        self._booted = -chance.uniform(1, 200) * DAY

    def usual(self, at: float) -> Values:
        return {
            "reachable": 1.0,
            "response_seconds": self.jitter(0.01),
            "uptime_seconds": at - self._booted,
            "switch_ports_up": float(self.ports),
            "poe_power_watts": 5.5 * self.ports + self.chance.gauss(0, 0.5),
            "poe_budget_watts": 15.4 * self.ports,
            **asked(60.0),
            **pinged(self),
        }

    def facts(self) -> Facts:
        return {"description": "Simulated switch, version 1.0", "system_name": self.id, "snmp": "version 2c"}


class Port(Thing):
    """A switch's port with a camera on it."""

    kind = Kind.NETWORK

    def usual(self, at: float) -> Values:
        return {
            "link_up": 1.0,
            "link_speed_bits_per_second": 1e8,
            "network_receive_bytes_per_second": self.jitter(RATE, 0.1),
            "network_transmit_bytes_per_second": self.jitter(5e3),
            "network_errors_per_second": 0.0,
            "network_drops_per_second": 0.0,
            "poe_delivering": 1.0,
            "poe_fault": 0.0,
            "poe_power_watts": 5.5 + self.chance.gauss(0, 0.1),
        }

    def facts(self) -> Facts:
        return {"port": self.title, "enabled": True}


OPENINGS_AN_HOUR = 5.0
OPEN_SECONDS = (3.0, 14.0)


class Door(Thing):
    """A door that people go through while the school is open. What happens on a day depends on the day alone."""

    kind = Kind.DOOR

    def __init__(self, name: str, controller: str, seed: int, sky: Sky, chance: Random) -> None:
        super().__init__(name, sky, chance)
        self._controller, self._seed = controller, seed
        self._days: dict[int, list[tuple[float, float]]] = {}

    def openings(self, at: float) -> list[tuple[float, float]]:
        """From when to when it stands open on the day of this moment, in order."""
        day = self.sky.day(at)
        if day not in self._days:
            self._days = {known: kept for known, kept in self._days.items() if abs(known - day) < 2}
            self._days[day] = list(self._traffic(day))
        return self._days[day]

    def _traffic(self, day: int) -> Iterator[tuple[float, float]]:
        chance = stream(self._seed, self.id, "traffic", day)
        midnight = day * DAY - self.sky.start
        moment = midnight + 7 * HOUR
        while True:
            moment += chance.expovariate(OPENINGS_AN_HOUR / HOUR) + OPEN_SECONDS[1]
            if not self.sky.busy(moment) or self.sky.day(moment) != day:
                return
            yield moment, moment + chance.uniform(*OPEN_SECONDS)

    def moments(self, since: float, until: float) -> Iterator[float]:
        for moment in {self.sky.day(since): since, self.sky.day(until): until}.values():
            for passage in self.openings(moment):
                yield from (one for one in passage if since <= one < until)

    def usual(self, at: float) -> Values:
        is_open = any(begin <= at < end for begin, end in self.openings(at))
        return {
            "door_reachable": 1.0,
            "door_open": float(is_open),
            "door_locked": float(not is_open),
            "door_alarm": 0.0,
            "door_fault": 0.0,
            "door_silence_seconds": self.jitter(8.0),
            **asked(745.0),
            **pinged(self),
        }

    def happenings(self, since: float, until: float) -> Iterator[Happening]:
        told = (
            (
                Happening(begin - 1.0, "door.access_granted", {"token": self.id}),
                Happening(begin, "door.opened", {"state": "Open"}),
                Happening(end, "door.closed", {"state": "Closed"}),
            )
            for moment in {self.sky.day(since): since, self.sky.day(until): until}.values()
            for begin, end in self.openings(moment)
        )
        yield from (one for three in told for one in three if since <= one.at < until)

    def facts(self) -> Facts:
        return {"controller": self._controller, "token": self.id}


Things = Mapping[str, Thing]
"""Every device of a site by its id."""
