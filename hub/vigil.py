"""When this hub was awake and could hear: its signs of life, and the time between them that it missed, as blindness."""

import logging
import queue
import time
from collections.abc import Callable
from typing import Literal, Protocol

from hub.blindness import Blindness

log = logging.getLogger(__name__)

BEAT_MS = 5_000
BUILT_MS = 1_793_491_200_000
"""2026-11-01, before which this code did not exist: a hub whose clock says so does not know the time."""

STALL_SECONDS = 180.0
"""By a clock that nobody sets: the hub's own may be set forward while all is well."""


class Watched(Protocol):
    """What is told of the time: the engine."""

    @property
    def blindness(self) -> Blindness: ...  # noqa: D102 - what was missed
    def clock_set_back(self, now: int) -> None: ...  # noqa: D102 - the hub's clock was ahead and no longer is


class Vigil:
    """All times are ms UTC. What the broker does may be told from any thread, the rest is the committer's own."""

    def __init__(
        self,
        clock: Callable[[], int],
        beat_ms: int = BEAT_MS,
        built_ms: int = BUILT_MS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """A sign of life is wanted every `beat_ms`, and two that are missing are blindness. A clock before `built_ms`
        is not believed. `monotonic` tells seconds."""
        self._clock = clock
        self._beat, self._built = beat_ms, built_ms
        self._last_good = 0
        self._last_beat = 0
        self._monotonic = monotonic
        self._stepped = monotonic()
        self._signals: queue.SimpleQueue[tuple[Literal["lost", "back"], int]] = queue.SimpleQueue()

    def broker_lost(self, silent_ms: int = 0) -> None:
        """From now on nothing can be heard, and for so long before nothing was."""
        self._signals.put(("lost", self._clock() - silent_ms))

    def broker_back(self) -> None:
        """Subscribed again."""
        self._signals.put(("back", self._clock()))

    def take_over(self) -> None:
        """This hub is about to work: nothing is heard until the broker says so, whatever it said in an earlier time."""
        while not self._signals.empty():
            self._signals.get()
        self.broker_lost()

    def stand_by(self) -> None:
        """Another hub works: what this one missed till then is the other's to tell."""
        self._last_good = self._last_beat = 0
        self.alive()

    def alive(self) -> None:
        """What takes long goes on: within a step, something was done again."""
        self._stepped = self._monotonic()

    def stalled(self) -> bool:
        """Nothing has gone on for so long that something hangs. From any thread."""
        return self._monotonic() - self._stepped > STALL_SECONDS

    def step(self) -> bool:
        """A step begins. False where the clock can't be believed."""
        now = self._clock()
        self.alive()
        if now < self._built:
            log.error("the hub's own clock reads %d ms since 1970: nothing is committed until it is set", now)
            return False
        return True

    def restored(self, blindness: Blindness, began: int, beat: int | None, unseen: int | None) -> None:
        """The engine stands again, since `began` in the making. `beat` is the last sign of life committed, and for
        `unseen` ms no hub held the lease."""
        self.alive()  # it may have taken long
        self._last_good = self._last_good or min(began if beat is None else beat, began)
        if unseen is not None and beat is not None:  # between two hubs, however short
            blindness.was(min(self._last_good, began - unseen), began, "hub")

    def look_back(self, engine: Watched) -> bool:
        """Broker signals, and time in which nothing was committed (crash, pause, outage), as stored blindness. Whether
        the broker told anything."""
        now = self._clock()
        if now < self._last_good:
            log.warning("the hub's clock was set back by %d ms", self._last_good - now)
            engine.clock_set_back(now)
            engine.blindness.clock_set_back(now)
            self._last_good = self._last_beat = now
        if now - self._last_good > self._beat * 2:
            engine.blindness.was(self._last_good, now, "hub")
        told = not self._signals.empty()
        while not self._signals.empty():
            what, at = self._signals.get()
            if what == "lost":
                engine.blindness.begin(at, "broker")
            else:
                engine.blindness.end(at)
        return told

    def good(self) -> int:
        """A step ended well, now."""
        self._last_good = self._clock()
        return self._last_good

    def beat_due(self, now: int) -> bool:
        """A sign of life has to be committed, whether anything else has or not."""
        return now - self._last_beat >= self._beat

    def beaten(self, now: int) -> None:
        """One was."""
        self._last_beat = now

    def want_beat(self) -> None:
        """The next commit has one."""
        self._last_beat = 0
