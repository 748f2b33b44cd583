"""Databases with all their tables, ready made: to migrate one takes a tenth of a second, and most tests want one."""

import sqlite3
from functools import cache

import sqlalchemy as sa

from hub.store.database import migrate


def prepare(engine: sa.Engine) -> None:
    """As `migrate`, which it leaves to do what is not an empty SQLite database."""
    if engine.dialect.name == "sqlite" and _is_empty(engine):
        with engine.connect() as connection:
            found = connection.connection.driver_connection
            assert isinstance(found, sqlite3.Connection)
            _template().backup(found)
    else:
        migrate(engine)


def _is_empty(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return not connection.execute(sa.text("SELECT count(*) FROM sqlite_master")).scalar()


@cache
def _template() -> sqlite3.Connection:
    """Migrated once in this process."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    migrate(engine)
    with engine.connect() as connection:
        found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found
