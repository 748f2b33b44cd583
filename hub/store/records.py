"""SQL of the records: how far they are written, and what is to be written next, as plain records.

Rows of timelines and events are taken in the order of their numbers, in which they are committed: every commit first
takes the lease's row. Every query has a LIMIT.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa

from hub.store import reads, schema
from hub.store.database import insert
from hub.store.schema import agent, blindness, cover, device, event, finding, ticket, timeline
from wire.records import EVERYWHERE

Name = Literal["timeline", "event", "rates"]

MAX_SITES = 20_000
MAX_AGENTS = 20_000
MAX_DEVICES_OF_SITE = 20_000
MAX_REPAIRED = 200_000


@dataclass(frozen=True)
class Entry:
    """A line of a ticket's timeline; `before` is what the last one said that was no consequence."""

    id: int
    ticket: int
    at: int
    what: str
    data: Mapping[str, Any]
    before: str | None


@dataclass(frozen=True)
class Event:
    """Something that happened at a device; `kind` is None where nobody knows the device any more."""

    id: int
    site: str
    agent: str
    device: str
    at: int
    received: int
    type: str
    data: Mapping[str, Any]
    kind: str | None
    name: str


@dataclass(frozen=True)
class Blind:
    """A numbered interval of blindness, `end` None while it lasts."""

    id: int
    start: int
    end: int | None
    reason: str


@dataclass(frozen=True)
class Watched:
    """A device of the inventory, with the names around it and its agent's version."""

    site: str
    device: str
    kind: str
    name: str
    parent: str | None
    parent_name: str
    room: str | None
    agent: str
    agent_name: str
    version: str
    facts: Mapping[str, Any]
    retired: int | None
    tickets: Mapping[str, int] = field(default_factory=dict)
    """Severity → open tickets about it."""


@dataclass(frozen=True)
class State:
    """How a site stands: open tickets by severity, the oldest's opening, and findings that a cover holds back."""

    site: str
    tickets: Mapping[str, int]
    oldest: int | None
    covered: int


@dataclass(frozen=True)
class Counts:
    """How many agents and devices a site has; `fault` have an open finding that is nobody's consequence, `down` one
    that means an outage. `strange`: open findings, and agents that were never judged."""

    agents: int
    silent: int
    devices: int
    fault: int
    down: int
    strange: int = 0


@dataclass(frozen=True)
class Repaired:
    """A ticket that is over, and when its fault began."""

    site: str
    rule: str
    since: int
    resolved: int
    flaps: int


# --- how far ---


def progress(connection: sa.Connection, name: Name) -> int | None:
    """How far; None before the first."""
    table = schema.record_progress
    found: int | None = connection.execute(sa.select(table.c.until).where(table.c.name == name)).scalar()
    return found


def advance(connection: sa.Connection, name: Name, before: int | None, to: int) -> bool:
    """It is written up to `to`, if it still was up to `before`; else somebody has changed it: False."""
    table = schema.record_progress
    if before is None:
        statement = insert(connection, table).values(name=name, until=to).on_conflict_do_nothing()
        return bool(connection.execute(statement).rowcount)
    mine = (table.c.name == name) & (table.c.until == before)
    return bool(connection.execute(table.update().where(mine).values(until=to)).rowcount)


def retreat(connection: sa.Connection, name: Name, to: int) -> None:
    """It has to be written again from `to` on."""
    table = schema.record_progress
    connection.execute(table.update().where(table.c.name == name, table.c.until > to).values(until=to))


def step_back(connection: sa.Connection) -> None:
    """After rows were deleted: their numbers may be used anew, so what comes next counts from what is left."""
    table = schema.record_progress
    for name, source in (("timeline", timeline), ("event", event)):
        last = sa.select(sa.func.coalesce(sa.func.max(source.c.id), 0)).scalar_subquery()
        connection.execute(table.update().where(table.c.name == name, table.c.until > last).values(until=last))


# --- what is next ---


def entries(connection: sa.Connection, after: int, limit: int) -> list[Entry]:
    """The lines of timelines behind the number `after`."""
    earlier = timeline.alias("earlier")
    same = (earlier.c.ticket == timeline.c.ticket) & (earlier.c.id < timeline.c.id) & (earlier.c.what != "consequence")
    before = sa.select(earlier.c.what).where(same).order_by(earlier.c.id.desc()).limit(1).scalar_subquery()
    columns = (timeline.c.id, timeline.c.ticket, timeline.c.at, timeline.c.what, timeline.c.data)
    query = sa.select(*columns, before.label("before")).where(timeline.c.id > after)
    return [Entry(*row) for row in connection.execute(query.order_by(timeline.c.id).limit(limit))]


