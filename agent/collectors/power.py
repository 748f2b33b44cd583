"""Uninterruptible power supplies, through Network UPS Tools (NUT): on battery, how long it lasts, what it asks for.

Asked with `upsc` of a NUT server (`upsd`), which needs no account and no rights; nothing is ever commanded. Without
any `[[collectors.power.ups]]` every UPS of this machine's own server is watched, and one once seen is missed when it is
gone; a UPS at another host's server is asked only where it is named. Each named UPS has a collector of its own: a
server that hangs delays no other.

`ups_reachable` is 0 when server or driver have no word from the UPS, and nothing else is said of it then. `on_battery`
is left out of one that is switched off. When a UPS goes on battery the event `power.on_battery` is sent, and
`power.restored` when it is back on mains: also when that happened while the agent was down.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent import tool
from agent.clock import Clock, SystemClock
from agent.collector import (
    CollectError,
    Collector,
    Context,
    Happening,
    Measurement,
    Need,
    NotAvailable,
    Plugin,
    Reading,
    Settings,
)
from agent.device_ids import device_id
from agent.machine.nut import MOST_UPS, UPS_NAME, Trouble, UpsState, parse, parse_names, parse_trouble
from agent.memory import Memory
from agent.tool import Output
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

ON_BATTERY = "power.on_battery"
RESTORED = "power.restored"
PACKAGE = "nut-client"
UPSC_SECONDS = 10.0

_HOST = r"^([A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])$"


class Run(Protocol):
    """Runs a program, as `agent.tool.run` does."""

    def __call__(self, arguments: Sequence[str], *, package: str, timeout: float) -> Output:
        """Raises NotAvailable and CollectError."""
        ...


class Ups(BaseModel):
    """One UPS to watch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ups: Annotated[str, Field(pattern=UPS_NAME)]
    """Its name in the server's ups.conf."""
    host: Annotated[str, Field(pattern=_HOST)] = "localhost"
    """Where the NUT server runs; an IPv6 address in brackets."""
    port: Annotated[int, Field(ge=1, le=65535)] = 3493
    """The server's port."""
    id: SlugId | None = None
    """Its device id; left out, one is made of this host's and the UPS's name."""
    name: ShortText = ""
    """What people call it; left out, its name in NUT."""
    room: SlugId | None = None
    """The room it is in."""

    @property
    def address(self) -> str:
        """As `upsc` wants it."""
        return f"{self.ups}@{self.host}:{self.port}"

    def device(self, host: str) -> str:
        """Its device id."""
        return self.id or device_id(host, "ups", self.ups, *([] if self.host == "localhost" else [self.host]))


class PowerSettings(Settings):
    """`[[collectors.power.ups]]`, or none of them for every UPS of this machine's own NUT server."""

    interval_seconds: float = Field(default=20.0, ge=2.0, le=3600.0)
    """From the start of one run to the start of the next. A power cut that begins and ends between two goes unseen."""
    ups: Annotated[tuple[Ups, ...], Field(max_length=32)] = ()
    """The UPSes to watch; none means all of this machine's own server."""
    port: Annotated[int, Field(ge=1, le=65535)] = 3493
    """The port of this machine's own server, where none is named."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        ids = [one.device("h") for one in self.ups]
        if len(set(ids)) < len(ids):
            raise ValueError("two UPSes have the same id, or none and the same name")
        return self


class UpsMemory(BaseModel):
    """What outlives a restart: whether it ran on battery when it last said so."""

    on_battery: bool | None = None


class UpsWatch:
    """Watches one UPS. For one thread."""

    def __init__(self, ups: Ups, context: Context, run: Run, clock: Clock) -> None:
        self._ups = ups
        self._id = ups.device(context.host)
        self._host = context.host
        self._run = run
        self._clock = clock
        self._memory = Memory(context.state, self._id, UpsMemory)
        self._kept = self._memory.recall() or UpsMemory()
        self._began: float | None = None
        self._facts: dict[str, str] = {}

    def look(self) -> Reading:
        """One run; its devices are always told. Raises NotAvailable."""
        mono = self._clock.mono()
        try:
            output = self._run(["upsc", self._ups.address], package=PACKAGE, timeout=UPSC_SECONDS)
        except CollectError as error:
            return self._silent(mono, str(error))
        if output.status != 0:
            trouble, text = parse_trouble(output.errors)
            return self._silent(mono, "" if trouble is Trouble.SILENT else text)
        state = parse(output.stdout)
        self._facts = dict(state.facts or {})
        happenings = self._transition(state, mono)
        values = {"ups_reachable": 1.0, **state.values()}
        return Reading([Measurement(self._id, values, mono)], happenings, [self.device()])

    def _silent(self, mono: float, problem: str) -> Reading:
        problem = f"{self._ups.address}: {problem}" if problem else ""
        measured = Measurement(self._id, {"ups_reachable": 0.0}, mono)
        return Reading([measured], devices=[self.device()], problem=problem)

    def _transition(self, state: UpsState, mono: float) -> list[Happening]:
        """The event of a change; what was before is remembered over restarts, and over times it said nothing."""
        now, before = state.on_battery, self._kept.on_battery
        if now is None or now == before:
            return []
        self._kept = UpsMemory(on_battery=now)
        self._memory.remember(self._kept)
        if not now and before is None:
            return []
        began, self._began = self._began, mono if now else None
        data: dict[str, str | float | bool | None] = {"ups": self._ups.name or self._ups.ups}
        data["status"] = " ".join(state.status)[:200]
        told = {"charge_ratio": state.charge, "runtime_seconds": state.runtime}
        data |= {key: value for key, value in told.items() if value is not None}
        if not now and began is not None:
            data["seconds"] = round(mono - began)
        return [Happening(self._id, ON_BATTERY if now else RESTORED, data, mono)]

    def device(self) -> Device:
        """As it is told, with what it last said of itself."""
        return Device(
            device=self._id,
            kind=DeviceKind.UPS,
            name=self._ups.name or self._ups.ups,
            parent=self._host,
            room=self._ups.room,
            facts={**self._facts, "address": self._ups.address},
        )


class ConfiguredUps:
    """One UPS of the configuration."""

    def __init__(self, watch: UpsWatch) -> None:
        self._watch = watch
        self._told: Sequence[Device] | None = None

    def collect(self) -> Reading:
        """One run."""
        reading = self._watch.look()
        changed = reading.devices != self._told
        self._told = reading.devices
        return reading if changed else replace(reading, devices=None)

    def close(self) -> None:
        """Nothing is held."""


class FoundMemory(BaseModel):
    """The names of every UPS this machine's server ever told."""

    names: list[str] = []


