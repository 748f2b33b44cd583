"""The agent's spool, fsync at every put, beside a bare SQLite insert of the same bytes."""

import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from agent.draft import Draft
from agent.spool import Spool
from tests.bench.codec import report
from tests.bench.measure import Figure, cost, seconds_each
from wire.codec import encode

BATCH = 100


def figures() -> Iterator[Figure]:
    """One report a transaction, and a hundred; then acknowledging them."""
    message = report(1, 3)
    draft = Draft(boot=message.boot, mono=1, sent=message.sent, samples=message.samples)
    body = encode(message)
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder), body, 1)
        bare_many = _bare(Path(folder), body, BATCH) / BATCH
        spool = Spool(Path(folder) / "spool.db", 1 << 30)
        yield cost(
            "spool: put one small report", seconds_each(lambda: spool.put(draft), 200), bare, "bare INSERT + fsync"
        )
        each = seconds_each(lambda: spool.put_many([draft] * BATCH), 10) / BATCH
        yield cost(f"spool: put {BATCH}, each", each, bare_many, f"bare INSERT of {BATCH} + fsync")
        spool.close()


def _bare(folder: Path, body: bytes, rows: int) -> float:
    database = sqlite3.connect(folder / f"bare-{rows}.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE report (position INTEGER PRIMARY KEY, id TEXT, body BLOB)")
    numbers = count()

    def insert() -> None:
        with database:
            fresh = [next(numbers) for _ in range(rows)]
            database.executemany("INSERT INTO report VALUES (?, ?, ?)", [(n, f"x:{n}", body) for n in fresh])

    each = seconds_each(insert, 200 if rows == 1 else 10)
    database.close()
    return each
