"""What threads that listen heard, until the next round takes it. Bounded."""

import threading
from collections import deque

from agent.doors.told import DURESS, AccessTold, Aspect, Gap, StateTold, Told

MOST = 2000
"""Things told that wait for a round."""
_RESERVE = 500
"""Further places for duress."""
_MOST_STATES = 4096


class Inbox:
    """Thread-safe. At its bound the last value of every state is kept, so that no door stays open that was closed, and
    duress; the rest is counted."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[Told] = deque()
        self._last: dict[tuple[str | None, Aspect, str], Told] = {}
        self._dropped = 0

    def put(self, told: Told) -> None:
        """Keep it for the next round."""
        with self._lock:
            if isinstance(told, Gap):
                self._last.clear()
                if not self._waiting or self._waiting[-1] != told:
                    self._waiting.append(told)
            elif len(self._waiting) < self._most:
                self._waiting.append(told)
            elif isinstance(told, StateTold) and len(self._last) < _MOST_STATES:
                key = (told.door, told.aspect, told.part)
                self._dropped += key in self._last
                self._last[key] = told
            elif isinstance(told, AccessTold) and told.event == DURESS and len(self._waiting) < self._most + _RESERVE:
                self._waiting.append(told)
            else:
                self._dropped += 1

    def take(self) -> tuple[list[Told], int]:
        """Everything since the last time, in its order, and how many things were dropped."""
        with self._lock:
            told, dropped = [*self._waiting, *self._last.values()], self._dropped
            self._waiting.clear()
            self._last.clear()
            self._dropped = 0
        return told, dropped
