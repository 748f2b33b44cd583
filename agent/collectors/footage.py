"""Who opens recordings besides the recorder: each reader becomes an event `footage.read` with program, user and path.

Listened for with Debian's `fatrace`, which runs as long as the agent, one for each file system that holds one of the
`folders`. It wants CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH, nearly all of root: switch this on where retrievals have to
be on record. It hears containers too, and every open, for writing as well; that a folder is listed is none. It does not
hear other machines that have the folder mounted over the network.

The recorder's own processes are named in `[[collectors.footage.recorder]]`, by program, user, systemd unit; with what
they start they are passed over, and so are we. A program can call itself what it likes: name its user or unit too,
where reads must not be hidden.

A reader's first files are told one by one, at once. All else within `window_seconds` becomes one event at their end,
with how many opens and files there were: a backup of 100,000 files is about eleven events. `footage_reads` counts all
opens (several of a file by one process within a moment are one); `footage_reads_uncounted` how often some may have
been missed: when fatrace had to be started again, or more came than the kernel keeps for it. While the agent is down
nobody listens. Of a reader that is gone within milliseconds the user, or all but the path, is `unknown`.
"""

import os
import stat
import threading
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.clock import Clock, SystemClock, moment
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
from agent.machine.fatrace import PACKAGE, Open, Tracer
from agent.machine.footage_watch import Source, Watch
from agent.machine.read_log import ReadLog, Told, printable
from agent.machine.readers import Readers, Rule
from agent.memory import Memory
from wire.ids import ShortText

READ = "footage.read"
START_SECONDS = 3.0
_MOST_PENDING = 500

AbsolutePath = Annotated[str, Field(pattern="^/", max_length=1000)]
Glob = Annotated[str, Field(min_length=1, max_length=200)]


class RecorderProcess(BaseModel):
    """Processes that may read without a record: all that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program: Annotated[str, Field(max_length=200, pattern="^[^/]*$")] = ""
    """The name of its program file (seen with CAP_SYS_PTRACE, or as the same user), or the one it gives itself."""
    user: ShortText = ""
    """The user it runs as, by name or number."""
    unit: ShortText = ""
    """The systemd unit, slice or container scope it runs in: `frigate.service`."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.program or self.user or self.unit):
            raise ValueError("one of program, user and unit is needed: all processes would match")
        return self


class FootageSettings(Settings):
    """Nothing runs without `folders`."""

    interval_seconds: float = Field(default=10.0, ge=0.05, le=600.0)
    """How often what was heard is told."""
    folders: Annotated[tuple[AbsolutePath, ...], Field(max_length=16)] = ()
    """Where recordings are kept."""
    patterns: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=32)] = ("*",)
    """Which files in them are recordings, by name: `*.mp4`."""
    recorder: Annotated[tuple[RecorderProcess, ...], Field(max_length=64)] = ()
    """The recorder's processes, and others that may read without a record. Without any, it is told too."""
    window_seconds: float = Field(default=600.0, ge=1.0, le=86_400.0)
    """Reads by the same program and user within this time become few events."""


class PendingRead(BaseModel):
    """An event that was not sent before the agent ended. `at` is the wall clock's (seconds)."""

    at: float
    data: dict[str, str | float | bool | None]


class PendingMemory(BaseModel):
    """All of them."""

    reads: list[PendingRead] = []


