"""Opens the SQL database and brings its tables up to date."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

_MIGRATIONS = Path(__file__).parent / "migrations"


POSTGRESQL = {
    "connect_timeout": 5,
    "options": "-c statement_timeout=30s -c lock_timeout=20s",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A server that hangs is an outage, not a reason to hang with it."""


def connect(url: str, pool_timeout: float = 30.0) -> sa.Engine:
    """An engine for SQLite or PostgreSQL. SQLite writes ahead, syncs at every commit and enforces its keys.

    `pool_timeout` is how long to wait for a free connection, in seconds.
    """
    postgresql = not url.startswith("sqlite")
    arguments = POSTGRESQL if postgresql else {}
    engine = sa.create_engine(url, pool_pre_ping=postgresql, connect_args=arguments, pool_timeout=pool_timeout)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def migrate(engine: sa.Engine) -> None:
    """Apply every migration this database lacks, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that can say what to do on conflict, in this database's dialect."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
