"""Searches a recorder keeps for its clients: a handful of finders, and of walks through its log. A leak blocks it."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.dahua import tables
from simulator.recorder.box import Box, Entry, Span


@dataclass
class Search:
    """What was found and is not told yet. `begun` is whether it was told what to look for."""

    begun: bool = False
    files: list[tuple[int, Span]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class Searches:
    """Open searches of one kind, `limit` at most. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.made = 0
        self._open: dict[str, Search] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> int:
        """How many nobody has given back."""
        with self._lock:
            return len(self._open)

    def make(self) -> str | None:
        """A new one's name, None where all are taken."""
        with self._lock:
            if len(self._open) >= self.limit:
                return None
            self.made += 1
            name = f"{self.made * 7919:05}"
            self._open[name] = Search()
            return name

    def get(self, name: str) -> Search | None:
        """One by its name."""
        with self._lock:
            return self._open.get(name)

    def end(self, name: str) -> bool:
        """Give it back; whether it was there."""
        with self._lock:
            return self._open.pop(name, None) is not None


def files(box: Box, index: int, begin: float, end: float) -> list[tuple[int, Span]]:
    """Files of a channel, each with its index, oldest first."""
    return [(index, span) for span in box.recorded(index + 1, begin, end)]


def take(found: list[tuple[int, Span]], count: int) -> Sequence[tuple[int, Span]]:
    """The next page, taken out of what is left."""
    page = found[:count]
    del found[:count]
    return page


def walk_log(box: Box, searches: Searches, action: str, asked: Mapping[str, str]) -> bytes | None:
    """`startFind`, `doFind` and `stopFind`; None for an error."""
    if action == "startFind":
        made = searches.make()
        search = searches.get(made or "")
        if search is None:
            return None
        begin, end = (tables.read(box, asked[f"condition.{which}Time"]) for which in ("Start", "End"))
        search.entries = [entry for entry in box.log if begin <= entry.at <= end]
        return tables.body([f"token={made}", f"count={len(search.entries)}"])
    search = searches.get(asked.get("token", ""))
    if search is None:
        return None
    if action == "stopFind":
        searches.end(asked["token"])
        return b"OK\r\n"
    count = int(asked["count"])
    page = search.entries[:count]
    del search.entries[:count]
    return tables.body(tables.entries(box, page))