def tickets(connection: sa.Connection, numbers: Collection[int]) -> dict[int, reads.Ticket]:
    """These tickets as they are now; those that are gone are missing."""
    return {one.id: one for one in reads.tickets_by_number(connection, numbers)}


def open_tickets(connection: sa.Connection, after: int, limit: int) -> list[int]:
    """The numbers of open tickets behind the number `after`."""
    query = sa.select(ticket.c.id).where(ticket.c.state == "open", ticket.c.id > after)
    return list(connection.scalars(query.order_by(ticket.c.id).limit(limit)))


def not_open(connection: sa.Connection, numbers: Sequence[int]) -> list[int]:
    """Those of these numbers that no open ticket has."""
    query = sa.select(ticket.c.id).where(ticket.c.state == "open", ticket.c.id.in_(numbers))
    known = set(connection.scalars(query))
    return [number for number in numbers if number not in known]


def events(connection: sa.Connection, after: int, limit: int) -> list[Event]:
    """The events behind the number `after`."""
    here = (device.c.site == event.c.site) & (device.c.device == event.c.device)
    names = ("id", "site", "agent", "device", "at", "received", "type", "data")
    query: sa.Select[Any] = sa.select(
        *(event.c[name] for name in names), device.c.kind, sa.func.coalesce(device.c.name, "")
    )
    rows = connection.execute(query.outerjoin(device, here).where(event.c.id > after).order_by(event.c.id).limit(limit))
    return [Event(*row) for row in rows]


def blindnesses(connection: sa.Connection, limit: int) -> list[Blind]:
    """The newest."""
    columns = (blindness.c.id, blindness.c.start, blindness.c.end, blindness.c.reason)
    return [Blind(*row) for row in connection.execute(sa.select(*columns).order_by(blindness.c.id.desc()).limit(limit))]


def known_sites(connection: sa.Connection, sites: Collection[str]) -> set[str]:
    """Those of these sites that have an agent or a cover; EVERYWHERE is one."""
    heard = sa.select(agent.c.site).where(agent.c.site.in_(sites))
    covered = sa.select(cover.c.site).where(cover.c.site.in_(sites))
    return {*connection.scalars(heard.union(covered)), *(site for site in sites if site == EVERYWHERE)}


def sites(connection: sa.Connection) -> list[str]:
    """Every site an agent was ever heard from."""
    query = sa.select(agent.c.site).distinct().order_by(agent.c.site).limit(MAX_SITES)
    return list(connection.scalars(query))


def inventories(connection: sa.Connection) -> dict[str, int]:
    """Site → a number that changes when an agent's inventory or version does."""
    query = sa.select(agent.c.site, agent.c.agent, agent.c.inventory_hash, agent.c.version)
    found: dict[str, int] = {}
    for site, *known in connection.execute(query.order_by(agent.c.site, agent.c.agent).limit(MAX_AGENTS)):
        found[site] = hash((found.get(site, 0), *known))
    return found


def first_heard(connection: sa.Connection, site: str) -> int | None:
    """When an agent of the site was first heard (ms UTC)."""
    at: int | None = connection.execute(
        sa.select(sa.func.min(agent.c.first_heard)).where(agent.c.site == site)
    ).scalar()
    return at


def rooms(connection: sa.Connection, site: str) -> dict[str, str]:
    """Device → its room, of those that have one."""
    query = sa.select(device.c.device, device.c.room).where(device.c.site == site, device.c.room.is_not(None))
    return {name: str(room) for name, room in connection.execute(query.limit(MAX_DEVICES_OF_SITE))}


def watched(connection: sa.Connection, site: str, names: Collection[str] = ()) -> list[Watched]:
    """Every device of a site, those that are gone too; or those of these names."""
    above, watcher = device.alias("above"), device.alias("watcher")
    query: sa.Select[Any] = (
        sa.select(
            *(device.c.site, device.c.device, device.c.kind, device.c.name, device.c.parent),
            *(sa.func.coalesce(above.c.name, ""), device.c.room, device.c.agent),
            *(sa.func.coalesce(watcher.c.name, ""), sa.func.coalesce(agent.c.version, "")),
            *(device.c.facts, device.c.retired),
        )
        .outerjoin(above, (above.c.site == device.c.site) & (above.c.device == device.c.parent))
        .outerjoin(watcher, (watcher.c.site == device.c.site) & (watcher.c.device == device.c.agent))
        .outerjoin(agent, (agent.c.site == device.c.site) & (agent.c.agent == device.c.device))
        .where(device.c.site == site)
    )
    query = query.where(device.c.device.in_(names)) if names else query
    rows = connection.execute(query.order_by(device.c.device).limit(MAX_DEVICES_OF_SITE)).all()
    troubles = _troubles(connection, site)
    return [replace(one, tickets=troubles.get(one.device, {})) for one in (Watched(*row) for row in rows)]


