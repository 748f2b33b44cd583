"""The one bounded, crash-safe queue: reports wait here until the hub says it has committed them.

What survives. A report is in the spool once `put` has returned, and stays until `acknowledged` or `refused` names it.
It is one SQLite file in WAL mode with `synchronous=FULL`, so every `put` ends in an fsync:

- the process killed (SIGKILL) at any moment: tested, nothing that was put is gone, nothing half-written is seen;
- power cut or kernel crash: as good as fsync of the file system and its disk is. Not tested by pulling a plug;
- disk full, read-only or failing: reports are kept in a small bounded memory buffer, sent from there, and written
  down as soon as the disk takes them again. What is in memory then does not survive a crash;
- a database file that is corrupt is moved aside, named in the log and kept; a fresh one is begun;
- a single report that cannot be read any more is set aside in the table `refused`, and counted as lost.

The bound counts bytes of reports (and a fixed cost for each). At the bound `agent.thinning` decides what goes.
"""

import logging
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agent import dating, thinning
from agent.draft import Draft, body_of, cut, joined
from agent.spool_file import SpoolFile
from agent.thinning import OVERHEAD, Losses
from wire.codec import unpack_range
from wire.messages import Lost, Report

log = logging.getLogger(__name__)


MEMORY_BYTES = 4 * 1024 * 1024
QUARANTINE_BYTES = 1024 * 1024
QUARANTINE_REPORTS = 200
_NEVER = 1 << 62
"""A position behind all others."""


class Kept(NamedTuple):
    """A report in the spool. `position` orders reports by age over all starts of the agent; `sent` is the wire's,
    corrected by its offset."""

    position: int
    id: str
    stream: str
    sent: int
    samples: int
    events: int
    body: bytes


@dataclass(frozen=True)
class Stats:
    """`lost_*` and `refused` count since the start. `failing`: the disk does not take reports now.

    `refused` counts what was set aside: refused by the hub, or unreadable in the spool.
    """

    bytes: int
    reports: int
    lost_samples: int
    lost_events: int
    refused: int
    failing: bool


@dataclass
class _Turn:
    """What one thread brings, and the ids it gets once that is kept, or why it is not."""

    parts: Sequence[Draft]
    ids: list[str] = field(default_factory=list)
    error: Exception | None = None


