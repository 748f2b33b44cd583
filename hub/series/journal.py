"""Batches of points on disk: what waits for a series store that is away, and what the store refused for good.

One SQLite file, each call one fsynced transaction, so what a call stored survives SIGKILL and, as far as the disk
keeps its promises, a power cut.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.series.store import Point

MAX_REFUSED = 10_000
"""The most refused points kept for a look; the oldest go first, the count goes on."""

_SCHEMA_VERSION = 1
_WAL_BYTES = 16 * 1024 * 1024
_BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,  -- when it came, ms UTC
    points INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,  -- refused by a store that was there
    body BLOB NOT NULL
);
CREATE INDEX batch_turn ON batch (failures, id);
CREATE TABLE refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,  -- when it was refused, ms UTC
    reason TEXT NOT NULL,
    point TEXT NOT NULL
);
CREATE TABLE refusals (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
INSERT INTO refusals VALUES (1, 0);
"""


class JournalError(Exception):
    """The file cannot be read or written; the message names it."""


class Batch(NamedTuple):
    """Points that wait; `points` is None where the bytes on disk are damaged."""

    id: int
    points: list[Point] | None


class RefusedPoint(NamedTuple):
    """A point a store refused at `at` (ms UTC), and its reason."""

    at: int
    reason: str
    point: Point


class Held(NamedTuple):
    """What waits: batches, their points, when the oldest came (ms UTC). And how many points were ever refused."""

    batches: int
    points: int
    oldest: int | None
    refused: int


class Journal:
    """Thread-safe. Every call may raise JournalError."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        with self._trouble():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def append(self, points: Sequence[Point], at: int) -> bool:
        """Keep a batch that came at `at` (ms UTC). False when there is no room."""
        plain = [(*point[:-1], dict(point.values)) for point in points]
        body = zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), level=1)
        with self._transaction() as connection:
            if self._used() + len(body) > self._max_bytes:
                return False
            connection.execute("INSERT INTO batch (at, points, body) VALUES (?, ?, ?)", (at, len(points), body))
        return True

    def next(self, max_points: int) -> list[Batch]:
        """The oldest batches, together of about `max_points`; those that failed before come last and alone."""
        with self._trouble(), self._lock:
            turn = self._connection.execute("SELECT id, failures, points FROM batch ORDER BY failures, id")
            chosen: list[int] = []
            for batch, failures, points in turn:
                if chosen and (failures or points > max_points):
                    break
                chosen.append(batch)
                max_points -= points
                if failures:
                    break
            turn.close()
            return [Batch(batch, _points(self._body(batch))) for batch in chosen]

    def failed(self, batches: Sequence[Batch]) -> None:
        """Let the others go before batches that fail while the store is there."""
        with self._transaction() as connection:
            ids = [(batch.id,) for batch in batches]
            connection.executemany("UPDATE batch SET failures = failures + 1 WHERE id = ?", ids)

    def finish(self, batches: Sequence[Batch], refused: Sequence[Point] = (), reason: str = "", at: int = 0) -> None:
        """Forget batches that are written, setting aside what of them was refused at `at` (ms UTC)."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM batch WHERE id = ?", [(batch.id,) for batch in batches])
            _set_aside(connection, refused, reason, at)

    def set_aside(self, refused: Sequence[Point], reason: str, at: int) -> None:
        """Keep refused points for a look."""
        with self._transaction() as connection:
            _set_aside(connection, refused, reason, at)

    def refused(self, limit: int = 100) -> list[RefusedPoint]:
        """The newest refused points, newest first."""
        with self._trouble(), self._lock:
            rows = self._connection.execute(
                "SELECT at, reason, point FROM refused ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [RefusedPoint(at, reason, Point(*json.loads(point))) for at, reason, point in rows]

    def held(self) -> Held:
        """What is in it."""
        with self._trouble(), self._lock:
            row = self._connection.execute(
                "SELECT count(*), coalesce(sum(points), 0), min(at), (SELECT count FROM refusals) FROM batch"
            ).fetchone()
        return Held(*row)

    def used(self) -> int:
        """Bytes of the file in use."""
        with self._trouble(), self._lock:
            return self._used()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise JournalError(f"{self._path} has schema {version}: written by a later version")
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")

    def _body(self, batch: int) -> bytes:
        (body,) = self._connection.execute("SELECT body FROM batch WHERE id = ?", (batch,)).fetchone()
        return bytes(body)

    def _used(self) -> int:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

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


def _points(body: bytes) -> list[Point] | None:
    try:
        return [Point(*fields) for fields in json.loads(zlib.decompress(body))]
    except (zlib.error, ValueError, TypeError):
        return None


def _set_aside(connection: sqlite3.Connection, refused: Sequence[Point], reason: str, at: int) -> None:
    if not refused:
        return
    rows = [(at, reason, json.dumps((*point[:-1], dict(point.values)))) for point in refused]
    connection.executemany("INSERT INTO refused (at, reason, point) VALUES (?, ?, ?)", rows)
    connection.execute("UPDATE refusals SET count = count + ?", (len(rows),))
    connection.execute("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", (MAX_REFUSED,))
