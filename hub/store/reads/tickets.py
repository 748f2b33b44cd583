"""Tickets, what came of them, and what they explain."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, and_, case, func, literal, select, tuple_

from hub.store.schema import device, finding, ticket, timeline

MAX_TICKETS = 200
MAX_LISTED = 200


TicketState = Literal["open", "resolved"]


@dataclass(frozen=True)
class Ticket:
    """A ticket and its finding's judgement. `device_name` is empty and `kind` None where the device is gone.

    What has no `parent` is watched by `agent` all the same; names are empty where nobody gave one.
    """

    id: int
    site: str
    device: str
    device_name: str
    kind: str | None
    room: str | None
    rule: str
    severity: str
    state: TicketState
    since: int
    opened: int
    resolved: int | None
    clearing: int | None
    detail: Mapping[str, Any]
    finding: int
    consequences: int
    parent: str | None = None
    parent_name: str = ""
    agent: str | None = None
    agent_name: str = ""
    flaps: int = 0
    """How often the fault came back soon after it was over."""


@dataclass(frozen=True)
class History:
    """Earlier tickets of the same rule on the same device: how many, how long in all (ms), the newest of them."""

    count: int = 0
    lasted: int = 0
    tickets: Sequence[Ticket] = ()


@dataclass(frozen=True)
class TicketPage:
    """Newest first; `next` is the id to ask `before` for the following page, None at the end."""

    tickets: Sequence[Ticket]
    next: int | None


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened to a ticket."""

    at: int
    what: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Consequence:
    """A finding that a ticket's finding explains."""

    site: str
    device: str
    device_name: str
    kind: str | None
    rule: str
    state: str
    since: int
    closed: int | None
    detail: Mapping[str, Any]
    room: str | None = None
    parent: str | None = None
    parent_name: str = ""
    agent: str | None = None
    agent_name: str = ""


@dataclass(frozen=True)
class TicketDetail:
    """A ticket with its timeline (oldest first) and consequences (newest first)."""

    ticket: Ticket
    timeline: Sequence[TimelineEntry]
    consequences: Sequence[Consequence]
    history: History = History()


_GRAVITY = case({"critical": 0, "warning": 1, "info": 2}, value=finding.c.severity, else_=3)


def tickets(engine: Engine, state: TicketState | None = None, before: int | None = None, limit: int = 50) -> TicketPage:
    """Tickets, newest first: `limit` of them (200 at most) opened before the ticket `before`. Unknown: none."""
    limit = min(limit, MAX_TICKETS)
    query = _tickets()
    if state is None:
        query = query.order_by(ticket.c.id.desc())
        query = query if before is None else query.where(ticket.c.id < before)
    else:  # in the order of the index (state, opened), so that a page costs the same however many came before
        query = query.where(ticket.c.state == state).order_by(ticket.c.opened.desc(), ticket.c.id.desc())
        if before is not None:
            mark = select(ticket.c.opened).where(ticket.c.id == before).scalar_subquery()
            query = query.where(tuple_(ticket.c.opened, ticket.c.id) < tuple_(mark, literal(before)))
    with engine.connect() as connection:
        found = [_ticket(row) for row in connection.execute(query.limit(limit + 1))]
    return TicketPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def open_tickets(engine: Engine, site: str | None = None, limit: int = 50) -> list[Ticket]:
    """Open tickets, the gravest first, then the oldest."""
    with engine.connect() as connection:
        return gravest(connection, site, limit)


def tickets_by_number(connection: Connection, numbers: Collection[int]) -> list[Ticket]:
    """These tickets; those that are gone are missing."""
    return [_ticket(row) for row in connection.execute(_tickets().where(ticket.c.id.in_(numbers)))]


def ticket_detail(engine: Engine, ticket_id: int) -> TicketDetail | None:
    """One ticket, or None."""
    with engine.connect() as connection:
        row = connection.execute(_tickets().where(ticket.c.id == ticket_id)).one_or_none()
        if row is None:
            return None
        entries = connection.execute(
            select(timeline.c.at, timeline.c.what, timeline.c.data)
            .where(timeline.c.ticket == ticket_id)
            .order_by(timeline.c.id.desc())
            .limit(MAX_LISTED)
        ).all()
        return TicketDetail(
            _ticket(row),
            [TimelineEntry(at, what, data) for at, what, data in reversed(entries)],
            _consequences(connection, row.finding),
            _earlier(connection, row),
        )


def consequences(engine: Engine, finding_id: int) -> list[Consequence]:
    """The findings that this one explains, newest first."""
    with engine.connect() as connection:
        return _consequences(connection, finding_id)