class FootageCollector:
    """All folders. What is heard between two runs is kept in `_log`, under the lock."""

    def __init__(
        self, settings: FootageSettings, context: Context, start: Callable[[str], Source], clock: Clock
    ) -> None:
        self._settings = settings
        self._host = context.host
        self._start = start
        self._clock = clock
        self._memory = Memory(context.state, "pending", PendingMemory)
        self._within: tuple[str, ...] = ()
        self._watches: dict[int, Watch] = {}
        self._lock = threading.Lock()
        self._log = ReadLog(settings.window_seconds)
        self._readers: dict[int, Readers] = {}
        self._rules = [Rule(one.program, one.user, one.unit) for one in settings.recorder]
        self._gaps = 0
        self._begun = False

    def collect(self) -> Reading:
        """One run. Raises NotAvailable and CollectError where no folder can be listened to."""
        happenings = self._recall()
        problems = self._arrange()
        for watch in self._watches.values():
            watch.settled(START_SECONDS)
        mono = self._clock.mono()
        with self._lock:
            told, opens = self._log.take(mono), self._log.opens
        happenings += [self._happening(one) for one in told]
        troubles = [watch.trouble for watch in self._watches.values() if watch.trouble is not None]
        if not happenings and len(troubles) == len(self._watches):
            if not troubles:
                raise CollectError("; ".join(problems))
            raise next((one for one in troubles if isinstance(one, NotAvailable)), troubles[0])
        gaps = self._gaps + sum(watch.gaps for watch in self._watches.values())
        values = {"footage_reads": float(opens), "footage_reads_uncounted": float(gaps)}
        problem = "; ".join([*problems, *map(str, troubles)])
        return Reading([Measurement(self._host, values, mono)], happenings, problem=problem)

    def close(self) -> None:
        """Listen no more. What was heard and not told is told after the next start."""
        for watch in self._watches.values():
            watch.stop()
        self._watches.clear()
        with self._lock:
            told = self._log.take(self._clock.mono(), all_of_it=True)
        if self._begun and told:
            shift = moment(self._clock.wall, self._clock.mono).shift
            reads = [PendingRead(at=one.last + shift, data=self._data(one)) for one in told[:_MOST_PENDING]]
            self._memory.remember(PendingMemory(reads=reads))

    def _recall(self) -> list[Happening]:
        """Events of before the last stop, once."""
        if self._begun:
            return []
        self._begun = True
        pending = self._memory.recall()
        if pending is None or not pending.reads:
            return []
        self._memory.remember(PendingMemory())
        mono, wall = moment(self._clock.wall, self._clock.mono)
        return [Happening(self._host, READ, one.data, mono - max(0.0, wall - one.at)) for one in pending.reads]

    def _arrange(self) -> list[str]:
        """Listen to each file system that holds one of the folders; what is wrong with folders."""
        problems: list[str] = []
        wanted: dict[int, str] = {}
        within: list[str] = []
        for folder in self._settings.folders:
            try:
                real = os.path.realpath(folder, strict=True)
                wanted.setdefault(os.stat(real).st_dev, real)  # noqa: PTH116 - plain text, as fatrace's paths
            except OSError as error:
                problems.append(f"{folder}: {error.strerror or error}")
            else:
                within.append(f"{real.rstrip('/')}/")
        self._within = tuple(within)
        for device in [device for device in self._watches if device not in wanted]:
            gone = self._watches.pop(device)
            gone.stop()
            self._gaps += gone.gaps
            self._readers.pop(device, None)
        for device, folder in wanted.items():
            if device not in self._watches:
                readers = self._readers[device] = Readers(self._rules)
                self._watches[device] = Watch(folder, self._start, partial(self._hear, readers))
        return problems

    def _hear(self, readers: Readers, opens: Sequence[Open], mono: float) -> None:
        """In a watch's thread: what of it is a read of footage."""
        for one in opens:
            if not one.path.startswith(self._within) or not self._is_recording(one.path):
                continue
            reader = readers.who(one.pid, one.process)
            if reader is None or _is_folder(one.path):
                continue
            with self._lock:
                self._log.note(reader, one.pid, one.path, mono)

    def _is_recording(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(pattern == "*" or fnmatchcase(name, pattern) for pattern in self._settings.patterns)

    def _happening(self, told: Told) -> Happening:
        return Happening(self._host, READ, self._data(told), told.first)

    def _data(self, told: Told) -> dict[str, str | float | bool | None]:
        shift = moment(self._clock.wall, self._clock.mono).shift
        data: dict[str, str | float | bool | None] = {
            "process": printable(told.reader.program, 100),
            "user": printable(told.reader.user, 100),
            "path": printable(told.path),
            "pid": float(told.pid),
            "count": float(told.count),
            "first": (told.first + shift) * 1000.0,
            "last": (told.last + shift) * 1000.0,
        }
        return data | ({"files": float(told.files)} if told.files > 1 else {})


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _trace(folder: str) -> Source:
    return Tracer(folder, [os.getpid()])


def build(
    settings: FootageSettings,
    context: Context,
    *,
    start: Callable[[str], Source] = _trace,
    clock: Clock | None = None,
) -> Sequence[Collector]:
    """The collector of these settings; `start` may listen to something else than this machine."""
    return [FootageCollector(settings, context, start, clock or SystemClock())] if settings.folders else []


plugin = Plugin(
    "footage",
    FootageSettings,
    build,
    metrics=("footage_reads", "footage_reads_uncounted"),
    events=(READ,),
    needs=(
        Need("`fatrace`", "it listens for opens", PACKAGE),
        Need("CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH", "fatrace listens through fanotify, and finds paths by handles"),
        Need("search permission on the folders", "it is started in them"),
        Need("CAP_SYS_PTRACE", "only to see which program file others run; without, the name they give themselves"),
    ),
)
