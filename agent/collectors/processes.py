"""The recorder's software and other watched processes: running, restarts, processor and memory use, its growth.

Read from /proc: one small file a process, command lines and control groups only where a pattern or a unit asks for
them. Needs no rights, but must be able to see other users' processes: not where /proc is mounted with `hidepid`, nor in
a service with `ProtectProc=`. Memory and processor time include all child processes; memory shared between them counts
several times. Its growth is told once there is a third of the window to look back on, anew after each restart.

The event `process.restarted` says how many main processes were replaced, and for how long there was none (where a run
found none; a restart between two runs is noticed all the same).
"""

import os
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.clock import Clock, SystemClock
from agent.collector import Collector, Context, Happening, Measurement, Need, Plugin, Reading, Settings
from agent.device_ids import device_id
from agent.machine.process_table import PROC, Process, ProcessTable, read
from agent.machine.process_watch import ProcessWatch, Restart
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

RESTARTED = "process.restarted"

_HOUR = 3600.0
_WAYS = ("executable", "command", "unit", "pidfile")

Text = Annotated[str, StringConstraints(max_length=500)]


class WatchedProcess(BaseModel):
    """One process to watch, found in exactly one of four ways."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[ShortText, StringConstraints(min_length=1)]
    """As people call it."""
    id: SlugId | None = None
    """Its device id; by default made of the host's and its name."""
    room: SlugId | None = None
    """The room it belongs to."""
    executable: Text = ""
    """File name of the program, all of it: `zmc`, `nvr-server`."""
    command: Text = ""
    """Pattern (`*`, `?`) of the whole command line, arguments separated by spaces: `*python3*-m frigate*`."""
    unit: Text = ""
    """systemd unit it runs in: `zoneminder.service`."""
    pidfile: Annotated[str, Field(pattern="^(/.*)?$", max_length=1000)] = ""
    """File with its process id in the first line. A file left over from a crash may name another program by now:
    where there is a unit, watch that."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in _WAYS if getattr(self, way)]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(_WAYS)} is needed, here {' and '.join(given) or 'none'}")
        return self

    @property
    def plain_name(self) -> str:
        """What its id is made of: `ZM capture` becomes `zm-capture`."""
        return "-".join(self.name.lower().split())

    @property
    def way(self) -> str:
        """How it is found, for people: `unit zoneminder.service`."""
        return next(f"{way} {getattr(self, way)}" for way in _WAYS if getattr(self, way))


class ProcessesSettings(Settings):
    """`[[collectors.processes.process]]`, one for each process."""

    process: Annotated[tuple[WatchedProcess, ...], Field(max_length=32)] = ()
    """What to watch."""
    growth_hours: float = Field(default=6.0, ge=0.5, le=72.0)
    """Over how long the growth of memory is measured."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for values in ([one.plain_name for one in self.process], [one.id for one in self.process if one.id]):
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"two processes are called {min(twice)!r}")
        return self


class ProcessesCollector:
    """Looks at all processes once a run, for every watched one."""

    def __init__(
        self, settings: ProcessesSettings, context: Context, *, clock: Clock | None = None, proc: Path = PROC
    ) -> None:
        self._clock = clock or SystemClock()
        self._proc = proc
        self._watched = [
            (one, _device(one, context.host), ProcessWatch(settings.growth_hours * _HOUR)) for one in settings.process
        ]
        self._told = False

    def collect(self) -> Reading:
        """One run. Raises NotAvailable where processes of others are hidden."""
        mono, uptime = self._clock.mono(), time.clock_gettime(time.CLOCK_BOOTTIME)
        table = read(self._proc)
        measurements: list[Measurement] = []
        happenings: list[Happening] = []
        problems: list[str] = []
        for watched, device, watch in self._watched:
            try:
                matching = find(watched, table)
            except OSError as error:
                problems.append(f"{watched.pidfile}: {error.strerror or error}")
                continue
            family = table.family([process.pid for process in matching])
            values, restart = watch.look(matching, family, mono, uptime)
            measurements.append(Measurement(device.device, values, mono))
            if restart is not None:
                happenings.append(_happening(watched, device, restart, mono))
        devices = None if self._told else [device for _, device, _ in self._watched]
        self._told = True
        return Reading(measurements, happenings, devices, problem="; ".join(problems))

    def close(self) -> None:
        """Nothing is held."""


def find(watched: WatchedProcess, table: ProcessTable) -> list[Process]:
    """The processes that match. Raises OSError where a pidfile is there but can't be read."""
    if watched.pidfile:
        main = table.by_pid.get(_pid_in(watched.pidfile))
        return [main] if main is not None else []
    # Our own command line may well hold the pattern.
    others = [process for process in table.by_pid.values() if process.pid != os.getpid()]
    if watched.executable:
        return [one for one in others if table.executable(one) == watched.executable]
    if watched.unit:
        return [one for one in others if watched.unit in table.units(one.pid)]
    return [one for one in others if fnmatchcase(" ".join(table.command(one.pid)), watched.command)]


def _pid_in(path: str) -> int:
    """The process id in a file, 0 (which is nobody's) where there is no such file or no number in it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us
    except FileNotFoundError:
        return 0
    try:
        first = os.read(file, 64).partition(b"\n")[0].strip()
    finally:
        os.close(file)
    return int(first) if first.isdigit() and len(first) <= 10 else 0


def _happening(watched: WatchedProcess, device: Device, restart: Restart, mono: float) -> Happening:
    data: dict[str, str | float] = {"name": watched.name, "restarts": float(restart.count)}
    if restart.down is not None:
        data["down_seconds"] = round(restart.down, 3)
    return Happening(device.device, RESTARTED, data, mono)


def _device(watched: WatchedProcess, host: str) -> Device:
    return Device(
        device=watched.id or device_id(host, watched.plain_name),
        kind=DeviceKind.RECORDER,
        name=watched.name,
        parent=host,
        room=watched.room,
        facts={"watched": watched.way},
    )


def _build(settings: ProcessesSettings, context: Context) -> Sequence[Collector]:
    return [ProcessesCollector(settings, context)] if settings.process else []


plugin = Plugin(
    "processes",
    ProcessesSettings,
    _build,
    metrics=(
        *("process_running", "process_count", "process_uptime_seconds", "process_restarts"),
        *("process_rss_bytes", "process_cpu_ratio", "process_rss_growth_bytes_per_hour"),
    ),
    events=(RESTARTED,),
    needs=(
        Need("sight of other users' processes (/proc without hidepid, no ProtectProc= in the service)", "all of it"),
    ),
)
