"""Copies of SQLite files that other processes write to."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from hub.archive.container import Progress
from hub.archive.manifest import ArchiveError

_PAGES_AT_ONCE = 4096
_BUSY_SECONDS = 60.0
_PARTS = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"


def copy(source: Path, target: Path, progress: Progress) -> None:
    """One moment of `source`, as a file without a write-ahead log. Raises ArchiveError.

    Who writes to `source` meanwhile is not held up: the copy reads the moment it began at, however long it takes, and
    the write-ahead log grows by what is written until it ends.
    """
    with _trouble(source), closing(_connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        writing.execute("PRAGMA synchronous = OFF")  # it is a copy on its way into an archive
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # begins the moment
        reading.backup(
            writing,
            pages=_PAGES_AT_ONCE,
            sleep=0,
            progress=lambda _, left, total: progress(
                f"{source.name}: {(total - left) * 100 // max(total, 1)} % copied"
            ),
        )
        reading.execute("ROLLBACK")
        writing.execute("PRAGMA journal_mode = DELETE")


def check(path: Path, prepare: Callable[[sqlite3.Connection, Path], None]) -> None:
    """Raises ArchiveError where SQLite finds the file damaged, or where more is in it than tables of values.

    `prepare` makes what belongs there. Of a stranger's file a view, trigger, index or virtual table would run on every
    write of ours, and could change or make up what is stored.
    """
    with closing(sqlite3.connect(":memory:")) as ours:
        prepare(ours, path)
        known, version = set(ours.execute(_PARTS)), _version(ours)
    with _trouble(path), closing(_connect(path)) as connection:
        found = set(connection.execute(_PARTS))
        for kind, name, sql in sorted(found):
            plain = kind == "table" and not str(sql).upper().startswith("CREATE VIRTUAL")
            if not plain and (kind, name, sql) not in known:
                raise ArchiveError(f"{path}: a {kind} is in it that no hub has made: {ascii(name)[:100]}")
        if _version(connection) == version and not known <= found:
            raise ArchiveError(f"{path}: not what a hub has made: parts are missing")
        (word,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if word != "ok":
            raise ArchiveError(f"{path}: {word}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def count(path: Path, query: str) -> int:
    """The one number a query yields. Raises ArchiveError."""
    with _trouble(path), closing(_connect(path)) as connection:
        return int(connection.execute(query).fetchone()[0] or 0)


def merge(source: Path, target: Path, tables: Sequence[str]) -> None:
    """Add to those of these tables that there are the rows of `source` that `target` has not. Raises ArchiveError.

    Both of one schema. Rows are the same when all columns but `id` are; each added row gets a new id.
    """
    with _trouble(target), closing(_connect(target)) as connection:
        connection.execute("ATTACH ? AS other", (str(source),))
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            described = connection.execute(f"PRAGMA table_info({table})").fetchall()
            columns = ", ".join(f'"{row[1]}"' for row in described if row[1] != "id")
            if not columns:
                continue
            connection.execute(
                f"INSERT OR IGNORE INTO main.{table} ({columns}) "  # noqa: S608 - our own names
                f"SELECT {columns} FROM other.{table} EXCEPT SELECT {columns} FROM main.{table}"
            )
        connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ArchiveError(f"{path}: {error}") from error
