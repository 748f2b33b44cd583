"""What an agent tells of itself and of the machine it runs on, while both are well."""

from collections.abc import Sequence

from simulator import faults
from simulator.layout import Volume as VolumeScript
from simulator.virtual.habits import warmth
from simulator.virtual.thing import DAY, HOUR, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind

VERSION = "0.1.0"


class Agent(Thing):
    """The agent itself, which runs these `collectors`. `waiting` reports are in its spool."""

    kind = Kind.AGENT
    waiting = 0

    def __init__(self, name: str, place: Place, title: str, collectors: Sequence[str]) -> None:
        super().__init__(name, place, title=title)
        self._well = {f"collector_{one}_ok": 1.0 for one in collectors}
        self._durations = [f"collector_{one}_seconds" for one in collectors]

    def usual(self, at: float) -> Values:
        """Its process, its spool and its collectors."""
        none = ("collectors_failing", "collectors_unavailable", "spool_lost_samples", "spool_lost_events")
        return {
            "up": 1.0,
            "process_rss_bytes": round(self.chance.normal(63e6, 2e5)),
            "process_cpu_ratio": self.chance.near(0.007),
            "spool_reports": float(self.waiting),
            "spool_bytes": 4096.0 * self.waiting,
            "spool_failing": 0.0,
            "reports_refused": 0.0,
            **dict.fromkeys(none, 0.0),
            **self._well,
            **{name: self.chance.near(0.5) for name in self._durations},
        }

    def facts(self) -> Facts:
        """Its version."""
        return {"version": VERSION, "python": "3.11.2", "ping": "ICMP"}


class Host(Thing):
    """The machine the agent runs on. `booted` is when it last started, in seconds from the start."""

    kind = Kind.HOST

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, place)
        self.booted = -self.chance.uniform(1, 60) * DAY
        self.reboots = 0
        self.reads_watched = False

    def usual(self, at: float) -> Values:
        """Processor, memory, network and clock."""
        chance = self.chance
        reads = [fault for fault in self.faults if isinstance(fault, faults.FootageRead) and fault.at <= at]
        watched = {"footage_reads": float(len(reads)), "footage_reads_uncounted": 0.0} if self.reads_watched else {}
        return watched | {
            "cpu_ratio": min(1.0, 0.12 + 0.1 * self.sky.busy(at) + abs(chance.normal(0, 0.04))),
            "load1_ratio": chance.near(0.25),
            "memory_used_ratio": chance.normal(0.45, 0.01),
            "swap_used_ratio": 0.0,
            "temperature_celsius": warmth(self, at, 48.0, 4.0),
            "uptime_seconds": at - self.booted,
            "unexpected_reboots": float(self.reboots),
            **traffic(self, 4e6, 2e5),
            "clock_synchronised": 1.0,
            "clock_reference": 1.0,
            "clock_offset_seconds": chance.normal(0, 0.002),
            "clock_offset_error_seconds": 0.01,
        }

    def facts(self) -> Facts:
        """Its operating system."""
        return {"os": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.1.0-18-amd64", "hostname": self.id, "cores": 4}


def traffic(thing: Thing, received: float, sent: float) -> Values:
    """Of a network interface."""
    return {
        "network_receive_bytes_per_second": round(thing.chance.near(received)),
        "network_transmit_bytes_per_second": round(thing.chance.near(sent)),
        "network_errors_per_second": 0.0,
        "network_drops_per_second": 0.0,
    }


class Interface(Thing):
    """A network interface of the machine."""

    kind = Kind.NETWORK

    def __init__(self, host: Host, name: str, place: Place) -> None:
        super().__init__(f"{host.id}-if-{name}", place, host, name)

    def usual(self, at: float) -> Values:
        """Its link and its traffic."""
        return {"link_up": 1.0, "link_speed_bits_per_second": 1e9, **traffic(self, 4e6, 2e5)}

    def facts(self) -> Facts:
        """Its name."""
        return {"interface": self.title}


class Gateway(Thing):
    """The way out of the site's network."""

    kind = Kind.NETWORK

    def usual(self, at: float) -> Values:
        """Whether it answers."""
        return {"path_up": 1.0, "path_seconds": self.chance.near(0.0004)}

    def facts(self) -> Facts:
        """That it is the gateway."""
        return {"role": "gateway", "interface": "eth0"}


class Volume(Thing):
    """A file system: a system's grows slowly and is tidied up on Sundays, a recording one's is full and overwrites."""

    kind = Kind.VOLUME

    def __init__(self, script: VolumeScript, place: Place, host: Host) -> None:
        super().__init__(script.id, place, host, script.path)
        self.script = script

    def usual(self, at: float) -> Values:
        """How full it is."""
        size, fill, growth = self.script.size, self.script.fill, 0.0
        if not self.script.overwrites:
            week = (self.sky.weekday(at) * 24 + self.sky.hour(at)) / 168
            fill, growth = fill + 0.01 * week, size * 0.01 / (7 * DAY)
        fill = min(1.0, fill + self.chance.uniform(0, 0.0005))
        values = self._watched(at)
        if self.script.role == "backup":
            return values | self._backup(at)
        values |= {
            "fill_ratio": fill,
            "size_bytes": float(size),
            "free_bytes": float(round(size * (1 - fill))),
            "read_only": 0.0,
            "fill_bytes_per_second": growth,
        }
        if self.script.overwrites:
            values["overwriting"] = 1.0
        return values

    def _watched(self, at: float) -> Values:
        """What is told of volumes of which it is asked."""
        values = {"encrypted": 1.0} if self.script.encrypted else {}
        if any(isinstance(fault, faults.InodesUsed) for fault in self.faults):
            values["inodes_used_ratio"] = 0.1
        return values

    def _backup(self, at: float) -> Values:
        """A backup each night at two; `last` is the newest that was made."""
        return {
            "backup_age_seconds": at - self.last(at),
            "backup_size_bytes": round(self.script.size * 0.02),
            "backup_readable": 1.0,
            "backups": 14.0,
        }

    def last(self, at: float) -> float:
        """When a backup was last due, in seconds from the start."""
        return at - (self.sky.hour(at) * HOUR - 2 * HOUR) % DAY

    def facts(self) -> Facts:
        """What it is for."""
        script = self.script
        if script.role == "backup":
            return {"path": script.path, "role": "backup", "pattern": "*.tar.zst"}
        encrypted: Facts = {"encryption": "LUKS2"} if script.encrypted else {}
        return encrypted | {
            "path": script.path,
            "role": script.role,
            "overwrites": script.overwrites,
            "writable": True,
            "fstype": "ext4",
            "mount": script.path,
        }