def _troubles(connection: sa.Connection, site: str) -> dict[str, dict[str, int]]:
    """Device → severity → open tickets."""
    query = (
        sa.select(ticket.c.device, finding.c.severity, sa.func.count())
        .join(finding, finding.c.id == ticket.c.finding)
        .where(ticket.c.site == site, ticket.c.state == "open")
        .group_by(ticket.c.device, finding.c.severity)
    )
    found: dict[str, dict[str, int]] = {}
    for name, severity, count in connection.execute(query):
        found.setdefault(name, {})[severity] = int(count)
    return found


def repaired(connection: sa.Connection, since: int) -> list[Repaired]:
    """The tickets resolved at or after `since` (ms UTC), the newest where there are very many."""
    columns = (ticket.c.site, finding.c.rule, finding.c.since, ticket.c.resolved, finding.c.flaps)
    query: sa.Select[Any] = sa.select(*columns).join(finding, finding.c.id == ticket.c.finding)
    over = query.where(ticket.c.state == "resolved", ticket.c.resolved >= since).order_by(ticket.c.id.desc())
    return [Repaired(*row) for row in connection.execute(over.limit(MAX_REPAIRED))]


def states(connection: sa.Connection) -> dict[str, State]:
    """Every site that has an open ticket, or a finding that a cover holds back."""
    counted = (
        sa.select(ticket.c.site, finding.c.severity, sa.func.count(), sa.func.min(ticket.c.opened))
        .join(finding, finding.c.id == ticket.c.finding)
        .where(ticket.c.state == "open")
        .group_by(ticket.c.site, finding.c.severity)
    )
    tickets: dict[str, dict[str, int]] = {}
    oldest: dict[str, int] = {}
    for site, severity, count, opened in connection.execute(counted):
        tickets.setdefault(site, {})[severity] = int(count)
        oldest[site] = min(opened, oldest.get(site, opened))
    held = sa.select(finding.c.site, sa.func.count()).where(
        sa.text("finding.state <> 'closed'"), finding.c.state == "open", finding.c.cover.is_not(None)
    )
    covered = {site: int(count) for site, count in connection.execute(held.group_by(finding.c.site))}
    return {
        site: State(site, tickets.get(site, {}), oldest.get(site), covered.get(site, 0))
        for site in tickets.keys() | covered.keys()
    }


def counts(connection: sa.Connection, outage: Collection[str]) -> dict[str, Counts]:
    """Of every site."""
    live = (sa.text("finding.state <> 'closed'"), finding.c.state == "open")
    there = (device.c.site == finding.c.site) & (device.c.device == finding.c.device) & device.c.retired.is_(None)

    def by_site(query: sa.Select[Any], site: sa.Column[str]) -> dict[str, int]:
        return {name: int(number) for name, number in connection.execute(query.group_by(site))}

    def found(*where: sa.ColumnElement[bool]) -> dict[str, int]:
        query = sa.select(finding.c.site, sa.func.count(sa.distinct(finding.c.device)))
        return by_site(query.where(*live, *where), finding.c.site)

    def standing(*where: sa.ColumnElement[bool]) -> dict[str, int]:
        """Of devices that are not gone."""
        return found(sa.exists().where(there), *where)

    agents = by_site(sa.select(agent.c.site, sa.func.count()), agent.c.site)
    never = by_site(sa.select(agent.c.site, sa.func.count()).where(agent.c.evaluated_until == 0), agent.c.site)
    devices = by_site(sa.select(device.c.site, sa.func.count()).where(device.c.retired.is_(None)), device.c.site)
    silent, fault = found(finding.c.rule == reads.SILENT), standing(finding.c.cause.is_(None))
    down, some = standing(finding.c.rule.in_(outage)), found()
    return {
        site: Counts(
            agents[site],
            silent.get(site, 0),
            devices.get(site, 0),
            fault.get(site, 0),
            down.get(site, 0),
            some.get(site, 0) + never.get(site, 0),
        )
        for site in agents
    }
