"""A device's clock against ours, with a bound of the error.

A device tells whole seconds, so one answer `c` to a question sent at `t0` and answered at `t1` bounds the offset
(device minus ours) by `c - t1 <= offset < c + 1 - t0`. Each further question is timed so that the device's second
should turn over just then, by the middle of what is known: its answer halves what is left. Three questions give about
±0.15 s, ten come down to half of what an answer takes. Between such measurements one question a round checks what is
known and narrows it further; a clock that was set contradicts it, and is measured anew at once.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import moment
from agent.device.errors import DeviceError


@dataclass(frozen=True)
class Interval:
    """Where the offset (device minus ours, s) must lie: low <= offset < high."""

    low: float
    high: float

    @classmethod
    def of(cls, device_second: float, sent: float, answered: float) -> "Interval":
        """From one answer in whole seconds, and our clock before and after."""
        return cls(device_second - answered, device_second + 1 - sent)

    def meet(self, other: "Interval") -> "Interval | None":
        """What both allow, None if they contradict each other."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low < high else None

    def widened(self, seconds: float) -> "Interval":
        """The same, with so much more error either way."""
        return Interval(self.low - seconds, self.high + seconds)

    @property
    def middle(self) -> float:
        """The estimate (s)."""
        return (self.low + self.high) / 2

    @property
    def error(self) -> float:
        """How far the truth can be from the middle (s)."""
        return (self.high - self.low) / 2


DRIFT = 200e-6
"""How fast two clocks may part, s/s: twice what the quartz of a cheap camera does."""


class Tracked:
    """One device's clock over many rounds: measured with `samples` questions every so often, with one in between."""

    def __init__(self, samples: int, every_seconds: float) -> None:
        self._samples = samples
        self._every = every_seconds
        self._known: Interval | None = None
        self._at = self._measured = 0.0

    def round(self, measure: Callable[[int], Interval], now: float) -> Interval:
        """This round's offset; `measure(samples)` asks the device, `now` is monotonic seconds.

        In between the estimate is what is known, but the bound is that of this round's answer: a clock that was set by
        half a second need not contradict what is known, and must not hide behind it.
        """
        known = self._known
        if known is not None and now - self._measured < self._every:
            asked = measure(1)
            merged = asked.meet(known.widened((now - self._at) * DRIFT))
            if merged is not None:
                self._known, self._at = merged, now
                error = max(asked.high - merged.middle, merged.middle - asked.low)
                return Interval(merged.middle - error, merged.middle + error)
        fresh = self._known = measure(self._samples)
        self._at = self._measured = now
        return fresh

    def forget(self) -> None:
        """The device may be another one now."""
        self._known = None


def measure(
    ask: Callable[[], float],
    samples: int = 3,
    wall: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Interval:
    """Ask a device for its time (Unix seconds, whole) up to `samples` times, each after at most one second's wait.

    What `ask` raises at first is passed on; a failure later leaves what is known so far.
    """
    # Our wall clock is read once: when it is set between two questions, both still count from the same zero.
    zero = moment(wall, monotonic).shift

    def now() -> float:
        return zero + monotonic()

    def once() -> tuple[Interval, float]:
        sent = now()
        second = ask()
        answered = now()
        return Interval.of(second, sent, answered), answered - sent

    known, travel = once()
    for _ in range(samples - 1):
        # The device should look at its clock, half a travel after we ask, just as its second turns over.
        sleep(_until_the_turn(now() + known.middle + travel / 2))
        try:
            sample, took = once()
        except DeviceError:
            break
        # A contradiction means that the device's clock was set just now: only the new answer counts.
        known, travel = known.meet(sample) or sample, min(travel, took)
    return known


def _until_the_turn(device_time: float) -> float:
    """Seconds until a clock that shows `device_time` turns over to its next second."""
    return math.floor(device_time) + 1 - device_time