_ABOVE, _WATCHER = device.alias("above"), device.alias("watcher")


_NAMED = (
    device.c.name,
    device.c.kind,
    device.c.room,
    device.c.parent,
    device.c.agent,
    func.coalesce(_ABOVE.c.name, "").label("parent_name"),
    func.coalesce(_WATCHER.c.name, "").label("agent_name"),
)


def _with_device(query: Select[Any], of: Any) -> Select[Any]:
    """`query` joined with the device that a row of `of` is about, and with what that one hangs on: for _NAMED."""
    here = and_(device.c.site == of.c.site, device.c.device == of.c.device)
    above = and_(_ABOVE.c.site == device.c.site, _ABOVE.c.device == device.c.parent)
    watcher = and_(_WATCHER.c.site == device.c.site, _WATCHER.c.device == device.c.agent)
    return query.outerjoin(device, here).outerjoin(_ABOVE, above).outerjoin(_WATCHER, watcher)


def _tickets() -> Select[Any]:
    effect = finding.alias("effect")
    explained = select(func.count()).select_from(effect).where(effect.c.cause == finding.c.id).scalar_subquery()
    of_finding = (
        finding.c.rule,
        finding.c.severity,
        finding.c.since,
        finding.c.clearing,
        finding.c.detail,
        finding.c.flaps,
    )
    columns = (*ticket.c, *of_finding, *_NAMED, explained.label("consequences"))
    return _with_device(select(*columns).join(finding, finding.c.id == ticket.c.finding), ticket)


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        id=row.id,
        site=row.site,
        device=row.device,
        device_name=row.name or "",
        kind=row.kind,
        room=row.room,
        rule=row.rule,
        severity=row.severity,
        state=row.state,
        since=row.since,
        opened=row.opened,
        resolved=row.resolved,
        clearing=row.clearing,
        detail=row.detail,
        finding=row.finding,
        consequences=row.consequences,
        parent=row.parent,
        parent_name=row.parent_name,
        agent=row.agent,
        agent_name=row.agent_name,
        flaps=row.flaps,
    )


def _earlier(connection: Connection, row: Row[Any], limit: int = 10) -> History:
    """What came before a ticket."""
    same = and_(ticket.c.site == row.site, ticket.c.device == row.device, finding.c.rule == row.rule)
    before = and_(same, ticket.c.id < row.id)
    lasted = func.sum(func.coalesce(ticket.c.resolved, ticket.c.opened) - finding.c.since)
    counted = select(func.count(), lasted).join(finding, finding.c.id == ticket.c.finding).where(before)
    count, total = connection.execute(counted).one()
    newest = connection.execute(_tickets().where(before).order_by(ticket.c.id.desc()).limit(limit)) if count else ()
    return History(int(count), int(total or 0), [_ticket(one) for one in newest])


def gravest(connection: Connection, site: str | None, limit: int) -> list[Ticket]:
    """Open tickets, the gravest first, then the oldest."""
    query = _tickets().where(ticket.c.state == "open").order_by(_GRAVITY, finding.c.since, ticket.c.id)
    query = query if site is None else query.where(ticket.c.site == site)
    return [_ticket(row) for row in connection.execute(query.limit(min(limit, MAX_TICKETS)))]


def count_open(connection: Connection) -> int:
    """How many are open."""
    return int(connection.scalar(select(func.count()).select_from(ticket).where(ticket.c.state == "open")) or 0)


def read_history(connection: Connection, site: str, device_id: str, limit: int = 20) -> list[Ticket]:
    """A device's tickets, newest first."""
    query = _tickets().where(ticket.c.site == site, ticket.c.device == device_id).order_by(ticket.c.id.desc())
    return [_ticket(row) for row in connection.execute(query.limit(limit))]


def _consequences(connection: Connection, finding_id: int) -> list[Consequence]:
    query = _with_device(select(finding, *_NAMED), finding).where(finding.c.cause == finding_id)
    found = connection.execute(query.order_by(finding.c.id.desc()).limit(MAX_LISTED))
    return [_consequence(row) for row in found]


def _consequence(row: Row[Any]) -> Consequence:
    return Consequence(
        site=row.site,
        device=row.device,
        device_name=row.name or "",
        kind=row.kind,
        rule=row.rule,
        state=row.state,
        since=row.since,
        closed=row.closed,
        detail=row.detail,
        room=row.room,
        parent=row.parent,
        parent_name=row.parent_name,
        agent=row.agent,
        agent_name=row.agent_name,
    )
