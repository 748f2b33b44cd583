"""Backups: how old and how large the newest is, how many there are, and whether a sample of it can be read.

Looks through the folders of `[[collectors.backup.set]]` (names, sizes, times; links below them are never followed), and
reads a bounded sample of the newest one that is complete: its start, middle and end, and what its kind allows. gzip,
bzip2 and xz are unpacked, small ones whole; tar, zip and SQLite files have to hold together to their end; of all others
(encrypted ones, zstd) only reading is known. A sample is no restore: try one. `backup_readable` is 0 and the fact
`sample` says why, when that fails; nothing is said of a backup that we have no right to read.

Needs read and search permission on the folders, read permission on the backups for the sample. Read at idle disk
priority, and again only when the newest changes or a day has passed. Each set has a collector of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.clock import Clock, SystemClock
from agent.collector import Collector, Context, Measurement, Need, NotAvailable, Plugin, Reading, Settings
from agent.device_ids import device_id
from agent.machine.archives import examine
from agent.machine.backups import Backup, Found, Search, TooMany, measure, opened_file, settled, until
from agent.recordings.disk import idle_priority
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

METRICS = ("backup_age_seconds", "backup_size_bytes", "backup_readable", "backups")
SAMPLE_AGAIN_SECONDS = 86_400.0
_SHARE_OF_TIME = 0.6
"""Of the time-out, for looking through the folder."""
_NO_DATE = 1_000_000_000.0
"""An earlier wall clock was never set since the machine booted."""


class BackupSet(BaseModel):
    """One kind of backup in one folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId | None = None
    """Its device id; left out, one is made of host and name."""
    name: Annotated[ShortText, Field(min_length=1)]
    """What people call it."""
    path: Annotated[str, Field(pattern="^/", max_length=1000)]
    """The folder they are in."""
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    """Which files are backups: `*.tar.gz`; with a slash, of the path below the folder: `daily/*.sql.gz`. Hidden files
    are none unless the pattern begins with a dot."""
    folders: bool = False
    """Each backup is a folder that matches (rsync snapshots), as old as its last change."""
    max_depth: int = Field(default=2, ge=1, le=16)
    """How deep below the folder is looked: 1 is the folder itself."""
    min_size_bytes: int = Field(default=1, ge=0)
    """A newest backup that is smaller is not readable."""
    settle_seconds: float = Field(default=300.0, ge=0.0, le=86_400.0)
    """One written to within this time, or grown since the last look, is not complete yet."""
    sample: Literal["auto", "none"] = "auto"
    """Whether to read a sample of the newest."""


class BackupSettings(Settings):
    """`[[collectors.backup.set]]`, one for each kind of backup."""

    interval_seconds: float = Field(default=1800.0, ge=1.0, le=86_400.0)
    """From the start of one run to the start of the next."""
    timeout_seconds: float = Field(default=300.0, ge=1.0, le=3600.0)
    """A run that takes longer counts as failed, and is waited for."""
    set: Annotated[tuple[BackupSet, ...], Field(max_length=32)] = ()
    """What to look at."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [one.id or one.name for one in self.set]
        if len(set(names)) < len(names):
            raise ValueError("two sets have the same id, or none and the same name")
        return self


@dataclass(frozen=True)
class _Sampled:
    """What was read of a backup, and when (monotonic). `readable` is None where that can't be told."""

    readable: bool | None
    text: str
    mono: float


