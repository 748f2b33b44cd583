"""The two clocks of the machine, and what is known of their error."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from agent.collector import ClockReading
from wire.messages import Offset

LAST_MILLISECOND = 253_402_300_799_999
READING_SECONDS = 24 * 3600.0
"""How long a reading of a reference clock is believed."""

_TOGETHER_SECONDS = 0.001
_TRIES = 5

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """The machine's clocks. Tests and simulations bring their own."""

    def wall(self) -> float:
        """Seconds since 1970 UTC; may be wrong, and be set at any moment."""
        ...

    def mono(self) -> float:
        """Seconds since some moment, never set."""
        ...


class SystemClock:
    """The real ones."""

    def wall(self) -> float:
        """The system's time."""
        return time.time()

    def mono(self) -> float:
        """CLOCK_MONOTONIC."""
        return time.monotonic()


class Moment(NamedTuple):
    """One moment on both clocks (s)."""

    mono: float
    wall: float

    @property
    def shift(self) -> float:
        """What makes the wall clock's time of a monotonic one."""
        return self.wall - self.mono


def moment(wall: Callable[[], float], mono: Callable[[], float]) -> Moment:
    """Both clocks' time now. A busy machine may stop a thread between two looks at them, for seconds: of a few tries
    the one counts whose looks were closest, and the first that took less than a millisecond."""
    best, narrowest = Moment(0.0, 0.0), float("inf")
    for _ in range(_TRIES):
        before, now, after = mono(), wall(), mono()
        if after - before < narrowest:
            best, narrowest = Moment((before + after) / 2, now), after - before
        if narrowest < _TOGETHER_SECONDS:
            break
    return best


def milliseconds(seconds: float) -> int:
    """As times go on the wire, held to its bounds: gateways without a battery boot in 1970."""
    return min(LAST_MILLISECOND, max(0, round(seconds * 1000)))


def boot_id() -> str:
    """The kernel's id of this boot; where it has none, an id of this process."""
    try:
        return _BOOT_ID.read_text().strip()[:36]
    except OSError:
        return str(uuid.uuid4())


class Reference:
    """The newest reading of a reference clock, kept against the monotonic clock.

    So a wall clock that is set after the reading changes the offset by as much: the reference's time stays what it was.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: _Known | None = None

    def read(self, reading: ClockReading) -> None:
        """A reference answered just now."""
        now = moment(self._clock.wall, self._clock.mono)
        # Replaced as one: other threads ask meanwhile.
        self._known = _Known(now.mono, now.shift + reading.offset_seconds, reading.source[:200])

    def lost(self) -> None:
        """No reference answers any more."""
        self._known = None

    def ahead(self) -> tuple[float, str] | None:
        """Reference time minus the monotonic clock (s), and who told; None without a reading younger than a day."""
        known = self._known
        if known is None or self._clock.mono() - known.read_at >= READING_SECONDS:
            return None
        return known.ahead, known.source

    def offset(self, at: Moment | None = None) -> Offset:
        """What to add to the wall clock of a moment (now); unknown without a reading younger than a day."""
        known = self.ahead()
        if known is None:
            return Offset()
        ahead, source = known
        shift = (at or moment(self._clock.wall, self._clock.mono)).shift
        return Offset(ms=round((ahead - shift) * 1000, 3), source=source)


class _Known(NamedTuple):
    """One reading: when on the monotonic clock, and reference time minus that clock (s)."""

    read_at: float
    ahead: float
    source: str
