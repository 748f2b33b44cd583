"""Whether a hub works on a database right now, on whatever machine: its lease tells."""

import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from hub.config import ConfigError
from hub.lease import EXPIRY_SECONDS, LOOK_SECONDS, Watch
from hub.place import place
from hub.store import lease
from hub.store.schema import lease as table


def refuse_working(
    database: sa.Engine,
    lock: Path,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Watches the lease for as long as it takes to know. Raises ConfigError, SQLAlchemyError.

    `lock` is our own state_dir's, which we hold: who held the lease with that one is dead.
    """
    watch, own, first = Watch(), place(lock), None
    while True:
        with database.connect() as connection:
            seen = lease.look(connection) if sa.inspect(connection).has_table(table.name) else None
        if seen is None or seen.free or seen.place == own:
            return
        first = first or seen
        if (seen.token, seen.renewals) != (first.token, first.renewals):
            raise ConfigError(f"hub {seen.holder} works on this database: stop it first, and those that stand by")
        if watch.look(seen, clock()) >= EXPIRY_SECONDS:
            return
        sleep(LOOK_SECONDS)
