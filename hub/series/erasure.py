"""Takes a site's points out of SQLite files, so that not even the file's unused pages hold them."""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.series.store import SeriesUnavailable

_BUSY_SECONDS = 10.0
_LOG_SECONDS = 10.0
_SITE = 1
"""Where the site stands in a point's fields."""


class Waiting(NamedTuple):
    """Points of a site in a buffer: those that wait, and those the series store refused for good."""

    points: int
    refused: int


def empty_log(connection: sqlite3.Connection, path: Path) -> None:
    """Move all of the write-ahead log into the file and cut the log to nothing, for it holds pages as they were.

    Waits for readers that still look at them. Raises SeriesUnavailable where one looks for longer than ten seconds.
    """
    deadline = time.monotonic() + _LOG_SECONDS
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > deadline:
            raise SeriesUnavailable(f"{path}: somebody reads it for long; deleted pages stay in {path}-wal: once more")
        time.sleep(0.1)


def waiting(path: Path, site: str) -> Waiting:
    """What the buffer's file has of a site; nothing where there is none. Raises SeriesUnavailable."""
    if not path.exists():
        return Waiting(0, 0)
    with _open(path) as connection:
        points = sum(len(_own(points, site)) for _, points in _batches(connection))
        return Waiting(points, sum(1 for _ in _letters(connection, site)))


def erase_waiting(path: Path, site: str) -> None:
    """Delete it, batch by batch, while the hub may go on writing; and all that earlier deletions left in the file.

    The hub may just be writing a batch to the series store that it read before: erase the store after this.
    Raises SeriesUnavailable.
    """
    if not path.exists():
        return
    with _open(path) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for batch in [batch for batch, points in _batches(connection) if _own(points, site)]:
            _rewrite(connection, batch, site)
        with _transaction(connection):
            for table, letter in list(_letters(connection, site)):
                connection.execute(f"DELETE FROM {table} WHERE id = ?", (letter,))  # noqa: S608 - ours
        connection.execute("VACUUM")
        empty_log(connection, path)


def _rewrite(connection: sqlite3.Connection, batch: int, site: str) -> None:
    """The same batch without the site's points, under its number; none where nothing is left."""
    with _transaction(connection):
        cursor = connection.execute("SELECT * FROM batch WHERE id = ?", (batch,))
        names = [column[0] for column in cursor.description]
        found = cursor.fetchone()
        if found is None:  # written meanwhile
            return
        row = dict(zip(names, found, strict=True))
        points = _points(row["body"])
        left = [point for point in points if point[_SITE] != site]
        connection.execute("DELETE FROM batch WHERE id = ?", (batch,))
        if left:
            body = zlib.compress(json.dumps(left, separators=(",", ":")).encode(), level=1)
            row.update(points=len(left), body=body)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO batch ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - ours


def _batches(connection: sqlite3.Connection) -> Iterator[tuple[int, list[list[object]]]]:
    ids = [row[0] for row in connection.execute("SELECT id FROM batch ORDER BY id")]
    for batch in ids:
        row = connection.execute("SELECT body FROM batch WHERE id = ?", (batch,)).fetchone()
        if row is not None:
            yield batch, _points(row[0])


def _points(body: bytes) -> list[list[object]]:
    """The points' fields; none of a batch that is damaged, which nobody can read."""
    try:
        return list(json.loads(zlib.decompress(body)))
    except (zlib.error, ValueError, TypeError):
        return []


def _own(points: list[list[object]], site: str) -> list[list[object]]:
    return [point for point in points if point[_SITE] == site]


def _letters(connection: sqlite3.Connection, site: str) -> Iterator[tuple[str, int]]:
    """(table, id) of points refused for good; the table's name depends on the file's version."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('refused', 'letter')"
    for (table,) in connection.execute(names).fetchall():
        for letter, point in connection.execute(f"SELECT id, point FROM {table}").fetchall():  # noqa: S608 - ours
            try:
                fields = json.loads(point)
            except ValueError:
                continue
            if fields[_SITE] == site:
                yield table, letter


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise SeriesUnavailable(f"{path}: {error}") from error
