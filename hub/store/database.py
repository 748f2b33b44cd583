"""Opens the SQL database and brings its tables up to date."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

_WRITE_AHEAD_AGAIN_SECONDS = 0.01
_MIGRATIONS = Path(__file__).parent / "migrations"


PATIENCE_SECONDS = 30.0
"""A server that hangs is an outage, not a reason to hang with it."""

_MIGRATING = 0x77_6B_68_75_62
"""The advisory lock of whoever brings the tables up to date ("wkhub")."""


APPLICATION = "watchkeeper-hub run"
"""How PostgreSQL knows the sessions of hubs that work or stand by, and nobody else's."""


def connect(
    url: str, pool_timeout: float = 30.0, patience: float = PATIENCE_SECONDS, application: str = "watchkeeper-hub"
) -> sa.Engine:
    """An engine for SQLite or PostgreSQL. SQLite writes ahead, syncs at every commit and enforces its keys.

    `pool_timeout` is how long to wait for a free connection, `patience` for an answer (two thirds of it for a lock,
    of SQLite's a third), in seconds. `application` is what PostgreSQL lists its sessions as.
    """
    postgresql = not url.startswith("sqlite")
    arguments = {**_postgresql(patience), "application_name": application} if postgresql else {}
    engine = sa.create_engine(url, pool_pre_ping=postgresql, connect_args=arguments, pool_timeout=pool_timeout)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: _set_up_sqlite(connection, patience))
    return engine


def _postgresql(patience: float) -> dict[str, Any]:
    milliseconds = round(patience * 1000)
    return {
        "connect_timeout": max(2, min(5, round(patience))),  # libpq takes less than two seconds for two
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds * 2 // 3}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": milliseconds,
    }


def _set_up_sqlite(connection: Any, patience: float) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={round(patience * 1000) // 3}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor, patience / 3)
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor, patience: float) -> None:
    """Of several that open a new file at once SQLite refuses all but one this change at a time, and waits for none."""
    deadline = time.monotonic() + patience
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as refusal:
            if refusal.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(_WRITE_AHEAD_AGAIN_SECONDS)


def migrate(engine: sa.Engine) -> None:
    """Apply every migration this database lacks, in one transaction; of several hubs, one after the other."""
    with engine.begin() as connection:
        upgrade(connection)


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Apply the migrations up to this one, in the caller's transaction, alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    elif not getattr(connection.connection, "in_transaction", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver would begin at the first row that is written
    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revision_of(connection: sa.Connection) -> str | None:
    """The newest migration that a database has had; None where there are no tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def knows(revision: str) -> bool:
    """Whether this version has that migration; a later version's it does not know."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def is_current(engine: sa.Engine) -> bool:
    """Whether the database has had every migration of this version, and no later one's."""
    with engine.connect() as connection:
        return revision_of(connection) == ScriptDirectory.from_config(_alembic()).get_current_head()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that can say what to do on conflict, in this database's dialect."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> Any:
    """The same, before there is a connection."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
