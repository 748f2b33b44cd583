"""The machine the agent runs on: processor, memory, load, uptime and network rates, from psutil. Needs no rights."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from agent.collector import Collector, Context, Measurement, Plugin, Reading, Settings
from wire.messages import Device, DeviceKind

_FIRST_WINDOW_SECONDS = 0.25


@dataclass(frozen=True)
class Counters:
    """What only counts up. Seconds of processor time over all cores, bytes by interface, at a monotonic moment."""

    mono: float
    busy: float
    idle: float
    received: Mapping[str, int]
    sent: Mapping[str, int]


class HostCollector:
    """Rates are those since the run before; the first run watches for a quarter of a second."""

    def __init__(self, context: Context) -> None:
        self._host = context.host
        self._before: Counters | None = None
        self._told = False

    def collect(self) -> Reading:
        """One run."""
        before = self._before or _read_counters()
        if self._before is None:
            time.sleep(_FIRST_WINDOW_SECONDS)
        now = self._before = _read_counters()
        memory = psutil.virtual_memory()
        values = {
            **rates(before, now),
            "memory_used_ratio": 1.0 - memory.available / memory.total,
            "load1_ratio": os.getloadavg()[0] / (os.cpu_count() or 1),
            "uptime_seconds": time.clock_gettime(time.CLOCK_BOOTTIME),
        }
        devices = None if self._told else [_device(self._host)]
        self._told = True
        return Reading(measurements=[Measurement(self._host, values, now.mono)], devices=devices)

    def close(self) -> None:
        """Nothing is held."""


def rates(before: Counters, after: Counters) -> dict[str, float]:
    """Shares and bytes per second between two readings. What cannot be said (no time has passed) is left out.

    An interface that appeared in between, or whose counter went back (a driver reloaded), adds nothing.
    """
    values: dict[str, float] = {}
    busy, idle = after.busy - before.busy, after.idle - before.idle
    if busy >= 0 and idle >= 0 and busy + idle > 0:
        values["cpu_ratio"] = busy / (busy + idle)
    seconds = after.mono - before.mono
    if seconds > 0:
        values["network_receive_bytes_per_second"] = _growth(before.received, after.received) / seconds
        values["network_transmit_bytes_per_second"] = _growth(before.sent, after.sent) / seconds
    return values


def _growth(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    return float(sum(max(0, count - before[name]) for name, count in after.items() if name in before))


def _read_counters() -> Counters:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Guest time is counted in user and nice already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    nics = {name: nic for name, nic in psutil.net_io_counters(pernic=True).items() if name != "lo"}
    return Counters(
        mono=time.monotonic(),
        busy=total - idle,
        idle=idle,
        received={name: nic.bytes_recv for name, nic in nics.items()},
        sent={name: nic.bytes_sent for name, nic in nics.items()},
    )


def os_name(release: str) -> str:
    """`PRETTY_NAME` of an os-release file, nothing where it has none."""
    for line in release.splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip("\"'")[:200]
    return ""


def _device(host: str) -> Device:
    try:
        with open("/etc/os-release", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - bounded read
            name = os_name(file.read(65536))
    except OSError:
        name = ""
    facts = {
        "os": name or platform.system(),
        "kernel": platform.release()[:200],
        "hostname": platform.node()[:200],
        "cores": float(os.cpu_count() or 1),
    }
    return Device(device=host, kind=DeviceKind.HOST, name=platform.node()[:200], facts=facts)


def _build(settings: Settings, context: Context) -> Sequence[Collector]:
    return [HostCollector(context)]


plugin = Plugin("host", Settings, _build)
