"""What a collector is. A new one is one file in collectors/ and its test; discovery finds it by its file name.

A collector's module ends in one name the rest looks for: `plugin`, a `Plugin`. The module's docstring says what is
read, from where, with which rights.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wire.messages import Device


class NotAvailable(Exception):  # noqa: N818 - a state, not an error
    """A tool, a permission or a device is missing on this machine; the text says what to install or allow."""


class CollectError(Exception):
    """A run failed; the text is one line fit for a log."""


@dataclass(frozen=True)
class Measurement:
    """Values of one device. `mono` is `time.monotonic()` when they were read, None for the moment the run ended.

    The runner turns monotonic times into the wall clock's when it makes the report, so that a clock that is set
    between the two does no harm.
    """

    device: str
    values: Mapping[str, float]
    mono: float | None = None


@dataclass(frozen=True)
class Happening:
    """An event at a device: `type` as in `wire.ids.EventType`, `data` small."""

    device: str
    type: str
    data: Mapping[str, str | float | bool | None] = field(default_factory=dict)
    mono: float | None = None


@dataclass(frozen=True)
class ClockReading:
    """Our own clock against a reference: `offset_seconds` to add to ours, `source` the server that answered."""

    offset_seconds: float
    source: str


@dataclass(frozen=True)
class Reading:
    """What one run yields. `devices` is this collector's whole part of the inventory, None when unchanged.

    `clock` is set only by the collector that asks reference clocks; where none answered, `clock_lost` is. `problem` is
    one line about the part of a run that failed: what was read is kept, and the run counts as failed.

    `kept` is called, by the thread that runs the collector, once all of this is in the spool: what was read is safe,
    and its source need not have it any more (a position in a file moves on). `collect` on the command line keeps
    nothing and never calls it.
    """

    measurements: Sequence[Measurement] = ()
    happenings: Sequence[Happening] = ()
    devices: Sequence[Device] | None = None
    clock: ClockReading | None = None
    clock_lost: bool = False
    problem: str = ""
    kept: Callable[[], None] | None = None


class Settings(BaseModel):
    """Of every collector: how often, how long, and whether at all. Subclass it for more; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """Whether it runs."""
    interval_seconds: float = Field(default=60.0, ge=0.05, le=86_400.0)
    """From the start of one run to the start of the next."""
    timeout_seconds: float = Field(default=30.0, ge=0.05, le=3_600.0)
    """A run that takes longer counts as failed, and is waited for."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Whatever a subclass says of them: a hub may set both, and neither must keep a processor busy for nothing."""
        if not 0.05 <= self.interval_seconds <= 86_400.0:
            raise ValueError("interval_seconds is 0.05 to 86400")
        if not 0.05 <= self.timeout_seconds <= 3_600.0:
            raise ValueError("timeout_seconds is 0.05 to 3600")
        return self


class Collector(Protocol):
    """One running collector. Used by one thread at a time; may block up to its time-out."""

    def collect(self) -> Reading:
        """One run. Raises NotAvailable or CollectError; anything else is caught, logged and counted as a failure."""
        ...

    def close(self) -> None:
        """Let go of connections and subscriptions."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A collector that may wait long within a run, and can be told that the agent stops."""

    def interrupt(self) -> None:
        """End a wait that is under way, and any that begins later; called from another thread, maybe several times.

        What was read is returned from `collect` as ever. Must not block.
        """
        ...


@dataclass(frozen=True)
class Context:
    """What every collector may know of its surroundings."""

    agent: str
    """This agent's id: also the device id of the agent itself."""
    host: str
    """The device id of the machine the agent runs on."""
    state: Path | None = None
    """A folder of this collector's own for what it must remember over restarts: small, rebuilt where it is lost, made
    when first written to. None where nothing may be kept (`collect` without a configuration)."""
    hub: tuple[str, int] | None = None
    """Host and port of the broker, None where there is no configuration."""
    others: Mapping[str, Settings] = field(default_factory=dict)
    """The settings of the collectors that the plugin `reads`, where they are enabled."""


@dataclass(frozen=True)
class Need:
    """What a collector wants of the machine: a program, a right, a file. Told in docs/agent.md."""

    what: str
    """`smartctl`, `CAP_SYS_RAWIO`, `read access to the recordings`."""
    why: str
    """What is missing without it."""
    package: str = ""
    """The Debian package that brings it."""


@dataclass(frozen=True)
class Plugin:
    """A collector's name, its settings' type (a table `[collectors.NAME]` of the configuration) and how to make it.

    `build` may return several collectors: each runs in its own thread, so one slow door controller delays no other.
    It validates and connects to nothing.
    """

    name: str
    settings: type[Settings]
    build: Callable[[Any, Context], Sequence[Collector]]
    metrics: tuple[str, ...] = ()
    """Every metric it may send, as in wire's catalogue."""
    events: tuple[str, ...] = ()
    """Every type of event it may send."""
    needs: tuple[Need, ...] = ()
    reads: tuple[str, ...] = ()
    """Collectors whose settings it is made from as well (pictures are taken of what `cameras` watches). It may add to
    the devices they claim: its values are kept, its facts are added. Whether its claim goes behind theirs, `guest`
    says."""
    guest: bool = False
    """It adds to devices that another collector of ours claims (whether a volume is encrypted). It claims them too, of
    the same kind: they are its own only where nobody else does."""


class Plugins(Mapping[str, Plugin]):
    """The collectors of a package by name; each is imported when it is first asked for: what is not used costs nothing.

    Asking raises ValueError for a module that names its collector otherwise.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))

    def __getitem__(self, name: str) -> Plugin:
        if name not in self._names:
            raise KeyError(name)
        plugin: Plugin = importlib.import_module(f"{self._package}.{name}").plugin
        if plugin.name != name:
            raise ValueError(f"collector {name}.py calls itself {plugin.name!r}")
        return plugin

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def discover(package: str = "agent.collectors") -> Mapping[str, Plugin]:
    """Every collector in the package, by name."""
    return Plugins(package)
