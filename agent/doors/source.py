"""The doors of one source (a controller, a file, a broker): whatever is told goes to the right one."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from agent.collector import Happening, Measurement
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.flood import Allowance
from agent.device.manners import MANNERS
from agent.device.pause import PAUSES
from agent.doors.door import Door, Entry, by_token
from agent.doors.told import AccessTold, Gap, Presence, StateTold, Told

log = logging.getLogger(__name__)

MAX_STRANGERS = 256
"""Unknown doors and readers that are remembered, so that each is named once."""


class Source:
    """`label` is what the log calls it. What was told of a door is unknown again when nothing was heard of it for
    `stale_seconds`. For one thread at a time."""

    def __init__(
        self,
        label: str,
        entries: Sequence[Entry],
        monotonic: Callable[[], float] = time.monotonic,
        stale_seconds: float | None = None,
    ) -> None:
        self.label = label
        self._stale = stale_seconds if stale_seconds is not None else math.inf
        self.doors = by_token([Door(entry, monotonic()) for entry in entries])
        self.readers = {reader: entry.token for entry in entries for reader in entry.access_points}
        """Access point → door, as configured; what the source tells itself is added."""
        self._monotonic = monotonic
        self._strangers: set[str] = set()
        self._allowance = Allowance(monotonic)

    def take(self, told: Iterable[Told]) -> list[Happening]:
        """The events that these are."""
        return [happening for one in told for happening in self._take(one)]

    def bounded(self, happenings: Sequence[Happening]) -> tuple[list[Happening], str]:
        """What may be told of these, and a problem where some were folded into one."""
        kept, folded = self._allowance.spend(happenings)
        return kept, f"{self.label}: {folded} events folded into one" if folded else ""

    def forget(self) -> None:
        """How things are is unknown from now on; what they were like is remembered."""
        for door in self.doors.values():
            door.present.clear()

    def quiet(self, seconds: float) -> list[Door]:
        """Those that nothing was heard of for so long."""
        now = self._monotonic()
        return [door for door in self.doors.values() if door.silence(now) >= seconds]

    @property
    def heard(self) -> float | None:
        """When any of them was last heard of."""
        return max((door.heard for door in self.doors.values() if door.heard is not None), default=None)

    def measure(self, common: Mapping[str, float], known: bool) -> list[Measurement]:
        """A sample of every door: `common` for all, states only where they are `known`, and how long it was silent."""
        now = self._monotonic()
        return [Measurement(door.entry.id, self._values(door, common, known, now), now) for door in self.doors.values()]

    def _values(self, door: Door, common: Mapping[str, float], known: bool, now: float) -> dict[str, float]:
        silence = door.silence(now)
        values = {**common, "door_silence_seconds": silence}
        if door.lost:
            return values | {"door_reachable": 0.0}
        return values | door.values() if known and silence < self._stale else values

    def _take(self, told: Told) -> list[Happening]:
        now = self._monotonic()
        if isinstance(told, Gap):
            self.forget()
            return []
        if isinstance(told, StateTold) and told.door is None:
            return self._of_all(told, now)
        door = self._door(told)
        if door is None:
            return []
        if isinstance(told, Presence) and not told.there:
            door.lose()
            return []
        door.lost = False
        if not (isinstance(told, StateTold | Presence) and told.remembered):
            door.heard = now
        if isinstance(told, StateTold):
            happening = door.learn(told, now)
            return [happening] if happening is not None else []
        if isinstance(told, AccessTold):
            return [Happening(door.entry.id, told.event, told.data, told.mono if told.mono is not None else now)]
        return []

    def _of_all(self, told: StateTold, now: float) -> list[Happening]:
        """A state of the controller is one of each of its doors, but one event: at the first."""
        happenings = [h for door in self.doors.values() if (h := door.learn(told, now)) is not None]
        return happenings[:1]

    def _door(self, told: Told) -> Door | None:
        """The door told of. A source with one door needs no table of its readers."""
        token = told.door
        if isinstance(told, AccessTold):
            token = token or self.readers.get(told.access_point or "") or told.access_point
        door = self.doors.get(token or "") or self.doors.get(self.readers.get(token or "", ""))
        of_reader = isinstance(told, AccessTold) or (isinstance(told, StateTold) and told.part == token)
        if door is None and of_reader and len(self.doors) == 1:
            return next(iter(self.doors.values()))
        if door is None and not isinstance(told, Presence):
            self._note_stranger(token or "")
        return door

    def _note_stranger(self, token: str) -> None:
        if token not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(token)
            log.warning("%s: tells of %r, which no configured door has", self.label, token[:40])


def burden(endpoint: Endpoint, account: Account | None) -> dict[str, float]:
    """What we ask of a controller, and whether our account rests: metrics of each of its doors."""
    manner = MANNERS.of(endpoint)
    figures = {"requests_per_hour": float(manner.spent), "requests_held_back": float(manner.held_back)}
    if account is not None:
        figures["account_paused"] = float(PAUSES.remaining(endpoint, account.username) > 0)
    return figures
