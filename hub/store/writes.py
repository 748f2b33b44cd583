"""Every SQL write of the hub. All of one batch happen in one transaction, which the caller opens."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from hub.blindness import Interval
from hub.fleet import AgentState
from hub.store import schema
from hub.store.database import insert, insert_for
from hub.store.lease import RebuildWanted
from wire.messages import Device, Status

MAX_RETIRED = 2000
"""Retired devices remembered per agent."""


@dataclass(frozen=True)
class EventRow:
    """An event with its unique key: who, which report, which position in it. Times ms UTC, `at` corrected."""

    site: str
    agent: str
    report_id: str
    position: int
    device: str
    at: int
    received: int
    type: str
    data: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it one event, however often it comes: (site, agent, report id, position)."""
        return self.site, self.agent, self.report_id, self.position


@dataclass(frozen=True)
class Rejection:
    """Something that could not be taken: from whom, why, how often, and one example for a person to read."""

    site: str
    agent: str
    reason: str
    count: int
    example: str


_AGENT_COLUMNS = (
    "site",
    "agent",
    "first_heard",
    "last_heard",
    "evaluated_until",
    "offset_ms",
    "offset_source",
    "revised",
)


AgentRow = tuple[str, str, int, int, int, int | None, str, int]


def agent_rows(agents: Iterable[AgentState]) -> list[AgentRow]:
    """As they stand: when each was last heard, up to when rules have seen its samples, what it knows of its clock."""
    return [(a.site, a.agent, a.heard, a.heard, a.mark, a.offset_ms, a.offset_source, a.revised) for a in agents]


def save_agents(connection: sa.Connection, rows: Sequence[AgentRow]) -> None:
    """The one statement that every report pays for: its rows go to the driver as they are."""
    if not rows:
        return
    upsert = _upsert_agents(connection.dialect)
    if upsert.positional:
        connection.exec_driver_sql(str(upsert), rows)
    else:
        connection.exec_driver_sql(str(upsert), [dict(zip(_AGENT_COLUMNS, row, strict=True)) for row in rows])


@lru_cache(maxsize=8)
def _upsert_agents(dialect: sa.Dialect) -> Any:
    """The statement in a database's own words, compiled once."""
    statement = insert_for(dialect.name, schema.agent)
    upsert = statement.on_conflict_do_update(
        index_elements=["site", "agent"], set_={name: statement.excluded[name] for name in _AGENT_COLUMNS[3:]}
    )
    return upsert.compile(dialect=dialect, column_keys=list(_AGENT_COLUMNS))


def save_status(connection: sa.Connection, site: str, agent: str, status: Status) -> bool:
    """The broker's word on an agent; an offline of another session than the current one is ignored (False)."""
    table = schema.agent
    where = (table.c.site == site) & (table.c.agent == agent)
    values: dict[str, Any] = {"state": status.state}
    if status.state == "offline":
        where &= (table.c.session == status.session) | table.c.session.is_(None)
    else:
        values |= {"session": status.session, "version": status.version}
        values["oldest_unacknowledged"] = status.oldest_unacknowledged
    return connection.execute(table.update().where(where).values(**values)).rowcount > 0


def save_inventory(
    connection: sa.Connection,
    site: str,
    agent: str,
    revision: str,
    devices: Sequence[Device],
    vanished: Sequence[str],
    now: int,
) -> None:
    """The devices an agent has claimed; those that vanished are retired, not deleted."""
    table = schema.device
    statement = insert(connection, table)
    rows = [{"site": site, "agent": agent, "retired": None, **device.model_dump(mode="json")} for device in devices]
    if rows:
        fresh = statement.excluded
        columns = ("agent", "kind", "name", "parent", "room", "facts", "retired")
        connection.execute(
            statement.on_conflict_do_update(index_elements=["site", "device"], set_={c: fresh[c] for c in columns}),
            rows,
        )
    if vanished:
        gone = (table.c.site == site) & (table.c.agent == agent) & table.c.device.in_(vanished)
        connection.execute(table.update().where(gone).values(retired=now))
        _forget_retired(connection, site, agent)
    agents = schema.agent
    connection.execute(
        agents.update().where((agents.c.site == site) & (agents.c.agent == agent)).values(inventory_hash=revision)
    )


