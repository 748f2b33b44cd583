"""The state of a simulated switch: its ports, its clock, its table of addresses."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Port:
    """One port. Rates are per second; `poe` is POWER-ETHERNET-MIB's detection status, None on a port without power."""

    DISABLED: ClassVar[int] = 1
    SEARCHING: ClassVar[int] = 2
    DELIVERING: ClassVar[int] = 3
    FAULT: ClassVar[int] = 4

    name: str
    alias: str = ""
    kind: int = 6
    """ifType: 6 is Ethernet, 53 a VLAN."""
    up: bool = True
    enabled: bool = True
    megabit: int = 1000
    receive_rate: float = 500_000.0
    transmit_rate: float = 20_000.0
    error_rate: float = 0.0
    drop_rate: float = 0.0
    poe: int | None = None
    watts: float = 7.0
    macs: list[str] = field(default_factory=list)


@dataclass
class State:
    """All of it. Attributes may be set at any time; `monotonic` counts its seconds."""

    name: str = "switch"
    description: str = "Simulated switch, version 1.0"
    ports: dict[int, Port] = field(default_factory=dict)
    """By ifIndex, in ascending order."""
    budget_watts: int = 370
    vlan: int = 1
    """Filtering database of Q-BRIDGE-MIB; 0 is a switch that has only BRIDGE-MIB's."""
    high_capacity: bool = True
    """Whether it has 64-bit counters."""
    monotonic: Callable[[], float] = time.monotonic
    booted: float = field(default=0.0)
    counters_from: int = 0
    """What all counters of bytes begin with."""
    uptime_from: float = 86_400.0

    def __post_init__(self) -> None:
        self.booted = self.monotonic()

    @property
    def uptime(self) -> float:
        """Seconds since it says it began."""
        return self.uptime_from + self.monotonic() - self.booted

    def reboot(self) -> None:
        """Begin anew: counters and uptime from 0."""
        self.uptime_from, self.counters_from, self.booted = 0.0, 0, self.monotonic()

    def counted(self, port: Port) -> tuple[int, int, int, int]:
        """Bytes received and sent, errors and drops, since the start, at the port's present rates."""
        seconds = self.monotonic() - self.booted
        rates = (port.receive_rate, port.transmit_rate, port.error_rate, port.drop_rate)
        received, sent, errors, drops = (int(rate * seconds) for rate in rates)
        return received + self.counters_from, sent + self.counters_from, errors, drops


def access_switch(count: int = 8, powered: bool = True) -> State:
    """A switch of so many ports with power, an uplink behind them, and a VLAN."""
    ports = {
        number: Port(f"gi{number}", poe=Port.SEARCHING if powered else None, up=False) for number in range(1, count + 1)
    }
    ports[count + 1] = Port(f"te{count + 1}", "to the core", megabit=10_000, macs=_crowd(40))
    ports[1000] = Port("vlan1", kind=53)
    return State(ports=ports)


def _crowd(count: int) -> list[str]:
    return [f"02:00:00:00:{number // 256:02x}:{number % 256:02x}" for number in range(1, count + 1)]
