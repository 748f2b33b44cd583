"""One device as heard: whether we are subscribed, what it told, and what is to be reported of that.

Filled by whatever listens to it, in any thread; emptied once a round.
"""

import datetime
import logging
import threading
from dataclasses import dataclass, replace

from agent.hardware.model import OF_A_VIEW, OF_THE_BOX, Kind, Stranger, Told
from agent.hardware.states import Change, States

log = logging.getLogger(__name__)

MAX_CHANGES = 2000
"""Changes kept between two rounds; further ones are counted."""

MAX_STRANGERS = 100
"""Unknown kinds of events that are named in the log, each once."""

SETTLING_SECONDS = 10.0
"""What a stream repeats so soon after it began went on already: streams tell no present states."""

_REBOOT_SECONDS = 120.0
"""Some devices work out when they were booted anew each time, a little differently."""


@dataclass(frozen=True)
class Heard:
    """A change, and when it was heard (monotonic)."""

    change: Change
    mono: float


class Ears:
    """`quiet_seconds`: see States. Thread-safe."""

    def __init__(self, name: str, quiet_seconds: float) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._states = States(quiet_seconds)
        self._since: float | None = None
        self._times = 0
        self._heard = 0.0
        self._changes: list[Heard] = []
        self._dropped = 0
        self._strangers: set[str] = set()
        self._unknown = 0
        self._booted: datetime.datetime | None = None

    # -- of whoever listens --------------------------------------------------------------------------------------

    def began(self, now: float) -> None:
        """Subscribed; what was told before is not known to be so any more."""
        with self._lock:
            self._states.forget(now)
            self._states.resume(now)
            self._since = self._heard = now
            self._times += 1

    def ended(self, now: float) -> None:
        """Not subscribed any more."""
        with self._lock:
            self._states.forget(now)
            self._since = None

    def alive(self, now: float) -> None:
        """Something came, if only a heartbeat."""
        with self._lock:
            self._heard = now

    def hear(self, told: Told | Stranger, now: float) -> None:
        """An event."""
        with self._lock:
            self._heard = now
            if isinstance(told, Stranger):
                self._meet(told)
                return
            change = self._reboot(told) if told.kind is Kind.REBOOTED else self._learn(told, now)
            self._keep([change] if change is not None else [], now)

    # -- of the round --------------------------------------------------------------------------------------------

    @property
    def subscribed(self) -> bool:
        """Whether we are."""
        return self._since is not None

    def silence(self, now: float) -> float:
        """Seconds since it was heard, or since we subscribed."""
        return max(0.0, now - self._heard)

    @property
    def unknown(self) -> int:
        """Events of unknown kinds since the start."""
        return self._unknown

    def take(self, now: float) -> tuple[list[Heard], int]:
        """What changed since the last round, and how many changes more there were than are kept."""
        with self._lock:
            if self._since is not None:
                self._keep(self._states.expire(now), now)
            taken, self._changes = self._changes, []
            dropped, self._dropped = self._dropped, 0
        return taken, dropped

    def values(self, channel: str | None = None) -> dict[str, float]:
        """Metrics of a channel; without one those of the box; what was not told is missing."""
        with self._lock:
            kinds = OF_THE_BOX if channel is None else OF_A_VIEW
            found = {metric: self._states.value(of, channel or "") for metric, of in kinds.items()}
        return {metric: float(value) for metric, value in found.items() if value is not None}

    def views(self) -> dict[str, float]:
        """Metrics of a camera: it has one view, whatever it calls it."""
        with self._lock:
            found = {metric: self._states.value(of, None) for metric, of in OF_A_VIEW.items()}
        return {metric: float(value) for metric, value in found.items() if value is not None}

    def channels(self) -> set[str]:
        """Those told of since we subscribed."""
        with self._lock:
            return self._states.channels()

    # -- how -----------------------------------------------------------------------------------------------------

    def _learn(self, told: Told, now: float) -> Change | None:
        settling = self._since is None or now - self._since < SETTLING_SECONDS
        if told.lasting or not told.active or not settling:
            return self._states.learn(told, now)
        # Heard before, and this was not: then it began while we could not hear.
        if self._times > 1:
            return self._states.learn(told, now, gap=True)
        return self._states.learn(replace(told, initial=True), now)

    def _reboot(self, told: Told) -> Change | None:
        before, self._booted = self._booted, told.at
        if before is None or told.at is None or (told.at - before).total_seconds() < _REBOOT_SECONDS:
            return None
        return Change(told, None)

    def _meet(self, stranger: Stranger) -> None:
        self._unknown += 1
        if stranger.code not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(stranger.code)
            log.info("%s: tells of %r, which nobody here knows", self._name, stranger.code)

    def _keep(self, changes: list[Change], now: float) -> None:
        room = max(0, MAX_CHANGES - len(self._changes))
        self._changes += [Heard(change, now) for change in changes[:room]]
        self._dropped += max(0, len(changes) - room)
