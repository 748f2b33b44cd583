"""Rows of any content survive the way through an archive, from SQLite and PostgreSQL into either."""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.archive import tables
from hub.archive.manifest import ArchiveError
from hub.store import schema
from hub.store.database import connect, migrate

# What both databases can hold: no NUL, no lone surrogates.
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=10)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory, postgresql: Any) -> Iterator[dict[str, sa.Engine]]:
    """Empty databases with our tables and no keys to heed."""
    folder = tmp_path_factory.mktemp("tables")
    made = {
        "sqlite": connect(f"sqlite:///{folder}/a.db"),
        "sqlite too": connect(f"sqlite:///{folder}/b.db"),
        "postgresql": connect(postgresql.url(postgresql.create_database())),
    }
    for engine in made.values():
        migrate(engine)
        _reflected(engine)
    yield made
    for engine in made.values():
        engine.dispose()


def rows_of(table: sa.Table) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows with distinct keys."""
    columns = {column.name: _values(column) for column in table.c}
    key = [column.name for column in table.primary_key.columns]
    return st.lists(st.fixed_dictionaries(columns), max_size=4, unique_by=lambda row: tuple(row[c] for c in key))


def _values(column: sa.Column[Any]) -> st.SearchStrategy[Any]:
    kind = column.type
    if isinstance(kind, sa.JSON):
        # SQLite takes a bare number for its own (0.0 becomes 0); no column of ours holds one.
        values: st.SearchStrategy[Any] = st.dictionaries(TEXTS, JSON_VALUES, max_size=3) | st.lists(JSON_VALUES)
    elif isinstance(kind, sa.BigInteger):
        values = NUMBERS
    elif isinstance(kind, sa.Integer):
        values = st.integers(-(2**31), 2**31 - 1)
    elif isinstance(kind, sa.String):
        values = st.text(CHARACTERS, max_size=min(kind.length or 10, 10))
    else:
        raise TypeError(f"{column}: a type that archives do not carry yet")
    return st.none() | values if column.nullable and not isinstance(kind, sa.JSON) else values


TABLES = [table for table in schema.metadata.tables.values() if not any(i.unique for i in table.indexes)]


@pytest.mark.parametrize("way", [("sqlite", "postgresql", "sqlite too"), ("postgresql", "sqlite", "postgresql")])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_rows_arrive_as_they_left(way: tuple[str, ...], databases: dict[str, sa.Engine], data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(TABLES))
    rows = data.draw(rows_of(table))
    with _emptied(databases[way[0]], table) as connection:
        if rows:
            connection.execute(table.insert(), rows)
        lines, contents = _dump(connection, table)
        connection.rollback()
    for name in way[1:]:
        with _emptied(databases[name], table) as connection:
            tables.load(connection, table, contents, io.BytesIO(lines), lambda _: None)
            found = [row._asdict() for row in connection.execute(sa.select(table))]
            again, _ = _dump(connection, table)
            connection.rollback()
        assert sorted(map(_exact, found)) == sorted(map(_exact, rows))
        assert sorted(again.splitlines()) == sorted(lines.splitlines()), "not a byte of any JSON changes"


def test_null_and_null_in_json_stay_apart(databases: dict[str, sa.Engine]) -> None:
    table = schema.desired_config
    key = {"site": "s", "changed": 1, "generation": 1}
    with _emptied(databases["sqlite"], table) as connection:
        connection.execute(table.insert(), [{**key, "agent": "a", "settings": None}])
        connection.exec_driver_sql("INSERT INTO desired_config (site, agent, changed, generation, settings) "
                                   "VALUES ('s', 'b', 1, 1, 'null')")  # fmt: skip
        lines, contents = _dump(connection, table)
        connection.rollback()
    with _emptied(databases["postgresql"], table) as connection:
        tables.load(connection, table, contents, io.BytesIO(lines), lambda _: None)
        missing = sa.select(table.c.agent).where(table.c.settings.is_(sa.null()))
        assert connection.execute(missing).scalars().all() == ["a"]
        connection.rollback()


def test_a_table_cut_short_is_noticed(databases: dict[str, sa.Engine]) -> None:
    table = schema.heartbeat
    with _emptied(databases["sqlite"], table) as connection:
        connection.execute(table.insert(), [{"id": 1, "at": 1, "attempt": ""}, {"id": 2, "at": 1, "attempt": ""}])
        lines, contents = _dump(connection, table)
        connection.rollback()
        with pytest.raises(ArchiveError, match="1 rows in the archive, 2 in its manifest"):
            tables.load(connection, table, contents, io.BytesIO(lines.splitlines(True)[0]), lambda _: None)
        connection.rollback()


def _dump(connection: sa.Connection, table: sa.Table) -> tuple[bytes, Any]:
    """As a backup does it: the table as the database tells of it."""
    dump = tables.Dump(connection, _reflected(connection.engine)[table.name], lambda _: None)
    return b"".join(dump), dump.contents


def _reflected(engine: sa.Engine) -> Mapping[str, sa.Table]:
    """Looked up once: it takes long, and another connection would wait for a table in use."""
    if engine not in _KNOWN:
        with engine.connect() as connection:
            _KNOWN[engine] = tables.by_name(tables.reflect(connection))
    return _KNOWN[engine]


_KNOWN: dict[sa.Engine, Mapping[str, sa.Table]] = {}


def _emptied(engine: sa.Engine, table: sa.Table) -> sa.Connection:
    """Within a transaction that heeds no keys."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.commit()
    else:
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.commit()
    connection.execute(table.delete())
    return connection


def _exact(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)
