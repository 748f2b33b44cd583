"""What a recorder tells, in one vocabulary for all makers. Speakers fill it; nobody behind them knows a protocol.

Times are Unix seconds of the recorder's own clock (its wall clock read in its own time zone): recordings and log
entries carry that. What a recorder does not tell is None, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.recordings.plan import Window
from agent.recordings.spans import Span


@dataclass(frozen=True)
class Identity:
    """Who it is."""

    manufacturer: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True)
class TimeSettings:
    """How it keeps its time. `ntp` is whether it sets its clock by `servers`; `zone` its own word for the zone.

    `utc_offset_seconds` is what its wall clock shows more than UTC now, daylight saving included: its plans and days
    are of that.
    """

    ntp: bool | None
    servers: tuple[str, ...] = ()
    zone: str = ""
    utc_offset_seconds: int | None = None


@dataclass(frozen=True)
class Input:
    """One channel as the recorder lists it. `token` is the recorder's own, stable name for it.

    `address`, `serial` and `mac` are of the camera behind it, where it is told: by these a camera that is also watched
    by itself is known again. A slot that nothing was ever connected to is not listed.
    """

    token: str
    name: str = ""
    online: bool | None = None
    video_loss: bool | None = None
    address: str = ""
    serial: str = ""
    mac: str = ""


@dataclass(frozen=True)
class RecordingPlan:
    """When the recorder is meant to record a channel: weekly windows of its own local time; none: never.

    `enabled` is its switch. `continuous` windows are those in which a gap is a gap; others want motion or alarms.
    """

    enabled: bool
    continuous: tuple[Window, ...] = ()
    eventful: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Extent:
    """The oldest and the newest recording of a channel; None for one without any."""

    oldest: float | None
    newest: float | None


@dataclass(frozen=True)
class Drive:
    """A disk in a slot. `healthy` is the recorder's verdict; `asleep` is no fault. An empty slot is not listed."""

    token: str
    healthy: bool | None
    present: bool = True
    status: str = ""
    name: str = ""
    size_bytes: float | None = None
    free_bytes: float | None = None
    temperature_celsius: float | None = None


@dataclass(frozen=True)
class Storage:
    """All drives, and whether the oldest recordings give way when they are full (None: not told)."""

    drives: Sequence[Drive]
    overwrites: bool | None = None


@dataclass(frozen=True)
class Condition:
    """How the box itself fares."""

    temperature_celsius: float | None = None
    cpu_ratio: float | None = None
    memory_used_ratio: float | None = None
    uptime_seconds: float | None = None


@dataclass(frozen=True)
class User:
    """An account on the recorder. `administrator`: it has all rights; None where levels are not told."""

    name: str
    level: str = ""
    administrator: bool | None = None


class Operation(StrEnum):
    """What somebody did, as the types of events say it."""

    PLAYED_BACK = "footage.played_back"
    DOWNLOADED = "footage.downloaded"
    LOGIN = "recorder.login"
    LOGIN_FAILED = "recorder.login_failed"
    CONFIGURED = "recorder.configured"
    RESTARTED = "recorder.restarted"
    DISK_FORMATTED = "recorder.disk_formatted"
    TIME_SET = "recorder.time_set"
    OTHER = "recorder.operation"


@dataclass(frozen=True)
class LogEntry:
    """One line of the operation log: who did what, from which address, to which channel (a token)."""

    at: float
    operation: Operation
    user: str = ""
    address: str = ""
    channel: str = ""
    detail: str = ""


Spans = Sequence[Span]
"""Recorded stretches, whole seconds of the recorder's clock, sorted and merged."""
