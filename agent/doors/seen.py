"""Events of a controller that were told already: it may tell them again, on every new connection, for years."""

import datetime
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from agent.memory import Memory

if TYPE_CHECKING:
    from agent.isapi.doors import Occurrence

MOST = 2000
"""Events told apart while the agent runs."""
MOST_KEPT = 200
"""Of them, so many are remembered over a restart."""


class Told(BaseModel):
    """What is remembered: the newest events, and when the last one was by the controller's clock."""

    keys: list[str] = Field(default=[], max_length=MOST_KEPT)
    last: datetime.datetime | None = None


class Seen:
    """Thread-safe. Without a memory, what a controller repeats at first is taken as from before our time."""

    def __init__(self, memory: Memory[Told]) -> None:
        self._memory = memory
        self.hearing = threading.RLock()
        """Held by who hears an event until it waits to be told, and by who takes what waits: so that whatever `heard`
        has is told, too."""
        kept = memory.recall() or Told()
        self._keys: OrderedDict[str, None] = OrderedDict.fromkeys(kept.keys)
        self._last = kept.last
        self._unknown = kept.last is None
        """Whether whatever is told late may be from before our time."""
        self._kept = kept

    @property
    def last(self) -> datetime.datetime | None:
        """When the last event was, by the controller's clock; None where none is known."""
        with self.hearing:
            return self._last

    def first(self, occurrence: "Occurrence") -> bool:
        """Whether this is the first time that we hear of it. One told late is new only behind the last one known."""
        with self.hearing:
            key = occurrence.key
            if key is not None and key in self._keys:
                return False
            before = self._last
            self._note(occurrence, key)
            return occurrence.live or (not self._unknown and _behind(occurrence, before))

    def know(self) -> None:
        """A first connection is over: what is told late from now on is from our time."""
        with self.hearing:
            self._unknown = False

    def heard(self) -> Told:
        """All that was heard of up to now, as it is to be remembered."""
        with self.hearing:
            return Told(keys=list(self._keys)[-MOST_KEPT:], last=self._last)

    def keep(self, told: Told) -> None:
        """What was heard up to then is safe: remember that, over restarts too."""
        if told != self._kept:
            self._memory.remember(told)
            self._kept = told

    def _note(self, occurrence: "Occurrence", key: str | None) -> None:
        if key is not None:
            self._keys[key] = None
            while len(self._keys) > MOST:
                self._keys.popitem(last=False)
        if occurrence.at is not None and (occurrence.live or self._last is None or occurrence.at > self._last):
            self._last = occurrence.at


def _behind(occurrence: "Occurrence", last: datetime.datetime | None) -> bool:
    """Whether it is from after the last one known. Of two in one second only numbers tell which is new."""
    if last is None or occurrence.at is None:
        return True
    return occurrence.at >= last if occurrence.key is not None else occurrence.at > last