def _forget_retired(connection: sa.Connection, site: str, agent: str) -> None:
    """Keep the newest retired devices of an agent only: one that ever invents new ones must not fill the database."""
    table = schema.device
    own = (table.c.site == site) & (table.c.agent == agent)
    nth = sa.select(table.c.retired).where(own, table.c.retired.is_not(None)).order_by(table.c.retired.desc())
    limit = connection.execute(nth.offset(MAX_RETIRED).limit(1)).scalar()
    if limit is not None:
        connection.execute(table.delete().where(own, table.c.retired <= limit))


KEYS_AT_ONCE = 200
"""Four parameters each: the oldest SQLite allows 999."""


def known_events(connection: sa.Connection, events: Sequence[EventRow]) -> set[tuple[str, str, str, int]]:
    """The keys of those that were committed before."""
    table = schema.event
    columns = (table.c.site, table.c.agent, table.c.report_id, table.c.position)
    known: set[tuple[str, str, str, int]] = set()
    for first in range(0, len(events), KEYS_AT_ONCE):
        keys = [event.key for event in events[first : first + KEYS_AT_ONCE]]
        known.update(tuple(row) for row in connection.execute(sa.select(*columns).where(sa.tuple_(*columns).in_(keys))))
    return known


def save_events(connection: sa.Connection, events: Sequence[EventRow]) -> None:
    """Each once, however often it is delivered."""
    if not events:
        return
    statement = insert(connection, schema.event).on_conflict_do_nothing(
        index_elements=["site", "agent", "report_id", "position"]
    )
    connection.execute(statement, [vars(event) | {"data": dict(event.data)} for event in events])


def count_rejections(connection: sa.Connection, rejections: Iterable[Rejection], now: int) -> None:
    """Add to the counts by sender and reason; the newest example is kept."""
    rejections = list(rejections)
    if not rejections:
        return
    statement = insert(connection, schema.rejected)
    fresh = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=["site", "agent", "reason"],
        set_={"count": schema.rejected.c.count + fresh["count"], "last": fresh.last, "example": fresh.example},
    )
    for rejection in rejections:
        connection.execute(upsert, vars(rejection) | {"last": now})


def save_blindness(connection: sa.Connection, intervals: Iterable[Interval]) -> None:
    """Write new intervals and the ends of known ones; new ones learn their id."""
    table = schema.blindness
    for interval in intervals:
        values = {"start": interval.start, "end": interval.end, "reason": interval.reason}
        known = table.c.id == interval.id
        # An id handed out in a transaction that failed names no row.
        if interval.id is None or not connection.execute(table.update().where(known).values(**values)).rowcount:
            interval.id = connection.execute(table.insert().values(**values).returning(table.c.id)).scalar_one()


_BEAT = schema.heartbeat.update().where(
    schema.heartbeat.c.id == 1, schema.heartbeat.c.attempt == sa.bindparam("last", type_=sa.String)
)


def beat(connection: sa.Connection, now: int, attempt: str, last: str | None) -> None:
    """The hub's sign of life, and the name of this very commit, which follows `last` (None: is the first).

    Nobody else writes the row. Written first in a transaction it makes this one wait for an earlier one that was given
    up and is still under way at the server; raises RebuildWanted where that came through.
    """
    row = {"at": now, "attempt": attempt}
    if connection.execute(_BEAT, {**row, "last": last}).rowcount:
        return
    if connection.execute(sa.select(schema.heartbeat.c.id)).first() is not None:
        raise RebuildWanted("another commit has come first")
    connection.execute(schema.heartbeat.insert(), {"id": 1, **row})
