"""The machine the agent runs on: processor, memory, load, uptime, temperature, interfaces, clock service, reboots.

Figures of use come from psutil, temperatures and links from sysfs, the clock's state from the kernel (adjtimex) and,
every five minutes, from `chronyc` or `timedatectl`. A reboot is noticed by the kernel's boot id, remembered in the
state folder. Needs no rights. Interfaces are devices of their own; of the host their rates are the sum.

A temperature is the hottest plausible sensor's, disks left out: they tell their own. The event `host.rebooted` is told
once a boot, by the agent's first run in it.
"""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import Field, StringConstraints

from agent.clock import Clock, SystemClock, milliseconds
from agent.collector import Collector, Context, Happening, Measurement, Need, Plugin, Reading, Settings
from agent.device_ids import device_id
from agent.machine import sensors
from agent.machine.interfaces import Choice, Counters, Link, Watch, address, rates, total
from agent.machine.reboots import Reboots
from agent.machine.timesync import Sync, TimeService
from wire.messages import Device, DeviceKind

REBOOTED = "host.rebooted"

_FIRST_WINDOW_SECONDS = 0.25

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class HostSettings(Settings):
    """Patterns are those of file names: `enp*`, `wlan?`."""

    interfaces: Annotated[tuple[Pattern, ...], Field(max_length=32)] = ()
    """Patterns of interfaces to watch besides the physical ones that are switched on: bonds, bridges, tunnels."""
    ignored_interfaces: Annotated[tuple[Pattern, ...], Field(max_length=32)] = ()
    """Patterns of interfaces to leave out."""
    ignored_sensors: Annotated[tuple[Pattern, ...], Field(max_length=32)] = ()
    """Patterns of `chip/label` (as in `sensors`) of temperatures to leave out: inputs of a board that nothing is
    connected to show anything."""


@dataclass(frozen=True)
class Use:
    """What only counts up. Seconds of processor time over all cores, interfaces' counters, at a monotonic moment."""

    mono: float
    busy: float
    idle: float
    interfaces: Mapping[str, Counters] = field(default_factory=dict)


class HostCollector:
    """Rates are those since the run before; the first run watches for a quarter of a second."""

    def __init__(
        self,
        settings: HostSettings,
        context: Context,
        *,
        clock: Clock | None = None,
        reboots: Reboots | None = None,
        service: TimeService | None = None,
        sysfs: Path = sensors.SYSFS,
    ) -> None:
        self._settings = settings
        self._host = context.host
        self._clock = clock or SystemClock()
        self._reboots = reboots or Reboots(context.state)
        self._service = service or TimeService()
        self._watch = Watch(Choice(settings.interfaces, settings.ignored_interfaces), sysfs)
        self._sysfs = sysfs
        self._before: Use | None = None
        self._told: list[Device] = []

    def collect(self) -> Reading:
        """One run."""
        before = self._before or _read_use()
        if self._before is None:
            time.sleep(_FIRST_WINDOW_SECONDS)
        now = self._before = _read_use()
        sync = self._service.sync(self._clock.mono(), self._clock.wall())
        links = self._watch.look(list(now.interfaces))
        happenings = self._happenings(sync)
        each = {name: _rates_of(name, before, now) for name in links or now.interfaces}
        values = {**use(before, now), **total(list(each.values())), **self._state(), **_told_by(sync)}
        measurements = [Measurement(self._host, values, now.mono)]
        measurements += [
            Measurement(self._interface_id(name), {**_link_values(link), **each[name]}, now.mono)
            for name, link in links.items()
        ]
        return Reading(measurements, happenings, self._devices())

    def close(self) -> None:
        """Remember that the agent stopped in order."""
        self._reboots.stop()

    def _happenings(self, sync: Sync) -> list[Happening]:
        """That the machine was rebooted. When it booted is said only where its clock can be believed."""
        rebooted = self._reboots.look()
        if rebooted is None:
            return []
        uptime = _uptime()
        data: dict[str, bool | float] = {"unexpected": rebooted.unexpected, "uptime_seconds": round(uptime, 3)}
        if sync.synchronised:
            data["booted"] = float(milliseconds(self._clock.wall() - uptime))
        return [Happening(self._host, REBOOTED, data)]

    def _state(self) -> dict[str, float]:
        memory = psutil.virtual_memory()
        values = {
            "memory_used_ratio": 1.0 - memory.available / memory.total,
            "load1_ratio": os.getloadavg()[0] / (os.cpu_count() or 1),
            "uptime_seconds": _uptime(),
        }
        swap = _swap_used_ratio()
        if swap is not None:
            values["swap_used_ratio"] = swap
        hottest = sensors.hottest(
            [*sensors.find(self._sysfs), *sensors.zones(self._sysfs)], self._settings.ignored_sensors
        )
        if hottest is not None:
            values["temperature_celsius"] = hottest
        if self._reboots.unexpected is not None:
            values["unexpected_reboots"] = float(self._reboots.unexpected)
        return values

    def _interface_id(self, name: str) -> str:
        return device_id(self._host, "if", name)

    def _devices(self) -> list[Device] | None:
        """The host and its interfaces, where that changed. An interface that is gone stays until the agent restarts."""
        known = {device.device: device for device in self._told}
        devices = [known.get(self._host) or _device(self._host)]
        for name in self._watch.names:
            found = known.get(self._interface_id(name))
            devices.append(found or _interface(self._interface_id(name), name, self._host, self._sysfs))
        changed, self._told = devices != self._told, devices
        return devices if changed else None


