"""A bound for the events of a device: one that goes mad must not bury the others' in the spool and on the hub."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from agent.collector import Happening

MAX_EVENTS = 500
"""Events told at once, at most, and how many more may follow per minute."""

RESERVE = 100
"""So many more, of those that are not everyday: else an alarm that follows a flood would be part of it."""

FLOOD = "door.flood"
"""One event for those that were too many: `count` of them, `by_type` what they were."""

_EVERYDAY = frozenset(
    {
        *("door.opened", "door.closed", "door.access_granted", "door.access_denied"),
        *("door.access_taken", "door.access_not_taken"),
    }
)


class Allowance:
    """How many events a device may still tell. Refilled evenly.

    `flood` is the type of the event that stands for those that were too many; `everyday` are types that go first."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        flood: str = FLOOD,
        everyday: Collection[str] = _EVERYDAY,
    ) -> None:
        self._flood = flood
        self._everyday = everyday
        self._monotonic = monotonic
        self._left = float(MAX_EVENTS)
        self._reserve = float(RESERVE)
        self._at = monotonic()

    def spend(self, happenings: Sequence[Happening]) -> tuple[list[Happening], int]:
        """Those that may be told, in their order, and how many were folded into one behind them.

        Alarms come first: nobody hides one behind a card held to the reader a thousand times.
        """
        now = self._monotonic()
        minutes = (now - self._at) / 60
        self._left = min(MAX_EVENTS, self._left + minutes * MAX_EVENTS)
        self._reserve = min(RESERVE, self._reserve + minutes * RESERVE)
        self._at = now
        weighty = [n for n, one in enumerate(happenings) if one.type not in self._everyday]
        everyday = [n for n, one in enumerate(happenings) if one.type in self._everyday]
        kept = {*weighty[: int(self._left) + int(self._reserve)]}
        self._reserve -= max(0, len(kept) - int(self._left))
        self._left -= min(len(kept), int(self._left))
        rest = everyday[: int(self._left)]
        self._left -= len(rest)
        kept.update(rest)
        told = [happening for n, happening in enumerate(happenings) if n in kept]
        folded = [happening for n, happening in enumerate(happenings) if n not in kept]
        if folded:
            told.append(_flood(folded, self._flood))
        return told, len(folded)


def _flood(folded: Sequence[Happening], flood: str) -> Happening:
    """At the device that most of them are about."""
    device = Counter(happening.device for happening in folded).most_common(1)[0][0]
    types = Counter(happening.type.rpartition(".")[2] for happening in folded)
    by_type = ", ".join(f"{name} {count}" for name, count in types.most_common())
    return Happening(device, flood, {"count": len(folded), "by_type": by_type}, folded[-1].mono)
