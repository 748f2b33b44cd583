"""States that are told twice: by events as they change, and by answers to our questions. Which of them holds.

An answer is a little older than an event that overtook it, and a little newer than one that is still on its way. So an
answer does not undo what was told just before; and what it tells anew counts at once where events may have been missed,
else only when it is told a second time.
"""

import time
from collections.abc import Callable, Iterable

from agent.collector import Happening
from agent.doors.source import Source
from agent.doors.told import Aspect, StateTold, Told

CONFIRM_SECONDS = 3.0
"""How much later an answer has to say the same again: an event that is on its way has come by then."""
OVERTAKEN_SECONDS = 2.0
"""How much older than its arrival an answer may be."""

_Key = tuple[str | None, Aspect, str]


class Reconciliation:
    """For one thread at a time."""

    def __init__(self, source: Source, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._told: dict[_Key, float] = {}
        self._doubts: dict[_Key, tuple[str, float]] = {}

    @property
    def doubtful(self) -> bool:
        """Whether the last answer told something that has to be told again."""
        return bool(self._doubts)

    def stream(self, told: Iterable[Told]) -> list[Happening]:
        """What events tell."""
        happenings: list[Happening] = []
        for one in told:
            if isinstance(one, StateTold) and one.door in self._source.doors:
                self._told[one.door, one.aspect, one.part] = self._monotonic()
            happenings += self._source.take([one])
        return happenings

    def polled(self, told: Iterable[StateTold], asked: float, sure: bool) -> list[Happening]:
        """What an answer tells that was asked for then. `sure`: no event of it can be on its way."""
        doubts, self._doubts = self._doubts, {}
        happenings: list[Happening] = []
        for one in told:
            door = self._source.doors.get(one.door or "")
            if door is None:
                continue  # one that nobody watches
            key = (one.door, one.aspect, one.part)
            if self._told.get(key, float("-inf")) >= asked - OVERTAKEN_SECONDS:
                door.heard = self._monotonic()
                continue
            known = door.known.get((one.aspect, one.part))
            if not sure and known is not None and known != one.value:
                value, since = doubts.get(key, (one.value, asked))
                if value != one.value or asked - since < CONFIRM_SECONDS:
                    self._doubts[key] = one.value, since if value == one.value else asked
                    door.heard = self._monotonic()
                    continue
            happenings += self._source.take([one])
        return happenings
