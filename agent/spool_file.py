"""The spool's SQLite file: opened, checked, written in durable transactions, replaced when it is corrupt.

No method raises for a disk that fails: `write` answers False and `read` None, the first failure is logged, and the next
call tries again.
"""

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from agent.state import StateError
from agent.thinning import OVERHEAD

log = logging.getLogger(__name__)

T = TypeVar("T")

CORRUPT_FILES_KEPT = 2
_WAL_BYTES = 4 * 1024 * 1024
_SPARE_PAGES = 1024
_REOPEN_SECONDS = 5.0
_RECONNECT_SECONDS = 60.0
_LONGEST_RECONNECT = 600.0
_VERSION = 1
_WRITES_ONLY = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY)
"""After these what is on disk can often still be read: the connection is kept, for a minute, before a new one is tried.
"""
_HARMLESS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY)
"""After these the file is as sound as it was: no reason to read all of it again."""


_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE report (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, stream TEXT NOT NULL, sent INTEGER NOT NULL,
    level INTEGER NOT NULL, samples INTEGER NOT NULL, events INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX report_with_samples ON report (level, stream, position) WHERE samples > 0;
CREATE INDEX report_with_events ON report (position) WHERE events > 0;
CREATE TABLE refused (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE total (bytes INTEGER NOT NULL, reports INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0);
CREATE TRIGGER report_put AFTER INSERT ON report BEGIN
    UPDATE total SET bytes = bytes + length(new.body) + {OVERHEAD}, reports = reports + 1; END;
CREATE TRIGGER report_changed AFTER UPDATE OF body ON report BEGIN
    UPDATE total SET bytes = bytes + length(new.body) - length(old.body); END;
CREATE TRIGGER report_gone AFTER DELETE ON report BEGIN
    UPDATE total SET bytes = bytes - length(old.body) - {OVERHEAD}, reports = reports - 1; END;
PRAGMA user_version = {_VERSION};
COMMIT;
"""  # noqa: S608 - constants of ours


_NAMES = {line.split()[2] for line in _SCHEMA.splitlines() if line.startswith("CREATE ")}

_EVENT_SHARE = f"(length({{row}}.body) + {OVERHEAD}) * {{row}}.events / max(1, {{row}}.samples + {{row}}.events)"
_NEW, _OLD, _EVERY = (_EVENT_SHARE.format(row=row) for row in ("new", "old", "report"))
_OF_CONNECTION = f"""
CREATE TEMP TABLE event_total (bytes INTEGER NOT NULL);
INSERT INTO event_total SELECT ifnull(sum({_EVERY}), 0) FROM main.report WHERE events > 0;
CREATE TEMP TRIGGER event_put AFTER INSERT ON main.report WHEN new.events > 0 BEGIN
    UPDATE event_total SET bytes = bytes + {_NEW}; END;
CREATE TEMP TRIGGER event_changed AFTER UPDATE OF body, samples, events ON main.report WHEN old.events > 0 BEGIN
    UPDATE event_total SET bytes = bytes + {_NEW} - {_OLD}; END;
CREATE TEMP TRIGGER event_gone AFTER DELETE ON main.report WHEN old.events > 0 BEGIN
    UPDATE event_total SET bytes = bytes - {_OLD}; END;
"""  # noqa: S608 - constants of ours
"""What part of the reports' bytes is events': counted in memory, beside the file, from each opening on."""


class Unreadable(sqlite3.DatabaseError):
    """The file is no spool of ours, or a damaged one."""


class Newer(sqlite3.DatabaseError):
    """A later version of the agent has written the file: it is left as it is."""


class SpoolFile:
    """One database file. Not safe to share between threads: the spool's lock guards it.

    `opened` is called with every new connection, before anything else is done with it.
    """

    def __init__(self, path: Path, opened: Callable[[sqlite3.Connection], None], mono: Callable[[], float]) -> None:
        self.bytes = 0
        """Of the reports on disk, after the last write that succeeded; `reports` is their number."""
        self.reports = 0
        self.failing = ""
        """Why the disk does not take reports now, or nothing."""
        self._path = path
        self._opened = opened
        self._mono = mono
        self._files = 1
        self._reopen_at = 0.0
        self._reconnect_at = 0.0
        self._patience = _RECONNECT_SECONDS
        self._error = 0
        self._newer = ""
        self._closed = False
        self._db: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Open or make the file for the first time. Raises StateError for one that a newer agent has written."""
        self.open()
        if self._newer:
            raise StateError(f"spool {self._path}: {self._newer}")

    def open(self) -> None:
        """Open or make the file. Where that fails, every later call tries again."""
        files = self._files
        self._try_open()
        if self._db is None and self._files != files:
            self._try_open()

    def write(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        """Do this in one durable transaction. False: the disk refused, and nothing of it was done."""

        def whole(db: sqlite3.Connection) -> tuple[int, int]:
            with _transaction(db):
                work(db)
                return _total(db)

        files = self._files
        total = self.read(whole)
        if total is None and self._files != files:
            total = self.read(whole)
        if total is None:
            return False
        self.bytes, self.reports = total
        if self.failing:
            log.warning("spool writes to disk again path=%s was=%r", self._path, self.failing)
            self.failing = ""
            self._error, self._patience = 0, _RECONNECT_SECONDS
        self.read(_give_back)
        return True

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What `work` returns, None when the disk or the file failed it."""
        if self._db is None and not self._closed and self._mono() >= self._reopen_at:
            self.open()
        if self._db is None:
            return None
        try:
            return work(self._db)
        except sqlite3.DatabaseError as error:
            self._broken(error)
            return None

    def close(self) -> None:
        """Close the file for good."""
        self._closed = True
        self._disconnect()

    def _try_open(self) -> None:
        try:
            self._db = _open(self._path, check=self._error not in _HARMLESS)
            self.bytes, self.reports = _total(self._db)
            self._opened(self._db)
        except sqlite3.DatabaseError as error:
            self._broken(error)

    def _broken(self, error: sqlite3.DatabaseError) -> None:
        """Log the first failure, drop the connection, and begin a new file where this one is corrupt."""
        now = self._mono()
        if not self.failing:
            self._reconnect_at = now + self._patience
            log.error("spool fails, reports are kept in memory path=%s error=%r", self._path, str(error))
        self.failing = str(error)
        self._error = _code(error)
        if isinstance(error, Newer):
            self._newer = str(error)
        if self._error in _WRITES_ONLY and self._db is not None:
            if now < self._reconnect_at:
                return
            self._patience = min(_LONGEST_RECONNECT, 2 * self._patience)
            self._reconnect_at = now + self._patience
        self._disconnect()
        self._reopen_at = now + _REOPEN_SECONDS
        if isinstance(error, Unreadable) or _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            self._move_aside()

    def _disconnect(self) -> None:
        if self._db is not None:
            db, self._db = self._db, None
            with suppress(sqlite3.DatabaseError):
                db.close()

    def _move_aside(self) -> None:
        """Keep the corrupt file under another name; of such files the newest few are kept."""
        stamp = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}"
        aside = self._path.with_name(f"{self._path.name}.corrupt-{stamp}")
        try:
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._path.with_name(self._path.name + suffix).rename(f"{aside}{suffix}")
            older = sorted(self._path.parent.glob(f"{self._path.name}.corrupt-*Z-????"))
            for path in older[:-CORRUPT_FILES_KEPT]:
                for suffix in ("", "-wal", "-shm"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            log.error("spool file is corrupt and cannot be moved path=%s error=%r", self._path, str(error))  # noqa: TRY400 - one line
            return
        log.error("spool file was corrupt, a fresh one is begun kept_as=%s reports_in_it=%d", aside, self.reports)
        self.bytes = self.reports = 0
        self._files += 1
        self._reopen_at = 0.0


def _open(path: Path, *, check: bool) -> sqlite3.Connection:
    """A database with today's tables; with `check`, all of it was read. Raises sqlite3.DatabaseError."""
    _make_private(path)
    db = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    # A damaged text must be a text that fits nothing, not an error of the whole query.
    db.text_factory = lambda raw: raw.decode(errors="replace")
    try:
        _check_version(db)
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        if not _names(db):
            db.executescript(_SCHEMA)
        if check:
            _check(db)
        db.executescript(_OF_CONNECTION)
    except BaseException:
        db.close()
        raise
    return db


def _make_private(path: Path) -> None:
    """It says who went through which door. SQLite gives the files beside it the same rights."""
    with suppress(OSError):  # SQLite will say what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).chmod(0o600)


def _check_version(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise Newer(f"the file is of version {version}, this agent reads {_VERSION}: it is left alone")
    names = _names(db)
    if names and (version != _VERSION or not names >= _NAMES):
        raise Unreadable(f"version {version}, without {', '.join(sorted(_NAMES - names)) or 'a table'}")


def _names(db: sqlite3.Connection) -> set[str]:
    """Of the tables, indexes and triggers that there are."""
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Unreadable(verdict)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors (disk full).
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _total(db: sqlite3.Connection) -> tuple[int, int]:
    """Bytes and number of the reports on disk."""
    row = db.execute("SELECT bytes, reports FROM total").fetchone()
    if row is None or not all(isinstance(number, int) for number in row):
        raise Unreadable("the total is gone")
    return row[0], row[1]


def _give_back(db: sqlite3.Connection) -> None:
    """Return pages to the file system after a backlog has drained, a few at a time."""
    if db.execute("PRAGMA freelist_count").fetchone()[0] > _SPARE_PAGES:
        # Not `execute`: it takes one step, and a step frees one page.
        db.executescript("PRAGMA incremental_vacuum(256)")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 where Python itself raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
