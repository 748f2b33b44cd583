"""Covers for tests: written as the command line would."""

from itertools import count

import sqlalchemy as sa

from hub.cover import Cover, Kind, Scope
from hub.store import covers

_numbers = count(1)


def add(
    database: sa.Engine,
    scope: Scope,
    start: int,
    end: int,
    kind: Kind = "maintenance",
    recurrence: str = "",
) -> int:
    """Its number."""
    new = Cover(0, kind, scope, start, end, "Li", "new disks", recurrence, added=start)
    with database.begin() as connection:
        return covers.add(connection, new, None if recurrence else end)


def end(database: sa.Engine, number: int, now: int) -> None:
    """Before its time."""
    with database.begin() as connection:
        covers.end(connection, number, now)