class FoundUpses:
    """Every UPS of this machine's own server, at most `MOST_UPS`. One run asks for no longer than it has time."""

    def __init__(self, port: int, seconds: float, context: Context, run: Run, clock: Clock) -> None:
        self._port = port
        # The last one asked may take its whole time.
        self._asking_seconds = max(seconds - UPSC_SECONDS, seconds / 2)
        self._context = context
        self._run = run
        self._clock = clock
        self._memory = Memory(context.state, "found", FoundMemory)
        known = self._memory.recall() or FoundMemory()
        names = parse_names("\n".join(known.names).encode())
        self._watches = {name: self._watch(name) for name in names}
        self._told: list[Device] = []
        self._first = ""
        self._surplus = 0

    def collect(self) -> Reading:
        """One run. Raises NotAvailable where there is no server and none was ever seen, or it has no UPS."""
        began = self._clock.mono()
        problem = self._discover()
        readings = self._ask(began + self._asking_seconds)
        devices = [watch.device() for watch in self._watches.values()]
        changed, self._told = devices != self._told, devices
        problems = [problem] if problem else [reading.problem for reading in readings if reading.problem]
        if self._surplus:
            problems.append(f"more than {MOST_UPS} UPSes, {self._surplus} are not watched")
        if len(readings) < len(self._watches):
            problems.append(f"{len(self._watches) - len(readings)} UPSes were not asked: the others took too long")
        return Reading(
            [one for reading in readings for one in reading.measurements],
            [one for reading in readings for one in reading.happenings],
            devices if changed else None,
            problem="; ".join(problems),
        )

    def _ask(self, until: float) -> list[Reading]:
        """Of every UPS, up to that moment; who was not asked comes first the next time."""
        names = list(self._watches)
        start = names.index(self._first) if self._first in self._watches else 0
        readings: list[Reading] = []
        for name in names[start:] + names[:start]:
            self._first = name
            if self._clock.mono() >= until:
                return readings
            readings.append(self._watches[name].look())
        self._first = ""
        return readings

    def _discover(self) -> str:
        """Learn of UPSes that are new; why that failed."""
        server = f"localhost:{self._port}"
        output = self._run(["upsc", "-l", server], package=PACKAGE, timeout=UPSC_SECONDS)
        if output.status != 0:
            _, text = parse_trouble(output.errors)
            if not self._watches:
                raise NotAvailable(f"no NUT server with a UPS answers at {server} ({text}): apt-get install nut-server")
            return f"{server}: {text}"
        new = [name for name in parse_names(output.stdout) if name not in self._watches]
        # Each answer is bounded, but not what a server names over time.
        fresh = new[: MOST_UPS - len(self._watches)]
        self._surplus = len(new) - len(fresh)
        if fresh:
            self._watches |= {name: self._watch(name) for name in fresh}
            self._memory.remember(FoundMemory(names=list(self._watches)))
        if not self._watches:
            raise NotAvailable(f"the NUT server at {server} has no UPS: name it in its ups.conf")
        return ""

    def _watch(self, name: str) -> UpsWatch:
        return UpsWatch(Ups(ups=name, port=self._port), self._context, self._run, self._clock)

    def close(self) -> None:
        """Nothing is held."""


def build(
    settings: PowerSettings, context: Context, *, run: Run = tool.run, clock: Clock | None = None
) -> Sequence[Collector]:
    """The collectors of these settings; `run` may answer for another machine's `upsc`."""
    clock = clock or SystemClock()
    if not settings.ups:
        return [FoundUpses(settings.port, settings.timeout_seconds, context, run, clock)]
    return [ConfiguredUps(UpsWatch(ups, context, run, clock)) for ups in settings.ups]


plugin = Plugin(
    "power",
    PowerSettings,
    build,
    metrics=(
        *("ups_reachable", "on_battery", "battery_low", "battery_charge_ratio", "battery_runtime_seconds"),
        *("battery_replace", "ups_load_ratio", "temperature_celsius"),
    ),
    events=(ON_BATTERY, RESTORED),
    needs=(
        Need("`upsc`", "it asks the NUT server", PACKAGE),
        Need("a NUT server with the UPS's driver", "it is what talks to the UPS", "nut-server"),
    ),
)