def use(before: Use, after: Use) -> dict[str, float]:
    """The processor's share between two readings; left out where no time has passed."""
    busy, idle = after.busy - before.busy, after.idle - before.idle
    if busy >= 0 and idle >= 0 and busy + idle > 0:
        return {"cpu_ratio": busy / (busy + idle)}
    return {}


def os_name(release: str) -> str:
    """`PRETTY_NAME` of an os-release file, nothing where it has none."""
    for line in release.splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip("\"'")[:200]
    return ""


def _read_use() -> Use:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Guest time is counted in user and nice already.
    total_time = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return Use(
        mono=time.monotonic(),
        busy=total_time - idle,
        idle=idle,
        interfaces={
            name: Counters(one.bytes_recv, one.bytes_sent, one.errin + one.errout, one.dropin + one.dropout)
            for name, one in psutil.net_io_counters(pernic=True, nowrap=False).items()
            if name != "lo"
        },
    )


def _rates_of(name: str, before: Use, after: Use) -> dict[str, float]:
    return rates(before.interfaces.get(name), after.interfaces.get(name), after.mono - before.mono)


def _link_values(link: Link) -> dict[str, float]:
    values = {"link_up": float(link.up)}
    if link.speed is not None:
        values["link_speed_bits_per_second"] = link.speed
    return values


def _told_by(sync: Sync) -> dict[str, float]:
    values = {"clock_synchronised": sync.synchronised, "clock_stratum": sync.stratum}
    return {name: float(value) for name, value in values.items() if value is not None}


def _uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _swap_used_ratio() -> float | None:
    """None on a machine without swap."""
    try:
        swap = psutil.swap_memory()
    except (OSError, RuntimeError, ValueError):
        # psutil also reads /proc/vmstat for figures we do not use; some containers hide it.
        return None
    return swap.used / swap.total if swap.total else None


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


def _interface(device: str, name: str, host: str, sysfs: Path) -> Device:
    facts = {"interface": name[:200], "address": address(name, sysfs)}
    return Device(device=device, kind=DeviceKind.NETWORK, name=name[:200], parent=host, facts={**facts})


def _build(settings: HostSettings, context: Context) -> Sequence[Collector]:
    return [HostCollector(settings, context)]


plugin = Plugin(
    "host",
    HostSettings,
    _build,
    metrics=(
        *("cpu_ratio", "memory_used_ratio", "swap_used_ratio", "load1_ratio", "uptime_seconds"),
        *("temperature_celsius", "unexpected_reboots", "clock_synchronised", "clock_stratum"),
        *("network_receive_bytes_per_second", "network_transmit_bytes_per_second"),
        *("network_errors_per_second", "network_drops_per_second", "link_up", "link_speed_bits_per_second"),
    ),
    events=(REBOOTED,),
    needs=(
        Need(
            "adjtimex (no ProtectClock=yes in the service)", "whether the clock is synchronised, for any time service"
        ),
        Need("chronyc", "the clock's stratum, and chrony's own word; timesyncd's comes from timedatectl", "chrony"),
    ),
)
