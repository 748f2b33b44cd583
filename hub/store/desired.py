"""SQL of configurations: what each agent shall run, what it says it runs, and how the two stand to each other.

`desired_config` is written by the command line alone, `applied_config` by the hub's committer alone. Times are
milliseconds UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from hub.store.database import insert
from hub.store.schema import agent, applied_config, desired_config, desired_counter, device
from wire.codec import config_revision
from wire.messages import ConfigApplied, DeviceKind
from wire.topics import Address

MAX_LISTED = 20_000
"""Agents one answer speaks of; the fleet of one hub process stays below."""

State = Literal["none", "agreed", "waiting", "refused", "foreign"]
"""`none`: nothing desired, none run. `agreed`: it runs what is desired. `waiting`: it has not said so yet, or still
runs what was cleared. `refused`: it would not, for a reason. `foreign`: it runs one that nobody desired here."""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """What is desired of one agent. `settings` and `revision` are None where nothing is any more."""

    revision: str | None
    settings: Settings | None


@dataclass(frozen=True)
class Standing:
    """One agent's configuration, desired and running, as revisions. `since` is when `state` began, None where unknown.

    `told`: the agent has ever said what it runs.
    """

    site: str
    agent: str
    state: State
    desired: str | None = None
    running: str | None = None
    refused: str | None = None
    reason: str = ""
    since: int | None = None
    told: bool = False


def write(connection: sa.Connection, wishes: Mapping[Address, Settings | None], now: int) -> None:
    """Desire these settings of these agents (None: nothing any more), all at once."""
    if not wishes:
        return
    # The counter first: whoever else changes something waits here, so that numbers become visible in their order.
    bump = insert(connection, desired_counter).values(id=1, value=1)
    bump = bump.on_conflict_do_update(index_elements=["id"], set_={"value": desired_counter.c.value + 1})
    generation = connection.execute(bump.returning(desired_counter.c.value)).scalar_one()
    rows = [
        {
            "site": address.site,
            "agent": address.agent,
            "revision": None if settings is None else config_revision(settings),
            "settings": settings,
            "changed": now,
            "generation": generation,
        }
        for address, settings in wishes.items()
    ]
    statement = insert(connection, desired_config)
    fresh = {name: statement.excluded[name] for name in ("revision", "settings", "changed", "generation")}
    connection.execute(statement.on_conflict_do_update(index_elements=["site", "agent"], set_=fresh), rows)


def save_applied(connection: sa.Connection, told: Mapping[Address, ConfigApplied], now: int) -> None:
    """What agents say of themselves; `since` stays where nothing changed. Their rows in `agent` are there."""
    for address, message in told.items():
        row = {"revision": message.revision, "refused": message.refused, "reason": message.reason or ""}
        statement = insert(connection, applied_config).values(site=address.site, agent=address.agent, since=now, **row)
        other = sa.or_(*(applied_config.c[name].is_distinct_from(statement.excluded[name]) for name in row))
        upsert = statement.on_conflict_do_update(
            index_elements=["site", "agent"], set_={**row, "since": now}, where=other
        )
        connection.execute(upsert)


def present(connection: sa.Connection) -> bool:
    """Whether the hub of this version has made its tables in this database."""
    return sa.inspect(connection).has_table(applied_config.name)


def changed_since(connection: sa.Connection, generation: int) -> tuple[int, list[Address]]:
    """The newest generation, and whose desired configuration was changed after this one: a seek in an index."""
    query = sa.select(desired_config.c.generation, desired_config.c.site, desired_config.c.agent)
    query = query.where(desired_config.c.generation > generation).order_by(desired_config.c.generation)
    rows = connection.execute(query).all()
    return (rows[-1].generation if rows else generation), [Address(row.site, row.agent) for row in rows]


def wish(connection: sa.Connection, address: Address) -> Wish | None:
    """What is desired of one agent; None where nothing ever was."""
    query = sa.select(desired_config.c.revision, desired_config.c.settings).where(_of(desired_config, address))
    row = connection.execute(query).one_or_none()
    return None if row is None else Wish(row.revision, row.settings)


def standing(connection: sa.Connection, address: Address) -> Standing:
    """How one agent stands to what is desired of it."""
    wished = connection.execute(sa.select(desired_config).where(_of(desired_config, address))).one_or_none()
    told = connection.execute(sa.select(applied_config).where(_of(applied_config, address))).one_or_none()
    return _standing(address, wished, told)


def _hubs(connection: sa.Connection, site: str | None) -> set[Address]:
    """They stand among the agents, for they report on themselves, and take no configuration."""
    own = sa.and_(device.c.site == agent.c.site, device.c.device == agent.c.agent, device.c.kind == DeviceKind.HUB)
    query = sa.select(agent.c.site, agent.c.agent).join_from(agent, device, own)
    query = query if site is None else query.where(agent.c.site == site)
    return {Address(*row) for row in connection.execute(query)}


def standings(connection: sa.Connection, site: str | None = None) -> list[Standing]:
    """The same of every agent ever heard or written for, of one site or all, by site and id."""

    def rows(table: sa.Table, *without: str) -> dict[Address, sa.Row[Any]]:
        query = sa.select(*(column for column in table.c if column.name not in without)).limit(MAX_LISTED)
        query = query if site is None else query.where(table.c.site == site)
        found: Sequence[sa.Row[Any]] = connection.execute(query).all()
        return {Address(row.site, row.agent): row for row in found}

    wished, told = rows(desired_config, "settings"), rows(applied_config)
    everybody = sorted(
        (rows(agent).keys() - _hubs(connection, site)) | wished.keys(), key=lambda one: (one.site, one.agent)
    )
    return [_standing(address, wished.get(address), told.get(address)) for address in everybody]


def known_agents(connection: sa.Connection, site: str | None = None) -> list[Address]:
    """Every agent ever heard, or written for, of one site or all."""
    return [Address(one.site, one.agent) for one in standings(connection, site)]


def heard(connection: sa.Connection, addresses: Collection[Address]) -> set[Address]:
    """Those of these that were ever heard."""
    return {one for one in addresses if connection.execute(sa.select(agent.c.site).where(_of(agent, one))).first()}


def _of(table: sa.Table, address: Address) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.site == address.site, table.c.agent == address.agent)


def _standing(address: Address, wished: sa.Row[Any] | None, told: sa.Row[Any] | None) -> Standing:
    state, since = _state(wished, told)
    return Standing(
        site=address.site,
        agent=address.agent,
        state=state,
        desired=wished.revision if wished else None,
        running=told.revision if told else None,
        refused=told.refused if told else None,
        reason=told.reason if told else "",
        since=since,
        told=told is not None,
    )


def _state(wished: sa.Row[Any] | None, told: sa.Row[Any] | None) -> tuple[State, int | None]:
    running = told.revision if told else None
    if wished is None:
        return ("none", None) if told is None or running is None else ("foreign", told.since)
    if wished.revision is None:
        return ("none", wished.changed) if running is None else ("waiting", wished.changed)
    if told is None:
        return "waiting", wished.changed
    if running == wished.revision:
        return "agreed", told.since
    return ("refused", told.since) if told.refused == wished.revision else ("waiting", wished.changed)
