"""What the machine's disks and arrays tell while they are well, and what stands beside it: UPS and the room's air."""

from simulator.virtual.habits import warmth
from simulator.virtual.machine import Host
from simulator.virtual.thing import HOUR, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind

MEMBERS = 4
CAPACITY_BYTES = 4e12
COUNTS = ("reallocated_sectors", "pending_sectors", "uncorrectable_sectors", "uncorrectable_errors", "command_timeouts")


class MachineDisk(Thing):
    """A disk of the machine; its SMART values are asked for seldom."""

    kind = Kind.DISK

    def __init__(self, host: Host, name: str, place: Place) -> None:
        super().__init__(name, place, host, "/dev/sda")
        self._hours = self.chance.uniform(1000, 30_000)

    def usual(self, at: float) -> Values:
        """Whether it is there and how warm; its counts once a day."""
        values = {"present": 1.0, "temperature_celsius": warmth(self, at, 36.0, 2.0)}
        if self.due(self.paces.smart):
            values |= {"smart_healthy": 1.0, "power_on_seconds": self._hours * HOUR + at}
            values |= {f"smart_{name}": 0.0 for name in COUNTS}
        return values

    def facts(self) -> Facts:
        """What it says it is."""
        return {"model": "Simulated", "serial": f"SIM-{self.id}", "capacity_bytes": CAPACITY_BYTES, "smart": "read"}


class Array(Thing):
    """An array of disks."""

    kind = Kind.DISK

    def __init__(self, host: Host, name: str, place: Place) -> None:
        super().__init__(name, place, host, "/dev/md0")

    def usual(self, at: float) -> Values:
        """That it is whole."""
        return {"present": 1.0, "raid_disks": float(MEMBERS), "raid_disks_missing": 0.0, "raid_degraded": 0.0}

    def facts(self) -> Facts:
        """Its kind."""
        return {"level": "raid5"}


class Ups(Thing):
    """A UPS on the mains."""

    kind = Kind.UPS
    RUNTIME = 3600.0

    def __init__(self, host: Host, name: str, place: Place) -> None:
        super().__init__(name, place, host, name)

    def usual(self, at: float) -> Values:
        """Full, and carrying a third of what it could."""
        return {
            "ups_reachable": 1.0,
            "on_battery": 0.0,
            "battery_low": 0.0,
            "battery_replace": 0.0,
            "battery_charge_ratio": 1.0,
            "battery_runtime_seconds": self.RUNTIME,
            "ups_load_ratio": self.chance.normal(0.33, 0.01),
            "temperature_celsius": warmth(self, at, 29.0, 1.5),
        }

    def facts(self) -> Facts:
        """What it says it is, and where it is asked."""
        return {"manufacturer": "Simulated", "model": "UPS-1000", "address": f"{self.id}@localhost"}


class Room(Thing):
    """The air of a room that is cooled."""

    kind = Kind.ROOM

    def __init__(self, host: Host, name: str, place: Place) -> None:
        super().__init__(name, place, host, name)

    def usual(self, at: float) -> Values:
        """Two degrees warmer in the afternoon."""
        return {
            "temperature_celsius": warmth(self, at, 23.0, 2.0),
            "humidity_ratio": min(1.0, max(0.0, self.chance.normal(0.45, 0.01))),
        }

    def facts(self) -> Facts:
        """Where its air is measured."""
        return {"source": "hwmon"}
