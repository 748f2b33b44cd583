"""What a switch and its ports tell while they are well."""

from simulator import faults
from simulator.layout import Switch as SwitchScript
from simulator.virtual.habits import asked, pinged
from simulator.virtual.machine import traffic
from simulator.virtual.thing import DAY, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind

DEVICE_WATTS = 5.5
STREAM_BYTES_PER_SECOND = 500_000.0
"""4 Mbit/s: one camera."""


def cuts(fault: faults.FaultBase, port: "Port") -> bool:
    """Whether what hangs on this port gets nothing through it while the fault lasts."""
    if isinstance(fault, faults.PoeLost):
        return not fault.ports or port.number <= fault.ports
    return isinstance(fault, faults.PortDown | faults.PowerLost)


class Switch(Thing):
    """A switch that feeds a camera on each of its `ports`."""

    kind = Kind.SWITCH

    def __init__(self, script: SwitchScript, place: Place) -> None:
        super().__init__(script.id, place)
        self.ports: list[Port] = []
        self._booted = -self.chance.uniform(1, 200) * DAY

    def usual(self, at: float) -> Values:
        """Itself, and what it delivers."""
        up = sum(port.linked(at) for port in self.ports)
        return {
            "reachable": 1.0,
            "response_seconds": self.chance.near(0.01),
            "uptime_seconds": at - self._booted,
            "switch_ports_up": float(up),
            "poe_power_watts": self.chance.normal(DEVICE_WATTS * up, 0.1 * up),
            "poe_budget_watts": 15.4 * len(self.ports),
            **asked(60.0),
            **pinged(self),
        }

    def facts(self) -> Facts:
        """What it says it is."""
        return {"description": "Simulated switch, version 1.0", "system_name": self.id, "snmp": "version 2c"}


class Port(Thing):
    """A switch's port with a camera on it; `number` counts from 1."""

    kind = Kind.NETWORK

    def __init__(self, name: str, place: Place, switch: Switch, number: int) -> None:
        super().__init__(name, place, switch, f"gi{number}")
        self.number = number

    def linked(self, at: float) -> bool:
        """Whether it has a link now."""
        return not any(cuts(fault, self) for fault in self.lasting(at))

    def usual(self, at: float) -> Values:
        """Its link, its traffic and its power."""
        return {
            "link_up": 1.0,
            "link_speed_bits_per_second": 1e8,
            **traffic(self, STREAM_BYTES_PER_SECOND, 5e3),
            "poe_delivering": 1.0,
            "poe_fault": 0.0,
        }

    def facts(self) -> Facts:
        """Its name."""
        return {"port": self.title, "enabled": True}
