"""Copies of SQLite files that other processes write to."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from hub.archive.container import Progress
from hub.archive.manifest import ArchiveError

_PAGES_AT_ONCE = 4096
_BUSY_SECONDS = 60.0


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


def check(path: Path) -> None:
    """Raises ArchiveError where SQLite finds the file damaged."""
    with _trouble(path), closing(sqlite3.connect(path)) as connection:
        (word,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if word != "ok":
            raise ArchiveError(f"{path}: {word}")


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
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ArchiveError(f"{path}: {error}") from error
