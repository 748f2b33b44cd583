"""The agent's spool, fsync at every transaction, beside bare SQLite inserts of the same bytes."""

import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from agent.draft import Draft
from agent.spool import Spool
from tests.bench.codec import report
from tests.bench.measure import ROUNDS, Figure, cost, rate, seconds_each
from wire.codec import encode

BATCH = 100
WINDOW = 64
"""Reports taken and acknowledged at once: the outbox's window."""
THREADS = 16
WANTED = 5000
"""Reports a second, in and out, that the spool has to do."""


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
        yield rate("spool: in and out, 64 a put", _through(folder, draft, _by_window), WANTED, "1/s", "what is wanted")
        yield rate(
            "spool: in and out, 16 threads, 1 a put", _through(folder, draft, _by_threads), WANTED, "1/s", "the same"
        )
        yield rate("spool: in and out, 1 thread, 1 a put", _through(folder, draft, _by_one), WANTED, "1/s", "the same")


def _through(folder: str, draft: Draft, put: Callable[[Spool, Draft], int]) -> float:
    """Reports a second that are put, taken and acknowledged, in the best of some rounds."""
    best = 0.0
    for number in range(ROUNDS):
        spool = Spool(Path(folder) / f"through-{put.__name__}-{number}.db", 1 << 30)
        began, done, wanted = time.perf_counter(), 0, put(spool, draft)
        while done < wanted:
            taken = spool.take(0, spool.newest, WINDOW, 1 << 20)
            spool.acknowledged([kept.id for kept in taken])
            done += len(taken)
        best = max(best, wanted / (time.perf_counter() - began))
        spool.close()
    return best


def _by_window(spool: Spool, draft: Draft) -> int:
    for _ in range(100):
        spool.put_many([draft] * WINDOW)
    return 100 * WINDOW


def _by_one(spool: Spool, draft: Draft) -> int:
    for _ in range(20 * WINDOW):
        spool.put(draft)
    return 20 * WINDOW


def _by_threads(spool: Spool, draft: Draft) -> int:
    each = 100 * WINDOW // THREADS

    def work() -> None:
        for _ in range(each):
            spool.put(draft)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * THREADS


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
