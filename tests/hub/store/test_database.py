"""The tables as the migrations make them."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import event

from hub.store import schema
from hub.store.database import connect, migrate

FIRST_RELEASE = "0001"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    on_postgresql = request.param == "postgresql"
    made = connect(request.getfixturevalue("postgresql_url") if on_postgresql else f"sqlite:///{tmp_path}/hub.db")
    yield made
    made.dispose()


def test_the_migrations_make_the_tables_that_the_code_describes(engine: sa.Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_a_database_of_the_first_release_is_brought_up_to_date_with_all_it_holds(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST_RELEASE)
        assert not sa.inspect(connection).has_table("desired_config")
        values = {"site": "school", "agent": "gateway", "first_heard": 1, "last_heard": 2}
        connection.execute(schema.agent.insert().values(**values))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.select(schema.agent.c.last_heard)).scalar_one() == 2
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.desired_config)).scalar_one() == 0


def test_two_hubs_that_start_at_once_on_a_new_database_both_find_its_tables(engine: sa.Engine) -> None:
    others = [connect(engine.url.render_as_string(hide_password=False)) for _ in range(3)]
    with ThreadPoolExecutor(len(others)) as pool:
        list(pool.map(migrate, others))
    for other in others:
        other.dispose()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


@pytest.mark.parametrize("held", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_new_file_that_another_is_writing_to_is_opened_once_that_is_done(tmp_path: Path, held: str) -> None:
    path = tmp_path / "hub.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute(held)
    engine = connect(f"sqlite:///{path}")
    asked = Event()
    event.listen(engine, "do_connect", lambda *_: asked.set())
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(migrate, engine)
        assert asked.wait(30)
        with pytest.raises(TimeoutError):
            opening.result(0.2)
        other.execute("ROLLBACK")
        opening.result(30)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()
    other.close()


def test_a_new_file_that_another_never_lets_go_of_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sa.exc.OperationalError, match="database is locked"):
        migrate(connect(f"sqlite:///{path}", patience=0.3))
    other.close()
