"""Batches of points on disk: what waits for a series store that is away, and what the store refused for good.

One SQLite file, each call one fsynced transaction, so what a call stored survives SIGKILL and, as far as the disk
keeps its promises, a power cut. Other processes may open it, too: `watchkeeper-hub deadletter` does.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.series import deadletters
from hub.series.deadletters import Letter, Wanted
from hub.series.journal_schema import JournalError, prepare
from hub.series.store import Point, SeriesRefused

__all__ = ["Batch", "Held", "Journal", "JournalError"]

LETTER_SHARE = 8
"""Refused points may take this part of the bound again, a mebibyte at least; past it the oldest go first, counted."""

_LEAST_LETTER_BYTES = 1024**2
_WAL_BYTES = 16 * 1024 * 1024
_BUSY_SECONDS = 5.0


class Batch(NamedTuple):
    """Points that wait; `points` is None where the bytes on disk are damaged, `size` how many there were.

    `failures` counts failed writes of a store that took others; `tries` how often these points were refused before.
    """

    id: int
    points: list[Point] | None
    size: int = 0
    failures: int = 0
    tries: int = 0


class Held(NamedTuple):
    """What waits: batches, their points, bytes on disk, when the oldest came (ms UTC).

    `aging` is the same of those the store does not fail at while it takes others. `refused` counts points ever refused,
    `letters` those still kept of them, `evicted` those that gave way to newer ones, `lost` damaged ones.
    """

    batches: int
    points: int
    bytes: int
    oldest: int | None
    aging: int | None
    refused: int
    letters: int
    evicted: int
    lost: int


class Journal:
    """Thread-safe. Every call may raise JournalError. `max_age` are ms, None without a bound."""

    def __init__(self, path: Path, max_bytes: int, max_age: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._letter_bytes = max(_LEAST_LETTER_BYTES, max_bytes // LETTER_SHARE)
        self._lock = threading.Lock()
        with self._trouble():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._connection.execute("PRAGMA trusted_schema = OFF")  # the file may have come out of an archive
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
                prepare(self._connection, path)
            except BaseException:
                self._connection.close()
                raise

    def append(self, points: Sequence[Point], at: int) -> bool:
        """Keep a batch that came at `at` (ms UTC). False when there is no room, or the oldest waits for too long."""
        body = _pack(points)
        with self._transaction() as connection:
            if not self._room(connection, len(body), at):
                return False
            connection.execute("INSERT INTO batch (at, points, body) VALUES (?, ?, ?)", (at, len(points), body))
        return True

    def next(self, max_points: int, after: int = 0) -> list[Batch]:
        """The oldest batches, together of about `max_points`; those that failed before come last and alone.

        With `after`, those that came later than that batch and never failed.
        """
        with self._trouble(), self._lock:
            where = "WHERE failures = 0 AND id > ?" if after else "WHERE id > ?"
            turn = self._connection.execute(
                f"SELECT id, failures, points FROM batch {where} ORDER BY failures, id",  # noqa: S608 - one of two
                (after,),
            )
            chosen: list[int] = []
            for batch, failures, points in turn:
                if chosen and (failures or points > max_points):
                    break
                chosen.append(batch)
                max_points -= points
                if failures:
                    break
            turn.close()
            rows = [self._row(batch) for batch in chosen]
        return [Batch(batch, _points(body), *numbers) for batch, body, *numbers in rows]

    def failed(self, batches: Sequence[Batch]) -> None:
        """Let the others go before batches that fail while the store takes others."""
        with self._transaction() as connection:
            ids = [(batch.id,) for batch in batches]
            connection.executemany("UPDATE batch SET failures = failures + 1 WHERE id = ?", ids)

    def finish(
        self,
        batches: Sequence[Batch],
        refusal: SeriesRefused | None = None,
        points: Sequence[Point] = (),
        at: int = 0,
    ) -> None:
        """Forget batches that are written, setting aside what of their `points` was refused at `at` (ms UTC)."""
        owners = [batch for batch in batches for _ in batch.points or ()]
        lost = sum(batch.size for batch in batches if batch.points is None)
        with self._transaction() as connection:
            connection.executemany("DELETE FROM batch WHERE id = ?", [(batch.id,) for batch in batches])
            if lost:
                connection.execute("UPDATE total SET lost = lost + ?", (lost,))
            if refusal is not None:
                refused = [
                    (points[index], reason, owners[index].tries, owners[index].id)
                    for index, reason in zip(refusal.refused, refusal.reasons, strict=True)
                ]
                deadletters.put(connection, refused, at, self._letter_bytes)

    def set_aside(self, points: Sequence[Point], refusal: SeriesRefused, at: int) -> None:
        """Keep the points of a live batch that were refused."""
        refused = [
            (points[index], reason, 0, None) for index, reason in zip(refusal.refused, refusal.reasons, strict=True)
        ]
        with self._transaction() as connection:
            deadletters.put(connection, refused, at, self._letter_bytes)

    def letters(self, wanted: Wanted = Wanted(), limit: int | None = None) -> list[Letter]:  # noqa: B008 - immutable
        """Refused points, newest first."""
        with self._trouble(), self._lock:
            found = deadletters.read(self._connection, wanted)
            return [letter for letter, _ in zip(found, range(limit), strict=False)] if limit else list(found)

    def drop(self, ids: Sequence[int]) -> int:
        """Forget refused points for good; how many were there."""
        with self._transaction() as connection:
            return deadletters.delete(connection, ids)

    def retry(self, letters: Sequence[Letter], at: int) -> tuple[int, int] | None:
        """Let refused points wait for the store again, as one batch: its id, and how many. None when there is no room.

        Those that are gone by now, or damaged, are left out: (0, 0) where that leaves none.
        """
        with self._transaction() as connection:
            there = [one for one in letters if one.point is not None and deadletters.present(connection, one.id)]
            points = [one.point for one in there if one.point is not None]
            if not points:
                return 0, 0
            body = _pack(points)
            if not self._room(connection, len(body), at):
                return None
            deadletters.delete(connection, [one.id for one in there])
            row = (at, len(points), max(one.tries for one in there), body)
            found = connection.execute("INSERT INTO batch (at, points, tries, body) VALUES (?, ?, ?, ?)", row)
            return found.lastrowid or 0, len(points)

    def fate(self, batches: Sequence[int]) -> tuple[int, int]:
        """Of these batches: points that still wait, and points that were refused again."""
        waiting = refused = 0
        with self._trouble(), self._lock:
            for batch in batches:
                found = self._connection.execute("SELECT points FROM batch WHERE id = ?", (batch,)).fetchone()
                waiting += found[0] if found else 0
                (again,) = self._connection.execute("SELECT count(*) FROM letter WHERE batch = ?", (batch,)).fetchone()
                refused += again
        return waiting, refused

    def held(self) -> Held:
        """What is in it, at the same cost however much that is."""
        with self._trouble(), self._lock:
            batches, points, *letters = self._connection.execute(
                "SELECT batches, points, refused, letters, evicted, lost FROM total"
            ).fetchone()
            (oldest,) = self._connection.execute("SELECT min(at) FROM batch").fetchone()
            used, aging = self._used(self._connection), self._aging(self._connection)
        return Held(batches, points, used, oldest, aging, *letters)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _row(self, batch: int) -> tuple[int, bytes, int, int, int]:
        found = self._connection.execute("SELECT id, body, points, failures, tries FROM batch WHERE id = ?", (batch,))
        row: tuple[int, bytes, int, int, int] = found.fetchone()
        return row

    def _room(self, connection: sqlite3.Connection, size: int, at: int) -> bool:
        if self._used(connection) + size > self._max_bytes:
            return False
        if self._max_age is None:
            return True
        oldest = self._aging(connection)
        return oldest is None or at - oldest <= self._max_age

    def _aging(self, connection: sqlite3.Connection) -> int | None:
        """When the oldest of the batches came that the store does not fail at while it takes others."""
        found = connection.execute("SELECT at FROM batch WHERE failures = 0 ORDER BY id LIMIT 1").fetchone()
        return int(found[0]) if found else None

    def _used(self, connection: sqlite3.Connection) -> int:
        """Bytes of the file in use but for the refused points, which have a bound of their own."""
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        (letters,) = connection.execute("SELECT letter_bytes FROM total").fetchone()
        return max(0, int((pages - free) * size) - int(letters))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._trouble(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from error


def _pack(points: Sequence[Point]) -> bytes:
    plain = [(*point[:-1], dict(point.values)) for point in points]
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), level=1)


def _points(body: bytes) -> list[Point] | None:
    try:
        return [Point(*fields) for fields in json.loads(zlib.decompress(body))]
    except (zlib.error, ValueError, TypeError):
        return None