class Spool:
    """Safe to use from several threads. No method raises for a disk that fails; see the module's docstring.

    Making one raises StateError for a file that a newer version of the agent has written.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        *,
        memory_bytes: int = MEMORY_BYTES,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = secrets.token_hex(6)
        """The spool part of the ids of reports put by this process."""
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._lock = threading.RLock()
        self._next_seq = 1
        self._next_position = 1
        self._held: dict[str, int] = {}
        self._settled: set[int] = set()
        self._memory: dict[int, Kept] = {}
        self._queue: deque[_Turn] = deque()
        self.undated = False
        """Some report lacks the offset that a reference would give it."""
        self.unset = False
        """Some report is kept back, being from before the clock was set."""
        self._boot = ""
        self._unset_from = _NEVER
        self._untold: list[Lost] = []
        self._losses = Losses()
        self._refused = 0
        self._unreadable_told = False
        self._file = SpoolFile(path, self._renumber, mono)
        self._file.begin()

    # Putting

    def put(self, draft: Draft) -> list[str]:
        """Keep one report; its id, or the ids of its parts where it is too large for the wire."""
        return self.put_many([draft])

    def put_many(self, drafts: Iterable[Draft]) -> list[str]:
        """Keep these, in one transaction: all of them or, should the machine die meanwhile, none. Their ids.

        Threads that come while the disk is busy share the next transaction: who gets the lock writes for all.
        """
        turn = _Turn([part for draft in drafts for part in cut(draft)])
        if not turn.parts:
            return []
        self._queue.append(turn)
        with self._lock:
            if not turn.ids and turn.error is None:
                self._put_waiting()
        if turn.error is not None:
            raise turn.error
        return turn.ids

    def _put_waiting(self) -> None:
        """Number and write what all waiting threads brought."""
        while self._queue:
            turn = self._queue.popleft()
            try:
                fresh = [self._numbered(part) for part in turn.parts]
            except Exception as error:  # noqa: BLE001 - supervised: told to the thread whose reports they are
                turn.error = error
                continue
            self._memory.update((row.position, row) for row in fresh)
            turn.ids = [row.id for row in fresh]
        if not self._write_memory():
            self._thin_memory()

    def _write_memory(self) -> bool:
        """Bring what is in memory to disk."""

        def insert(db: sqlite3.Connection) -> None:
            for row in self._memory.values():
                # A commit that failed half-way may have kept the row: what is on disk then is as good as ours.
                db.execute(
                    "INSERT OR IGNORE INTO report (position, id, stream, sent, level, samples, events, body)"
                    " VALUES (?, ?, ?, ?, 0, ?, ?, ?)",
                    (row.position, row.id, row.stream, row.sent, row.samples, row.events, row.body),
                )
            unreadable = self._losses.unreadable
            thinning.thin(db, self._max_bytes, self._held_positions(), self._losses)
            if self._losses.unreadable > unreadable:
                _prune_quarantine(db)

        if not self._write(insert):
            return False
        self._memory.clear()
        return True

    def _numbered(self, draft: Draft) -> Kept:
        """The report with the next id and position; it tells of what was lost in memory meanwhile."""
        if self._untold:
            draft = replace(draft, lost=joined([*draft.lost, *self._untold]))
            self._untold = []
        report = draft.numbered(f"{self.name}:{self._next_seq}")
        self.undated = self.undated or report.offset.ms is None
        self.unset = self.unset or dating.made(report) < dating.EARLIEST_MS
        kept = Kept(
            position=self._next_position,
            id=report.id,
            stream=draft.stream,
            sent=dating.made(report),
            samples=len(report.samples),
            events=len(report.events),
            body=body_of(report),
        )
        self._next_seq += 1
        self._next_position += 1
        return kept

    def _thin_memory(self) -> None:
        """Hold the buffer to its bound: samples go oldest first, events last, those in flight not at all."""
        held = set(self._held.values())
        for wanted in ("samples", "events"):
            for row in [row for row in self._memory.values() if row.position not in held]:
                if sum(len(kept.body) + OVERHEAD for kept in self._memory.values()) <= self._memory_bytes:
                    return
                report = thinning.read(row.id, row.body)
                if report is None:  # memory that fails is not beyond us either
                    self._forget_unreadable(row)
                    continue
                self._untold = joined([*self._untold, *report.lost, *thinning.lost_samples(report)])
                self._losses.samples += len(report.samples)
                if wanted == "samples" and report.events:
                    body = body_of(report.model_copy(update={"samples": [], "lost": []}))
                    self._memory[row.position] = row._replace(samples=0, body=body)
                else:
                    self._losses.events += len(report.events)
                    del self._memory[row.position]

    def _forget_unreadable(self, row: Kept) -> None:
        self._losses.samples += row.samples
        self._losses.events += row.events
        self._losses.unreadable += 1
        del self._memory[row.position]

    # Sending

    @property
    def newest(self) -> int:
        """The position of the newest report, 0 when there never was one."""
        return self._next_position - 1

    def take(self, after: int, upto: int, most: int, max_bytes: int) -> list[Kept]:
        """The oldest reports at positions after < p <= upto that are not in flight yet, and from now on are.

        At most `most` of them, of at most `max_bytes` together. One in flight keeps its content until it is settled.
        """
        with self._lock:
            found = [*self._on_disk(after, upto, most, max_bytes), *self._in_memory(after, upto)]
            found.sort(key=lambda row: row.position)
            taken: list[Kept] = []
            for row in found[: max(0, most)]:
                if row.id in self._held:
                    continue
                if thinning.read(row.id, row.body) is None:
                    # Sent, it would never be acknowledged, and hold its place in the window for ever.
                    self._set_aside(row)
                    continue
                max_bytes -= len(row.body)
                if max_bytes < 0:
                    break
                self._held[row.id] = row.position
                taken.append(row)
            return taken

    def _set_aside(self, row: Kept) -> None:
        if row.position in self._memory:
            self._forget_unreadable(row)
            return

        def quarantine(db: sqlite3.Connection) -> None:
            thinning.set_aside(db, row.position, self._losses)
            _prune_quarantine(db)

        self._write(quarantine)

    def _on_disk(self, after: int, upto: int, most: int, max_bytes: int) -> list[Kept]:
        if len(self._settled) > thinning.MOST_HELD:
            return []

        def select(db: sqlite3.Connection) -> list[Kept]:
            held = self._held_positions()
            rows = db.execute(
                "SELECT position, id, stream, sent, samples, events, CAST(body AS BLOB) FROM report"  # noqa: S608 - question marks only
                f" WHERE position > ? AND position <= ? AND position NOT IN ({thinning.marks(held)})"
                " AND NOT (position >= ? AND sent < ?) ORDER BY position LIMIT ?",
                (after, upto, *held, self._unset_from, dating.EARLIEST_MS, max(0, most)),
            )
            found: list[Kept] = []
            for row in map(Kept._make, rows):
                found.append(row)
                if sum(len(one.body) for one in found) > max_bytes:
                    break
            return found

        return self._file.read(select) or []

    def _in_memory(self, after: int, upto: int) -> Iterator[Kept]:
        held = set(self._held.values())
        rows = (row for row in self._memory.values() if after < row.position <= upto and row.position not in held)
        return (row for row in rows if row.position < self._unset_from or row.sent >= dating.EARLIEST_MS)

    # Dating

    def hold_unset(self, boot: str) -> None:
        """From now on keep back what is from before the clock was set, of this boot: `date` makes it worth sending.

        What an earlier boot left is sent as it is: nobody will ever know when that was.
        """
        with self._lock:
            self._boot = boot
            self._unset_from = self._next_position
            self._file.read(self._find_unset)

    def _find_unset(self, db: sqlite3.Connection) -> None:
        """Where what is kept back begins: on disk, where an earlier process of this boot left some, or in memory."""
        if not self._boot:
            return
        found = dating.first_unset(db, self._boot)
        self.unset = self.unset or found is not None
        self._unset_from = found if found is not None else min(self._memory, default=self._next_position)

    def date(self, ahead_ms: float, source: str, *, unset_only: bool = False) -> int | None:
        """Give the offset to this boot's reports that lack one and were never sent; how many. None: the disk refused.

        `ahead_ms` is reference time minus the monotonic clock, `source` who knows. With `unset_only` a clock that was
        merely not compared with any other is taken for right.
        """
        with self._lock:
            self.unset = False
            self.undated = self.undated and unset_only
            name = "" if unset_only else self.name
            count = self._date_memory(name, partial(dating.dated, ahead_ms=ahead_ms, source=source))
        after: int | None = 0
        while after is not None:
            with self._lock:  # let go of between batches: collectors put meanwhile
                scope = dating.Scope(self._boot, self._unset_from, name, self._held_positions())
                rows = self._file.read(partial(_dated, after=after, scope=scope, ahead_ms=ahead_ms, source=source))
                if rows is None or (rows and not self._write(partial(dating.write, fresh=rows))):
                    self.unset = self.undated = True
                    return None
            count += len(rows)
            after = rows[-1][2] if rows else None
        return count

    def _date_memory(self, name: str, dated: Callable[[Report], Report]) -> int:
        """The same for what a failing disk did not take."""
        count, held = 0, set(self._held.values())
        for position, row in self._memory.items():
            report = thinning.read(row.id, row.body)
            if position in held or report is None or report.offset.ms is not None:
                continue
            if name or row.sent < dating.EARLIEST_MS:
                fresh = dated(report)
                self._memory[position] = row._replace(body=body_of(fresh), sent=dating.made(fresh))
                count += 1
        return count

    def in_flight(self) -> int:
        """How many reports were taken and are not settled yet."""
        return len(self._held)

    # Settling

    def acknowledged(self, committed: Sequence[str]) -> list[str]:
        """Let go of reports the hub has committed, named by ids or ranges of ids; those let go of.

        Only a report in flight can be: one that was never sent cannot have been committed, whatever a message says.
        Raises DecodeError for a range that makes no sense, before anything is let go of.
        """
        ranges = [unpack_range(one) for one in committed]
        with self._lock:
            names = [name for name in self._held if _covered(name, ranges)]
            self._settle([self._held.pop(name) for name in names])
            return names

    def refused(self, report_id: str, reason: str, at: int) -> bool:
        """Set a report aside that the hub will never commit; False when it is none of those in flight.

        The newest of them are kept in the table `refused`, within a bound, for a person to look at.
        """
        with self._lock:
            position = self._held.pop(report_id, None)
            if position is None:
                return False
            self._refused += 1
            body = self._memory[position].body if position in self._memory else None

            def quarantine(db: sqlite3.Connection) -> None:
                source = "SELECT ?, ?, ?, ?, ?" if body else "SELECT ?, ?, ?, ?, body FROM report WHERE position = ?"
                db.execute(
                    f"INSERT OR REPLACE INTO refused (position, id, reason, at, body) {source}",
                    (position, report_id, reason, at, body or position),
                )
                _prune_quarantine(db)

            self._write(quarantine)
            self._settle([position])
            return True

    def _settle(self, positions: Sequence[int]) -> None:
        """Delete these; on a disk that refuses, remember to do it later and never send them again."""
        for position in positions:
            if self._memory.pop(position, None) is None:
                self._settled.add(position)
        if self._settled:
            self._write(lambda db: None)

    # Looking

    def oldest(self) -> int | None:
        """When the oldest report kept was made (ms), as well as that is known; None when there is none."""
        with self._lock:
            settled = self._settled
            rows = self._file.read(
                lambda db: db.execute(
                    f"SELECT position, sent FROM report WHERE position NOT IN ({thinning.marks(settled)})"  # noqa: S608 - question marks only
                    " ORDER BY position LIMIT 1",
                    tuple(settled),
                ).fetchall()
            )
            rows = [*(rows or []), *((row.position, row.sent) for row in self._memory.values())]
            return min(rows)[1] if rows else None

    def stats(self) -> Stats:
        """What is kept, and what became of the rest."""
        with self._lock:
            in_memory = sum(len(row.body) + OVERHEAD for row in self._memory.values())
            return Stats(
                bytes=self._file.bytes + in_memory,
                reports=self._file.reports + len(self._memory),
                lost_samples=self._losses.samples,
                lost_events=self._losses.events,
                refused=self._refused + self._losses.unreadable,
                failing=bool(self._file.failing),
            )

    def remember(self, name: str, text: str) -> None:
        """Keep a small note over restarts (the last inventory); forgotten where the disk refuses."""
        with self._lock:
            self._write(lambda db: db.execute("INSERT OR REPLACE INTO note (name, text) VALUES (?, ?)", (name, text)))

    def recall(self, name: str) -> str | None:
        """The note of that name, None when there is none."""
        with self._lock:
            rows = self._file.read(lambda db: db.execute("SELECT text FROM note WHERE name = ?", (name,)).fetchall())
            return str(rows[0][0]) if rows else None

    def close(self) -> None:
        """Write down what is still in memory, where the disk allows, and close the file."""
        with self._lock:
            if self._memory and not self._write_memory():
                log.error("spool closed with reports unwritten count=%d", len(self._memory))
            self._file.close()

    # The database

    def _held_positions(self) -> list[int]:
        return [*self._held.values(), *self._settled]

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        """Do this in one durable transaction, along with what could not be deleted before. False: the disk refused."""
        settled = list(self._settled)
        losses = replace(self._losses)

        def whole(db: sqlite3.Connection) -> None:
            work(db)
            db.executemany("DELETE FROM report WHERE position = ?", [(position,) for position in settled])

        if not self._file.write(whole):
            self._losses = losses
            return False
        self._settled.difference_update(settled)
        if self._losses.unreadable and not self._unreadable_told:
            self._unreadable_told = True
            log.error("a report in the spool is unreadable, set aside in the table refused: is the disk failing?")
        return True

    def _renumber(self, db: sqlite3.Connection) -> None:
        """Move reports kept in memory behind those on disk, which we had not seen when we numbered them."""
        (newest,) = db.execute("SELECT ifnull(max(position), 0) FROM report").fetchone()
        if newest < min(self._memory, default=self._next_position):
            self._next_position = max(self._next_position, newest + 1)
            self._find_unset(db)
            return
        rows = list(self._memory.values())
        self._memory = {}
        for position, row in enumerate(rows, start=newest + 1):
            self._memory[position] = row._replace(position=position)
            if row.id in self._held:
                self._held[row.id] = position
        self._next_position = newest + len(rows) + 1
        self._find_unset(db)


def _dated(
    db: sqlite3.Connection, after: int, scope: dating.Scope, ahead_ms: float, source: str
) -> list[tuple[bytes, int, int]]:
    """The next reports to be dated, done: body, when made, position. One at a time is unpacked."""
    fresh = (
        (position, dating.dated(report, ahead_ms, source)) for position, report in dating.undated(db, after, scope)
    )
    return [(body_of(report), dating.made(report), position) for position, report in fresh]


def _prune_quarantine(db: sqlite3.Connection) -> None:
    rows = db.execute("SELECT position, length(body) FROM refused ORDER BY position DESC").fetchall()
    size = 0
    for count, (position, length) in enumerate(rows, start=1):
        size += length + OVERHEAD
        if count > QUARANTINE_REPORTS or size > QUARANTINE_BYTES:
            db.execute("DELETE FROM refused WHERE position <= ?", (position,))
            return


def _covered(report_id: str, ranges: Iterable[tuple[str, int, int]]) -> bool:
    spool, _, seq = report_id.partition(":")
    return any(spool == name and low <= int(seq) <= high for name, low, high in ranges)
