"""The tables as the migrations make them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

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
