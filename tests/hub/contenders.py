"""Hubs that want one lease, on clocks of the test's making: no thread, real SQL."""

import sqlalchemy as sa

from hub.lease import Lease
from hub.store.lease import Claim, Fenced


class Contender:
    """One hub: `now` is its own monotonic clock (seconds), `wall` how far its calendar is off (ms)."""

    def __init__(
        self,
        database: sa.Engine,
        name: str,
        place: str = "",
        now: float = 0.0,
        wall: int = 0,
        series: str = "influx",
    ) -> None:
        self.name = name
        self.now = now
        self.wall = wall
        self.told: list[str] = []
        self.database = database
        self.lease = Lease(
            database,
            Claim(name, place or name, series),
            lambda: 1_800_000_000_000 + round(self.now * 1000) + self.wall,
            lambda: self.now,
            taken=lambda: self.told.append("taken"),
            lost=lambda: self.told.append("lost"),
        )

    def pass_time(self, seconds: float) -> None:
        """Its clock goes on, and its thread looks at the lease as it does in life."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 0.5, end)
            self.lease.step()

    def looks_and_holds(self) -> bool:
        """No time passes but what the database takes."""
        self.lease.step()
        return self.lease.held

    def enter(self) -> None:
        """As the committer rebuilds its engine."""
        with self.database.connect() as connection:
            self.lease.enter(connection)

    def commit(self) -> bool:
        """One commit as the committer makes it, from confirming to the end of the transaction; whether it happened."""
        try:
            self.lease.confirm()
            with self.lease.begin(self.database):
                pass
        except Fenced:
            return False
        return True
