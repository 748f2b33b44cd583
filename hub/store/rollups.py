"""SQL of the rollups: up to when they are done, and which hours and days have to be computed once more."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import sqlalchemy as sa

from hub.store import schema
from hub.store.database import insert

Tier = Literal["hour", "day"]


class Key(NamedTuple):
    """One hour or day of one device, by its start (ms UTC): what is computed at once."""

    tier: Tier
    at: int
    kind: str
    site: str
    device: str


class Mark(NamedTuple):
    """A key to compute again. `stamp` tells this mark from one made since."""

    key: Key
    stamp: int


def save_marks(connection: sa.Connection, keys: Collection[Key], stamp: int, now: int) -> None:
    """Mark them, in the caller's transaction. `stamp` is its own: a mark made again is another mark."""
    if not keys:
        return
    statement = insert(connection, schema.rollup_mark)
    statement = statement.on_conflict_do_update(
        index_elements=list(Key._fields), set_={name: statement.excluded[name] for name in ("stamp", "made")}
    )
    # In order, so that two who mark at once never wait for each other crosswise.
    connection.execute(statement, [{**key._asdict(), "stamp": stamp, "made": now} for key in sorted(keys)])


def marks(connection: sa.Connection, tier: Tier, before: int, made: int, limit: int) -> list[Mark]:
    """The oldest marks of hours or days that begin before `before`, last made at or before `made` (ms UTC)."""
    table = schema.rollup_mark
    columns = [table.c[name] for name in Key._fields]
    query = sa.select(*columns, table.c.stamp).where(table.c.tier == tier, table.c.at < before, table.c.made <= made)
    rows = connection.execute(query.order_by(*columns).limit(limit))
    return [Mark(Key(*row[:-1]), row.stamp) for row in rows]


def finish(connection: sa.Connection, done: Sequence[Mark]) -> None:
    """Delete marks, but for those made again since they were read."""
    table = schema.rollup_mark
    names = (*Key._fields, "stamp")
    same = sa.and_(*(table.c[name] == sa.bindparam(f"was_{name}") for name in names))
    rows = [{f"was_{name}": value for name, value in zip(names, (*key, stamp), strict=True)} for key, stamp in done]
    if rows:
        connection.execute(table.delete().where(same), rows)


def drop_before(connection: sa.Connection, tier: Tier, before: int) -> int:
    """Delete the marks of what begins before `before` (ms UTC); how many."""
    table = schema.rollup_mark
    return connection.execute(table.delete().where(table.c.tier == tier, table.c.at < before)).rowcount


def until(connection: sa.Connection) -> dict[str, int]:
    """tier → up to when (ms UTC) everything is rolled; empty before the first."""
    table = schema.rollup_progress
    return {row.tier: row.until for row in connection.execute(sa.select(table.c.tier, table.c.until))}


def advance(connection: sa.Connection, tier: Tier, to: int) -> None:
    """Everything before `to` is rolled. Never goes back."""
    table = schema.rollup_progress
    statement = insert(connection, table).values(tier=tier, until=to)
    fresh = statement.excluded.until
    connection.execute(
        statement.on_conflict_do_update(index_elements=["tier"], set_={"until": fresh}, where=table.c.until < fresh)
    )


def retreat(connection: sa.Connection, tier: Tier, to: int) -> None:
    """What is said to be rolled after `to` is not: the clock was ahead."""
    table = schema.rollup_progress
    connection.execute(table.update().where(table.c.tier == tier, table.c.until > to).values(until=to))


def first_heard(connection: sa.Connection) -> int | None:
    """When any agent was first heard (ms UTC)."""
    at: int | None = connection.execute(sa.select(sa.func.min(schema.agent.c.first_heard))).scalar()
    return at


def scopes(connection: sa.Connection, devices: int) -> list[Mapping[str, list[str]]]:
    """Every device ever announced, in parts of about `devices` each: small sites whole, large ones by name."""
    table = schema.device
    counted = sa.select(table.c.site, sa.func.count().label("devices")).group_by(table.c.site).order_by(table.c.site)
    parts: list[Mapping[str, list[str]]] = []
    small: dict[str, list[str]] = {}
    room = devices
    for site, size in connection.execute(counted):
        if size > devices:
            parts += [{site: names} for names in _slices(_names(connection, site), devices)]
            continue
        if size > room:
            parts.append(small)
            small, room = {}, devices
        small[site] = []
        room -= size
    return [*parts, small] if small else parts


def _names(connection: sa.Connection, site: str) -> list[str]:
    table = schema.device
    return list(connection.execute(sa.select(table.c.device).where(table.c.site == site)).scalars())


def _slices(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[first : first + size] for first in range(0, len(names), size))


def days_of(hours: Iterable[Key], day_ms: int, before: int) -> list[Key]:
    """The days those hours lie in, of days that begin before `before`."""
    days = {key._replace(tier="day", at=key.at - key.at % day_ms) for key in hours}
    return [key for key in days if key.at < before]
