"""What goes on inside a simulated recorder. Protocol faces (ISAPI, Dahua CGI, ONVIF) tell of it; faults change it.

Attributes may be set at any time from any thread. Times are Unix seconds of the recorder's own clock.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

DAY = 86_400.0
Span = tuple[float, float]
Alarm = tuple[str, int]
"""What is the matter, and with which channel (0: the box)."""


@dataclass
class Channel:
    """One input. `number` counts from 1. Recorded from `oldest_seconds` ago until now, but for `gaps`.

    `listed` False is a channel that vanished from every list. `plan` holds (weekday 0 = Monday, begin, end) in seconds
    of the day; `motion_plan` the same for recording on motion only.
    """

    number: int
    name: str = ""
    listed: bool = True
    online: bool = True
    video_loss: bool = False
    address: str = ""
    serial: str = ""
    mac: str = ""
    plan_enabled: bool = True
    plan: list[tuple[int, int, int]] = field(default_factory=lambda: [(day, 0, 86_400) for day in range(7)])
    motion_plan: list[tuple[int, int, int]] = field(default_factory=list)
    oldest_seconds: float = 30 * DAY
    stopped_at: float | None = None
    """Recording ended then, whatever the plan says; None: it goes on."""
    gaps: list[Span] = field(default_factory=list)
    segment_seconds: float = 3600.0
    """Length of one recording file."""
    picture: bytes = b""
    """Its snapshot (JPEG); empty: refused."""
    view: Callable[[], bytes] | None = None
    """Instead of `picture`: what it shows now."""

    def snapshot(self) -> bytes:
        """Its picture now (JPEG); empty: refused."""
        return self.view() if self.view is not None else self.picture


@dataclass
class Disk:
    """A disk. `state`: ok, error, smart_failing, unformatted, sleeping, missing (in its slot yesterday, gone today)."""

    slot: int
    size_bytes: float = 4e12
    free_bytes: float = 0.0
    state: str = "ok"
    temperature: float = 38.0
    serial: str = ""


@dataclass
class User:
    """An account. `level`: administrator, operator, viewer."""

    name: str
    level: str = "viewer"


@dataclass
class Entry:
    """A line of the log. `kind`: playback, download, login, login_failed, configure, restart, format, time."""

    at: float
    kind: str
    user: str = ""
    address: str = ""
    channel: int | None = None
    detail: str = ""


class Box:
    """The recorder itself. `clock` gives Unix seconds; its own clock shows `clock_offset` seconds more."""

    def __init__(self, channels: int = 4, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.clock_offset = 0.0
        self.manufacturer, self.model, self.firmware, self.serial = "Simulated", "NVR-4", "V4.1.0", "SIMNVR0001"
        self.ntp = True
        self.ntp_servers = ["ntp.example"]
        self.utc_offset_seconds = 8 * 3600
        """Of its time zone; no daylight saving."""
        self.channels = [Channel(number, f"Camera {number:02}") for number in range(1, channels + 1)]
        self.disks = [Disk(1, serial="SIMDISK1"), Disk(2, serial="SIMDISK2")]
        self.overwrites = True
        self.users = [User("admin", "administrator"), User("watchkeeper", "viewer")]
        self.log: list[Entry] = []
        self.temperature: float | None = 45.0
        self.cpu_ratio, self.memory_ratio = 0.2, 0.5
        self.booted_seconds_ago = 10 * DAY
        self._alarms: set[Alarm] = set()
        self._moments: list[tuple[int, Alarm]] = []
        self._moment_count = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        """By its own clock."""
        return self.clock() + self.clock_offset

    def channel(self, number: int) -> Channel:
        """By its number. Raises KeyError."""
        with self._lock:
            return next((c for c in self.channels if c.number == number), None) or self._none(number)

    def listed(self) -> list[Channel]:
        """Those that the recorder tells of."""
        with self._lock:
            return [channel for channel in self.channels if channel.listed]

    def recorded(self, number: int, begin: float, end: float) -> list[Span]:
        """Recording files of a channel that touch the time between two moments, oldest first."""
        channel = self.channel(number)
        first = self.now() - channel.oldest_seconds
        last = min(self.now(), channel.stopped_at if channel.stopped_at is not None else self.now())
        spans = [span for span in _cut(first, last, channel.gaps) if span[1] > begin and span[0] < end]
        return [file for span in spans for file in _files(span, channel.segment_seconds, begin, end)]

    def extent(self, number: int) -> Span | None:
        """Beginning of the oldest and end of the newest recording."""
        files = self.recorded(number, 0.0, self.now() + 1)
        return (files[0][0], files[-1][1]) if files else None

    def note(self, entry: Entry) -> None:
        """Write a line into the log; it holds the last 2000."""
        with self._lock:
            self.log = [*self.log, entry][-2000:]

    def alarm(self, kind: str, channel: int = 0, on: bool = True) -> None:
        """Something is the matter, or no more, with a channel or the box (0): `storage_failure`, `storage_full`,
        `fan_failure`, `power_failure`, `temperature_critical`, `video_loss`, `tamper`, `recording_failure`,
        `network_lost`, `address_conflict`, `motion`; any other goes out as it is spelled."""
        with self._lock:
            (self._alarms.add if on else self._alarms.discard)((kind, channel))

    def happen(self, kind: str, channel: int = 0) -> None:
        """Something happened that does not last (`illegal_login`)."""
        with self._lock:
            self._moment_count += 1
            self._moments = [*self._moments, (self._moment_count, (kind, channel))][-100:]

    @property
    def alarms(self) -> set["Alarm"]:
        """All that is the matter now, lost pictures included."""
        with self._lock:
            lost: set[Alarm] = {("video_loss", channel.number) for channel in self.channels if channel.video_loss}
            return self._alarms | lost

    def moments(self, after: int) -> list[tuple[int, "Alarm"]]:
        """What happened later than the one with this number, with numbers."""
        with self._lock:
            return [one for one in self._moments if one[0] > after]

    @property
    def last_moment(self) -> int:
        """The number of what happened last."""
        with self._lock:
            return self._moment_count

    def _none(self, number: int) -> Channel:
        raise KeyError(number)


def _cut(first: float, last: float, gaps: Sequence[Span]) -> Iterator[Span]:
    at = first
    for begin, end in sorted(gaps):
        if begin > at:
            yield at, min(begin, last)
        at = max(at, end)
        if at >= last:
            return
    if at < last:
        yield at, last


def _files(span: Span, length: float, since: float, until: float) -> Iterator[Span]:
    """Those of a span that touch the time between two moments."""
    begin = max(span[0], since // length * length)
    while begin < min(span[1], until):
        # Files end at whole multiples of their length, as recorders cut them.
        stop = min(span[1], (begin // length + 1) * length)
        if stop > since:
            yield begin, stop
        begin = stop
