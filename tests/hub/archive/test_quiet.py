"""Who works on a database is told by its lease."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.archive.quiet import refuse_working
from hub.config import ConfigError
from hub.place import place
from hub.store import lease, schema
from hub.store.database import connect
from hub.store.lease import Claim
from tests.databases import prepare


class World:
    """A database whose lease another hub holds; `alive` while that hub renews it. Sleeping moves the clock."""

    def __init__(self, folder: Path, holder_s_place: str = "elsewhere") -> None:
        self.lock = folder / "lock"
        self.lock.touch()
        self.now, self.alive = 0.0, False
        self.database = connect(f"sqlite:///{folder}/hub.db")
        prepare(self.database)
        with self.database.begin() as connection:
            assert lease.take(connection, Claim("other", holder_s_place, "influx"), None, 1)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.alive and self.now > 1.9:
            with self.database.begin() as connection:
                connection.execute(schema.lease.update().values(renewals=schema.lease.c.renewals + 1))

    def ask(self) -> None:
        refuse_working(self.database, self.lock, self.sleep, lambda: self.now)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.database.dispose()


def test_a_hub_that_renews_its_lease_works(world: World) -> None:
    world.alive = True
    with pytest.raises(ConfigError, match="hub other works"):
        world.ask()


def test_one_that_died_is_watched_for_as_long_as_a_standby_would(world: World) -> None:
    world.ask()
    assert world.now >= 8.0


def test_a_lease_given_back_needs_no_watching(world: World) -> None:
    with world.database.begin() as connection:
        connection.execute(sa.update(schema.lease).values(token=""))
    world.ask()
    assert world.now == 0


def test_who_held_the_lock_that_we_hold_is_dead(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    world = World(tmp_path, place(tmp_path / "lock"))
    world.ask()
    assert world.now == 0
    world.database.dispose()
