"""Puts an archive's SQL tables into a database, SQLite or PostgreSQL, and the old ones aside."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from hub.archive import tables
from hub.archive.container import Archive, Progress
from hub.archive.manifest import ArchiveError, member_of
from hub.store import numbers, restoration
from hub.store.database import connect, revision_of, upgrade
from hub.store.restoration import Restoration

MOST_NUMBER = 2_000_000_000
MOST_LARGE_NUMBER = 1 << 53
_SIDE_FILES = ("-wal", "-shm")


def fill(connection: sa.Connection, archive: Archive, now: int, seen: int, progress: Progress) -> Restoration:
    """Make the tables of the archive's version, fill them, bring them up to date, and note that time went back.

    For SQLite foreign keys must be off. Raises ArchiveError, SQLAlchemyError.
    """
    manifest = archive.manifest
    upgrade(connection, manifest.schema_revision)
    every = tables.by_name(tables.reflect(connection))
    for name in manifest.tables.keys() - every.keys():
        raise ArchiveError(f"{archive.path}: table {name} is none of schema {manifest.schema_revision}")
    with tables.keys_aside(connection, list(every.values())):
        for name, said in manifest.tables.items():
            connection.execute(every[name].delete())  # what migrations put there
            with archive.open(member_of(name)) as lines:
                tables.load(connection, every[name], said, lines, progress)
    for name, table in every.items():
        if numbers.counted(connection, table):
            number = max(numbers.last(connection, table), manifest.numbers.get(name, 0))
            if number > _most(table):
                raise ArchiveError(f"{archive.path}: {name} {number} leaves no room for later ones")
            numbers.skip_to(connection, table, number)
    upgrade(connection)
    return restoration.note(connection, now, seen)


def _most(table: sa.Table) -> int:
    """The highest number from which on a table can still be numbered for as long as anybody uses it."""
    return MOST_LARGE_NUMBER if isinstance(table.c.id.type, sa.BigInteger) else MOST_NUMBER


# --- PostgreSQL: one transaction ---


@contextmanager
def postgresql(
    url: str, archive: Archive, now: int, seen: int, *, force: bool, progress: Progress
) -> Iterator[tuple[Restoration, str]]:
    """Within the context everything is done but not committed. Yields what was noted, and where the old tables are."""
    engine = connect(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # rebuilding keys takes its time
            aside = _old_tables_aside(connection, now, force=force)
            yield fill(connection, archive, now, seen, progress), aside
    finally:
        engine.dispose()


def _old_tables_aside(connection: sa.Connection, now: int, *, force: bool) -> str:
    if revision_of(connection) is None:
        return ""
    if not force:
        raise ArchiveError("the database holds a hub's tables already; --force moves them into a schema of their own")
    schema = f"before_restore_{now}"
    connection.execute(sa.schema.CreateSchema(schema))
    quote = connection.dialect.identifier_preparer.quote
    for name in sorted(set(sa.inspect(connection).get_table_names()) & _ours()):
        connection.exec_driver_sql(f"ALTER TABLE {quote(name)} SET SCHEMA {quote(schema)}")
    return f"schema {schema}"


def _ours() -> set[str]:
    from hub.store.schema import metadata

    return {*metadata.tables, *tables.NOT_BACKED_UP}


# --- SQLite: a new file ---


def stage_sqlite(path: Path, archive: Archive, now: int, seen: int, progress: Progress) -> Restoration:
    """A new database at `path`, complete and on disk."""
    discard_sqlite(path)
    engine = connect(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.commit()
            with connection.begin():
                noted = fill(connection, archive, now, seen, progress)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return noted
    finally:
        engine.dispose()


def discard_sqlite(path: Path) -> None:
    """Remove a file that never came into its place."""
    for suffix in ("", *_SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def put_in_place(new: Path, path: Path, now: int) -> Path | None:
    """`new` becomes `path`; what stood there is moved aside and named. At no moment is there nothing at `path`."""
    aside = path.with_name(f"{path.name}.before-restore-{now}")
    stood = path.exists()
    if stood:
        for suffix in _SIDE_FILES:  # first: an old write-ahead log beside a new file would be taken for its own
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
        with suppress(FileExistsError):
            os.link(path, aside)
    new.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return aside if stood else None
