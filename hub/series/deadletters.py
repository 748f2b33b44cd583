"""Points a store refused for good, kept aside in the journal's file to be looked at and sent again.

Functions on the journal's connection, each within one of its transactions. A point stands there once, however often it
is delivered and refused. `key` is a hash of the point's text.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hub.series.store import Point

SCHEMA = """
CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,
    at INTEGER NOT NULL,  -- when it was refused, ms UTC
    reason TEXT NOT NULL,
    tries INTEGER NOT NULL,  -- how often it was refused, sent again by somebody in between
    batch INTEGER,  -- of the journal, it came from; NULL for a live one
    point TEXT NOT NULL
);
CREATE TRIGGER letter_in AFTER INSERT ON letter BEGIN
    UPDATE total SET letters = letters + 1, letter_bytes = letter_bytes + length(NEW.point) + length(NEW.reason) + 100,
        refused = refused + 1;
END;
CREATE TRIGGER letter_told AFTER UPDATE OF reason ON letter BEGIN
    UPDATE total SET letter_bytes = letter_bytes + length(NEW.reason) - length(OLD.reason);
END;
CREATE TRIGGER letter_out AFTER DELETE ON letter BEGIN
    UPDATE total SET letters = letters - 1, letter_bytes = letter_bytes - length(OLD.point) - length(OLD.reason) - 100;
END;
"""

_CHUNK = 500


class Letter(NamedTuple):
    """A refused point; `at` is ms UTC, `point` None where its bytes on disk are damaged."""

    id: int
    at: int
    reason: str
    tries: int
    point: Point | None


class Wanted(NamedTuple):
    """Which letters are meant: all that match everything given. `reason` is a part of it, `since` ms UTC."""

    site: str = ""
    device: str = ""
    reason: str = ""
    since: int | None = None
    ids: frozenset[int] = frozenset()

    def matches(self, letter: Letter) -> bool:
        """A damaged letter has neither site nor device."""
        point = letter.point
        return (
            (not self.ids or letter.id in self.ids)
            and (not self.site or (point is not None and point.site == self.site))
            and (not self.device or (point is not None and point.device == self.device))
            and self.reason.lower() in letter.reason.lower()
            and (self.since is None or letter.at >= self.since)
        )


def pack(point: Point) -> str:
    """A point as JSON text, the same for equal points."""
    return json.dumps((*point[:-1], dict(point.values)), separators=(",", ":"))


def unpack(text: str | bytes) -> Point | None:
    """None where the text is none of ours."""
    try:
        return Point(*json.loads(text))
    except (ValueError, TypeError):
        return None


def key(text: str) -> bytes:
    """What a packed point is known by."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def put(
    connection: sqlite3.Connection,
    refused: Iterable[tuple[Point, str, int, int | None]],
    at: int,
    max_bytes: int,
) -> int:
    """Set aside (point, reason, earlier tries, batch); past `max_bytes` the oldest go first: how many did."""
    rows = []
    for point, reason, tries, batch in refused:
        text = pack(point)
        rows.append((key(text), at, reason, tries + 1, batch, text))
    connection.executemany(
        "INSERT INTO letter (key, at, reason, tries, batch, point) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET at = excluded.at, reason = excluded.reason, batch = excluded.batch, "
        "tries = max(tries, excluded.tries)",
        rows,
    )
    return _trim(connection, max_bytes)


def _trim(connection: sqlite3.Connection, max_bytes: int) -> int:
    evicted = 0
    while True:
        (over,) = connection.execute("SELECT letter_bytes - ? FROM total", (max_bytes,)).fetchone()
        if over <= 0:
            break
        gone, ids = 0, []
        for letter, size in connection.execute(
            "SELECT id, length(point) + length(reason) + 100 FROM letter ORDER BY id LIMIT ?", (_CHUNK,)
        ).fetchall():
            ids.append((letter,))
            gone += size
            if gone >= over:
                break
        if not ids:
            break
        connection.executemany("DELETE FROM letter WHERE id = ?", ids)
        evicted += len(ids)
    if evicted:
        connection.execute("UPDATE total SET evicted = evicted + ?", (evicted,))
    return evicted


def read(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Letter]:
    """Newest first. Chosen here and not by SQL, which would end at the first damaged one."""
    rows = connection.execute("SELECT id, at, reason, tries, point FROM letter ORDER BY id DESC")
    for identity, at, reason, tries, text in rows:
        letter = Letter(identity, at, str(reason), tries, unpack(text))
        if wanted.matches(letter):
            yield letter


def present(connection: sqlite3.Connection, letter: int) -> bool:
    """Whether it is still there."""
    return connection.execute("SELECT 1 FROM letter WHERE id = ?", (letter,)).fetchone() is not None


def delete(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """How many were there."""
    (kept,) = connection.execute("SELECT letters FROM total").fetchone()
    connection.executemany("DELETE FROM letter WHERE id = ?", [(one,) for one in ids])
    (left,) = connection.execute("SELECT letters FROM total").fetchone()
    return int(kept - left)