class BackupCollector:
    """One set."""

    def __init__(self, one: BackupSet, timeout: float, context: Context, clock: Clock) -> None:
        self._set = one
        self._host = context.host
        self._device_id = one.id or device_id(context.host, "backup", one.name)
        self._seconds = timeout * _SHARE_OF_TIME
        self._clock = clock
        self._search = Search(one.path, one.pattern, one.max_depth, folders=one.folders)
        self._before: Backup | None = None
        self._sampled: _Sampled | None = None
        self._sampled_of: Backup | None = None
        self._told: Device | None = None

    def collect(self) -> Reading:
        """One run. Raises NotAvailable where we may not read the folder."""
        with idle_priority():
            return self._collect()

    def _collect(self) -> Reading:
        now, mono = self._clock.wall(), self._clock.mono()
        one = self._set
        try:
            found = self._search.look(now, until(self._seconds))
        except PermissionError as error:
            raise NotAvailable(f"{one.path}: {error.strerror}: let the agent's account list and read it") from None
        except (OSError, TooMany) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            return Reading(devices=self._devices(None, {}), problem=f"{one.path}: {reason}")
        if now < _NO_DATE:
            problem = f"{one.name}: the clock was not set since boot, no age can be told"
            return Reading(devices=self._devices(None, {}), problem=problem)
        newest = settled(found.newest, now, one.settle_seconds, self._before)
        self._before = found.newest[0] if found.newest else None
        problems = self._problems(found)
        # What lies in a folder that can't be read may be newer, and counts.
        values = {} if found.unread else {"backups": float(found.count)}
        facts: dict[str, str] = {}
        if newest is not None and not found.unread:
            told, facts, problem = self._of_newest(newest, now, mono)
            values |= told
            problems += [problem] if problem else []
        measurements = [self._measured(values, mono)] if values else []
        text = "; ".join(f"{one.name}: {problem}" for problem in problems)
        return Reading(measurements, devices=self._devices(newest, facts), problem=text)

    def _measured(self, values: dict[str, float], mono: float) -> Measurement:
        return Measurement(self._device_id, values, mono)

    def _problems(self, found: Found) -> list[str]:
        problems = []
        if found.unread:
            problems.append(f"{len(found.unread)} folders can't be read: {_printable(found.unread[0])}")
        if found.future:
            problems.append(f"{found.future} backups are dated in the future, and passed over")
        return problems

    def _of_newest(self, newest: Backup, now: float, mono: float) -> tuple[dict[str, float], dict[str, str], str]:
        """Values and facts of the newest backup, and what is wrong with it."""
        values = {"backup_age_seconds": max(0.0, now - newest.written)}
        size, sample = newest.size, newest
        if self._set.folders:
            try:
                size, largest = measure(self._set.path, newest.path, until(self._seconds))
            except OSError as error:
                return values, {}, f"{_printable(newest.path)}: {error.strerror or error}"
            sample = largest or newest
        if size is not None:
            values["backup_size_bytes"] = float(size)
        if size is not None and size < self._set.min_size_bytes:
            text = f"has only {size} bytes"
            return {**values, "backup_readable": 0.0}, {"sample": text}, f"{_printable(newest.path)} {text}"
        if self._set.sample == "none":
            return values, {}, ""
        if self._set.folders and sample is newest:
            return {**values, "backup_readable": 0.0}, {"sample": "is empty"}, f"{_printable(newest.path)} is empty"
        sampled = self._sample(sample, mono)
        problem = f"{_printable(sample.path)} {sampled.text}" if not sampled.readable and sampled.text else ""
        if sampled.readable is not None:
            values["backup_readable"] = float(sampled.readable)
        return values, {"sample": sampled.text} if sampled.text else {}, problem

    def _sample(self, backup: Backup, mono: float) -> _Sampled:
        """Read of it, unless it was read lately and found well."""
        known = self._sampled
        fresh = known is not None and known.readable is True and mono - known.mono < SAMPLE_AGAIN_SECONDS
        if known is not None and fresh and self._sampled_of == backup:
            return known
        self._sampled, self._sampled_of = self._read(backup, mono), backup
        return self._sampled

    def _read(self, backup: Backup, mono: float) -> _Sampled:
        try:
            with opened_file(self._set.path, backup.path) as file:
                examined = examine(backup.path, file)
        except PermissionError as error:
            text = f"may not be read: {error.strerror}: let the agent's account read it"
            return _Sampled(readable=None, text=text, mono=mono)
        except FileNotFoundError:
            return _Sampled(readable=None, text="", mono=mono)  # rotated away since it was listed
        except OSError as error:
            text = f"can't be read: {error.strerror or error}"
            return _Sampled(readable=False, text=text, mono=mono)
        text = examined.fault or f"well: {examined.kind}"
        return _Sampled(readable=not examined.fault, text=text, mono=mono)

    def _devices(self, newest: Backup | None, facts: dict[str, str]) -> list[Device] | None:
        one = self._set
        told = {"path": one.path, "role": "backup", "pattern": one.pattern} | facts
        if newest is not None:
            told["newest"] = _printable(newest.path)
        device = Device(
            device=self._device_id, kind=DeviceKind.VOLUME, name=one.name, parent=self._host, facts={**told}
        )
        changed, self._told = device != self._told, device
        return [device] if changed else None

    def close(self) -> None:
        """Nothing is held."""


def _printable(text: str) -> str:
    """A file's name as people may see it: it may hold anything."""
    return re.sub(r"[^\x20-\U0010ffff]|[\x7f-\x9f\ud800-\udfff]", "?", text)[:300]


def build(settings: BackupSettings, context: Context, *, clock: Clock | None = None) -> Sequence[Collector]:
    """The collectors of these settings."""
    return [BackupCollector(one, settings.timeout_seconds, context, clock or SystemClock()) for one in settings.set]


plugin = Plugin(
    "backup",
    BackupSettings,
    build,
    metrics=METRICS,
    needs=(
        Need("read and search permission on the folders", "without, nothing is known"),
        Need("read permission on the backups", "without, age and size are known, and not whether they are well"),
    ),
)
