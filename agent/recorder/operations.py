"""The recorder's operation log as events: each line told exactly once, over restarts and whatever its clock does.

What was told is remembered by its content, so lines of the same second, lines that are written late, and a clock that
is set back and passes through the same hour twice cost nothing and double nothing.
"""

import datetime
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from agent.collector import Happening
from agent.device.text import printable
from agent.memory import Memory
from agent.recorder.model import LogEntry, Operation

MAX_ENTRIES = 500
"""Lines taken at once."""

MAX_TOLD = 1000
"""Lines that are remembered as told: more than are taken at once, so none is told twice."""

FIRST_SECONDS = 3600.0
"""At the first look, lines older than this are history and not told."""

LATE_SECONDS = 600.0
"""How late a line may be written, or dated, and still be told."""

_STEP_SECONDS = 60.0
_KEEP_SECONDS = 3600.0
_CLOCK_IS_SET = 1_600_000_000


class LogNote(BaseModel):
    """What is remembered of a recorder's log. Times are its own, but `looked` (Unix seconds of ours)."""

    floor: float
    """Lines older than this are never told."""
    newest: float
    """Up to where the log was read."""
    looked: float
    told: list[str] = Field(default=[], max_length=MAX_TOLD)
    """Digests of the lines told last, one for each."""


class Operations:
    """Of one recorder. For one thread at a time."""

    def __init__(
        self,
        recorder: str,
        memory: Memory[LogNote],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder = recorder
        self._memory = memory
        self._wall = wall
        self._monotonic = monotonic
        self._note = memory.recall()
        self._kept = self._note
        self._looked: float | None = None

    def span(self, now: float) -> tuple[float, float]:
        """What of the log to ask for when the recorder's clock shows `now`: from where to where."""
        note = self._note
        if note is None:
            return now - FIRST_SECONDS, now + LATE_SECONDS
        # Where its clock was set back, what was written since we looked carries times that were read through before.
        since = min(note.newest, now - self._elapsed(note)) - LATE_SECONDS
        return since if self._set_back(note, now) else max(since, note.floor), now + LATE_SECONDS

    def learn(self, entries: Sequence[LogEntry], now: float, device: Callable[[str], str]) -> list[Happening]:
        """The lines of `span(now)` that were not told yet, as events of the recorder, remembered as told.

        `device` gives a channel's device id by its token, empty where it has none.
        """
        begin, end = self.span(now)
        note = self._note or LogNote(floor=begin, newest=begin, looked=self._wall())
        within = [one for one in entries if begin <= one.at <= end]
        fresh, told = _fresh(within[-MAX_ENTRIES:], note.told)
        # What happened is dated by our clock, within the time it can have happened in.
        mono, longest = self._monotonic(), self._elapsed(note) + FIRST_SECONDS
        happenings = [self._event(one, device, mono - min(max(0.0, now - one.at), longest)) for one in fresh]
        self._note = LogNote(floor=min(begin, note.floor), newest=now, looked=self._wall(), told=told[-MAX_TOLD:])
        self._looked = mono
        # Seldom where nothing happened, to spare the disk: digests tell what was read twice.
        if fresh or self._kept is None or abs(self._note.looked - self._kept.looked) >= _KEEP_SECONDS:
            self._memory.remember(self._note)
            self._kept = self._note
        return happenings

    def _elapsed(self, note: LogNote) -> float:
        """Seconds since the log was read last; 0 where that was before a restart and a clock was not set."""
        if self._looked is not None:
            return self._monotonic() - self._looked
        wall = self._wall()
        return max(0.0, wall - note.looked) if min(wall, note.looked) >= _CLOCK_IS_SET else 0.0

    def _set_back(self, note: LogNote, now: float) -> bool:
        return now - self._elapsed(note) < note.newest - _STEP_SECONDS

    def _event(self, entry: LogEntry, device: Callable[[str], str], mono: float) -> Happening:
        data: dict[str, str | float | bool | None] = {
            "user": printable(entry.user),
            "address": printable(entry.address),
            "channel": (device(entry.channel) or printable(entry.channel, 40)) if entry.channel else "",
            "detail": printable(entry.detail),
            "device_time": _stamp(entry.at),
        }
        return Happening(self._recorder, str(entry.operation), {k: v for k, v in data.items() if v}, mono)


def of_others(entries: Sequence[LogEntry], username: str | None, address: str) -> list[LogEntry]:
    """Without the traces of our own questions: recorders write each login down, and each of us is one a minute.

    Ours are logins, and what has no name of its own, by our account from our address. The same account from elsewhere
    is somebody who has its password; and our account plays nothing back from anywhere.
    """
    ours = (Operation.LOGIN, Operation.OTHER)
    return [
        one
        for one in entries
        if not (one.operation in ours and username and one.user == username and address and one.address == address)
    ]


def _fresh(entries: Sequence[LogEntry], told: Sequence[str]) -> tuple[list[LogEntry], list[str]]:
    """The entries that were not told, oldest first, and all that are told now. Two that are alike are two."""
    left = Counter(told)
    fresh: list[LogEntry] = []
    digests = list(told)
    for entry in sorted(entries, key=lambda one: one.at):
        digest = _digest(entry)
        if left[digest] > 0:
            left[digest] -= 1
            continue
        fresh.append(entry)
        digests.append(digest)
    return fresh, digests


def _digest(entry: LogEntry) -> str:
    whole = "\0".join((f"{entry.at:.3f}", entry.operation, entry.user, entry.address, entry.channel, entry.detail))
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:12]


def _stamp(at: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
