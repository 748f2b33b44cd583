"""SQL tables as lines of JSON and back, for SQLite and PostgreSQL alike.

What is read is what the database says it has, not what this version expects: a hub of an older version can be backed
up, and its rows are put into tables of its own version before the migrations run. A row is a JSON array of its values;
columns of JSON travel as their text, so that NULL, `null` and every digit stay what they were.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import sqlalchemy as sa

from hub.archive.container import Progress
from hub.archive.manifest import ArchiveError, TableContents

ROWS_AT_ONCE = 2_000
MAX_ROW_BYTES = 16 * 1024 * 1024
"""Of one row as JSON; the largest of a hub, an agent's configuration or a report set aside, has some 256 KiB."""
_REASON = 300
NOT_BACKED_UP = frozenset({"alembic_version"})
"""The manifest has it."""


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees one moment, however long it looks. Nobody waits for it, nor it for anybody."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # the moment is that of the first look
            yield connection
            connection.rollback()
    else:
        with engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as connection:
            yield connection
            connection.rollback()


def reflect(connection: sa.Connection) -> list[sa.Table]:
    """The tables there are, by name."""
    found = sa.MetaData()
    found.reflect(connection, only=lambda name, _: name not in NOT_BACKED_UP)
    return sorted(found.tables.values(), key=lambda table: table.name)


class Dump:
    """The rows of a table as lines of JSON, many lines a chunk; `contents` when they have been read."""

    def __init__(self, connection: sa.Connection, table: sa.Table, progress: Progress) -> None:
        self._connection = connection
        self._table = table
        self._progress = progress
        self._rows = 0

    def __iter__(self) -> Iterator[bytes]:
        columns = [sa.cast(column, sa.Text) if _is_json(column) else column for column in self._table.c]
        query = sa.select(*columns).execution_options(yield_per=ROWS_AT_ONCE)
        for rows in self._connection.execute(query).partitions():
            yield "".join(json.dumps(list(row), separators=(",", ":")) + "\n" for row in rows).encode()
            self._rows += len(rows)
            self._progress(f"{self._table.name}: {self._rows} rows")

    @property
    def contents(self) -> TableContents:
        """What the manifest says of it."""
        columns = list(self._table.c)
        return TableContents(
            columns=[c.name for c in columns], json_columns=[c.name for c in columns if _is_json(c)], rows=self._rows
        )


def load(connection: sa.Connection, table: sa.Table, said: TableContents, lines: IO[bytes], progress: Progress) -> None:
    """Put the rows into an empty table. Raises ArchiveError for what is no row of it, or where they are not as many as
    the manifest says.
    """
    if not set(said.columns) <= set(table.c.keys()) or len(set(said.columns)) != len(said.columns):
        raise ArchiveError(f"{table.name}: columns in the archive that are none of this table's")
    postgresql = connection.dialect.name == "postgresql"
    statement = _insert(table, said, postgresql)
    done = 0
    for chunk in _chunks(lines, table.name):
        rows = [_row(line, said, f"{table.name}: row {number}") for number, line in enumerate(chunk, done + 1)]
        if postgresql:
            rows = [[_without_nul(value) for value in row] for row in rows]
        # Parameters by position in the manifest: a column's name may be a keyword.
        try:
            connection.execute(statement, [{f"p{i}": value for i, value in enumerate(row)} for row in rows])
        except (OverflowError, ValueError, TypeError) as error:
            raise ArchiveError(f"{table.name}: a value that is none of its columns': {error}"[:_REASON]) from None
        done += len(rows)
        progress(f"{table.name}: {done} of {said.rows} rows")
    if done != said.rows:
        raise ArchiveError(f"{table.name}: {done} rows in the archive, {said.rows} in its manifest")


def _chunks(lines: IO[bytes], name: str) -> Iterator[list[bytes]]:
    """Lines in chunks of a bounded number and size."""
    chunk: list[bytes] = []
    size = 0
    while line := lines.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            raise ArchiveError(f"{name}: a row of more than {MAX_ROW_BYTES} bytes")
        chunk.append(line)
        size += len(line)
        if len(chunk) == ROWS_AT_ONCE or size > MAX_ROW_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _row(line: bytes, said: TableContents, where: str) -> list[Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{where} is damaged: {error}"[:_REASON]) from None
    if not isinstance(row, list) or len(row) != len(said.columns):
        raise ArchiveError(f"{where} has not the {len(said.columns)} values of its columns")
    return row


def _insert(table: sa.Table, said: TableContents, postgresql: bool) -> sa.Insert:
    values: dict[str, sa.ColumnElement[Any]] = {}
    for index, name in enumerate(said.columns):
        json_text = name in said.json_columns
        value = sa.bindparam(f"p{index}", type_=sa.Text() if json_text else table.c[name].type)
        values[name] = sa.cast(value, sa.JSON) if json_text and postgresql else value
    # Bare columns: those of the table would encode JSON again.
    bare = sa.table(table.name, *(sa.column(name) for name in said.columns))
    return bare.insert().values(values)


def _without_nul(value: object) -> object:
    """PostgreSQL's texts cannot hold what SQLite's can."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


@contextmanager
def keys_aside(connection: sa.Connection, tables: list[sa.Table]) -> Iterator[None]:
    """Rows may come in any order within; that every reference is good is checked at the end.

    SQLite must have been told before the transaction (`PRAGMA foreign_keys = OFF`).
    """
    constraints = [key for table in tables for key in table.foreign_key_constraints]
    if connection.dialect.name == "sqlite":
        yield
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise ArchiveError(f"{broken[0]}: a row refers to one of {broken[2]} that is not there")
        return
    for key in constraints:
        connection.execute(sa.schema.DropConstraint(key))
    yield
    for key in constraints:
        connection.execute(sa.schema.AddConstraint(key))


def by_name(tables: list[sa.Table]) -> Mapping[str, sa.Table]:
    """The same to look up."""
    return {table.name: table for table in tables}
