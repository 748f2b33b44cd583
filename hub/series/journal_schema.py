"""The journal's tables, and how a file of an earlier version gets them.

Counts are kept by triggers, so that no scan is needed to tell them.
"""

import sqlite3
from pathlib import Path

from hub.series import deadletters

_VERSION = 2
_BATCH = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,  -- when it came, ms UTC
    points INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,  -- of a store that took others
    body BLOB NOT NULL
);
CREATE INDEX batch_turn ON batch (failures, id);
"""
_TOTAL = """
ALTER TABLE batch ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;  -- how often its points were refused before
CREATE INDEX batch_at ON batch (at);
CREATE TABLE total (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    batches INTEGER NOT NULL,
    points INTEGER NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0,  -- ever
    letters INTEGER NOT NULL DEFAULT 0,  -- kept now
    letter_bytes INTEGER NOT NULL DEFAULT 0,
    evicted INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0
);
INSERT INTO total (id, batches, points) SELECT 1, count(*), coalesce(sum(points), 0) FROM batch;
CREATE TRIGGER batch_in AFTER INSERT ON batch BEGIN
    UPDATE total SET batches = batches + 1, points = points + NEW.points;
END;
CREATE TRIGGER batch_out AFTER DELETE ON batch BEGIN
    UPDATE total SET batches = batches - 1, points = points - OLD.points;
END;
"""
_LETTERS_OF_1 = """
INSERT OR IGNORE INTO letter (key, at, reason, tries, point)
    SELECT hashed(point), at, reason, 1, point FROM refused ORDER BY id;
UPDATE total SET refused = (SELECT count FROM refusals);
DROP TABLE refused; DROP TABLE refusals;
"""


class JournalError(Exception):
    """The file cannot be read or written; the message names it."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make or update the tables, in one transaction. Raises JournalError for a file of a later version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise JournalError(f"{path} has schema {version}: written by a later version")
    if version == _VERSION:
        return
    before, after = (_BATCH, "") if version == 0 else ("", _LETTERS_OF_1)
    connection.create_function("hashed", 1, deadletters.key, deterministic=True)
    try:
        made = before + _TOTAL + deadletters.SCHEMA + after
        connection.executescript(f"BEGIN IMMEDIATE; {made} PRAGMA user_version = {_VERSION}; COMMIT;")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
