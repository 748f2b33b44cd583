"""What the console and the API read, as plain records. The only other SQL is in writes.py.

Every query is bounded by a LIMIT and walks an index or what is live now, so its cost does not grow with history.
Times are milliseconds UTC. A device's state is never a guess: `ok` means rules have judged it and hold nothing
against it, `fault` that a finding of its own is open, `unknown` everything else, with the reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, and_, case, exists, func, literal, or_, select, text, tuple_

from hub.store.schema import agent, blindness, device, event, finding, rejected, ticket, timeline

MAX_DEVICES = 20_000
"""The most devices one answer speaks of; the fleet of one hub process stays below."""
MAX_FINDINGS = 20_000
MAX_AGENTS = 5_000
MAX_TICKETS = 200
MAX_LISTED = 200
DAY = 86_400_000

SILENT = "agent_silent"
"""The rule whose finding says that an agent is not heard."""

State = Literal["ok", "fault", "unknown"]
Reason = Literal["", "agent_silent", "no_reports", "hidden", "blind", "no_data"]
AgentState = Literal["online", "silent", "never"]
TicketState = Literal["open", "resolved"]


@dataclass(frozen=True)
class Finding:
    """A judgement that is pending or open now."""

    id: int
    site: str
    device: str
    rule: str
    state: str
    severity: str
    since: int
    detail: Mapping[str, Any]
    cause: int | None
    cover: int | None = None
    """The maintenance window or silence that keeps it from having a ticket."""
    ticket: int | None = None


@dataclass(frozen=True)
class Agent:
    """An agent ever heard. `never`: it was heard, but no report of its has been evaluated yet."""

    site: str
    agent: str
    state: AgentState
    version: str
    first_heard: int
    last_heard: int
    evaluated_until: int
    oldest_unacknowledged: int | None
    offset_ms: int | None
    offset_source: str


@dataclass(frozen=True)
class Device:
    """One watched thing and its state; `reason` says why it is unknown, `behind` the device that hides it."""

    site: str
    device: str
    kind: str
    name: str
    room: str | None
    parent: str | None
    agent: str
    state: State
    reason: Reason
    behind: str | None = None
    parent_name: str = ""
    agent_name: str = ""


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


@dataclass(frozen=True)
class Event:
    """Something that happened at a device."""

    at: int
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class DeviceDetail:
    """A device and what surrounds it. `findings` are live, `history` its tickets, newest first."""

    device: Device
    facts: Mapping[str, Any]
    retired: int | None
    parent: Device | None
    children: Sequence[Device]
    agent: Agent | None
    findings: Sequence[Finding]
    history: Sequence[Ticket]
    events: Sequence[Event]


@dataclass(frozen=True)
class Blindness:
    """Nothing could be heard from `start` to `end` (None: still)."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True)
class Rejected:
    """Messages of one sender that could not be taken."""

    site: str
    agent: str
    reason: str
    count: int
    last: int
    example: str


@dataclass(frozen=True)
class Site:
    """A site and how much is wrong there. `worst` is the gravest severity of an open ticket."""

    site: str
    agents: int
    devices: int
    open_tickets: int
    worst: str | None


@dataclass(frozen=True)
class Overview:
    """What is broken now, and the fleet. `tickets` are the gravest and oldest of `open_tickets`."""

    open_tickets: int
    tickets: Sequence[Ticket]
    agents: Sequence[Agent]
    devices: Sequence[Device]
    blindness: Sequence[Blindness]
    rejected: Sequence[Rejected]


# The partial index of live findings is used only where this condition stands literally.
_LIVE = text("finding.state <> 'closed'")
_GRAVITY = case({"critical": 0, "warning": 1, "info": 2}, value=finding.c.severity, else_=3)
_GRAVEST_FIRST = ("critical", "warning", "info")


def ping(engine: Engine) -> None:
    """Raises SQLAlchemyError when the database does not answer."""
    with engine.connect() as connection:
        connection.execute(select(literal(1)))


def overview(engine: Engine, now: int, hiding: Collection[str] = (SILENT,), limit: int = 50) -> Overview:
    """The first page. `hiding` names the rules whose open finding leaves the devices below it unknown."""
    with engine.connect() as connection:
        blind = _blindness(connection, now - DAY)
        live = _live(connection, None)
        heard = _agents(connection, None, live)
        return Overview(
            open_tickets=_count_open(connection),
            tickets=_open_tickets(connection, None, limit),
            agents=heard,
            devices=_devices(connection, None, live, heard, blind, hiding, MAX_DEVICES),
            blindness=blind,
            rejected=_rejected(connection, None, now - DAY),
        )


def sites(engine: Engine, limit: int = 500) -> list[Site]:
    """Every site an agent was ever heard from, by id."""
    agents = _grouped(agent)
    devices = _grouped(device, device.c.retired.is_(None))
    worst: dict[str, tuple[int, str | None]] = {}
    with engine.connect() as connection:
        heard = {site: int(count) for site, count in connection.execute(agents.order_by("site").limit(limit))}
        watched = {site: int(count) for site, count in connection.execute(devices)}
        for site, severity, count in connection.execute(_open_by_severity()):
            total, gravest = worst.get(site, (0, None))
            worst[site] = (total + int(count), min(filter(None, (gravest, severity)), key=_rank))
    return [Site(site, heard[site], watched.get(site, 0), *worst.get(site, (0, None))) for site in heard]


def agents(engine: Engine, site: str | None = None) -> list[Agent]:
    """Every agent ever heard, of one site or all, by site and id."""
    with engine.connect() as connection:
        return _agents(connection, site, _live(connection, site))


def agents_at(engine: Engine, site: str, beside: str, limit: int = 10) -> list[str]:
    """The agents of a site that are not themselves devices of the kind `beside`, by id."""
    same = and_(device.c.site == agent.c.site, device.c.device == agent.c.agent, device.c.kind == beside)
    query = select(agent.c.agent).where(agent.c.site == site, ~exists().where(same))
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(agent.c.agent).limit(limit)))


def devices(
    engine: Engine, now: int, site: str | None = None, hiding: Collection[str] = (SILENT,), limit: int = MAX_DEVICES
) -> list[Device]:
    """The devices in the inventory now (retired ones are left out), of one site or all, by site, room, kind and id."""
    with engine.connect() as connection:
        live = _live(connection, site)
        heard = _agents(connection, site, live)
        blind = _blindness(connection, now - DAY)
        return _devices(connection, site, live, heard, blind, hiding, limit)


def device_detail(
    engine: Engine, now: int, site: str, device_id: str, hiding: Collection[str] = (SILENT,)
) -> DeviceDetail | None:
    """One device, retired ones too, or None where the site has none of that id."""
    row_query = select(device).where(device.c.site == site, device.c.device == device_id)
    with engine.connect() as connection:
        row = connection.execute(row_query).one_or_none()
        if row is None:
            return None
        live = _live(connection, site)
        heard = {a.agent: a for a in _agents(connection, site, live)}
        around = _judge(_relatives(connection, row), live, heard.values(), _blindness(connection, now - DAY), hiding)
        return DeviceDetail(
            device=next(d for d in around if d.device == device_id),
            facts=row.facts,
            retired=row.retired,
            parent=next((d for d in around if d.device == row.parent), None),
            children=[d for d in around if d.parent == device_id],
            agent=heard.get(row.agent),
            findings=_with_tickets(connection, [f for f in live if f.device == device_id]),
            history=_history(connection, site, device_id),
            events=_events(connection, site, device_id),
        )


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
        return _open_tickets(connection, site, limit)


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


def blind_since(engine: Engine, since: int) -> list[Blindness]:
    """When the hub could hear nothing, as far as it touches the time after `since`, newest first."""
    with engine.connect() as connection:
        return _blindness(connection, since)


def rejections(engine: Engine, site: str | None, since: int) -> list[Rejected]:
    """What could not be taken from senders after `since`, newest first."""
    with engine.connect() as connection:
        return _rejected(connection, site, since)


def _rank(severity: str) -> int:
    return _GRAVEST_FIRST.index(severity) if severity in _GRAVEST_FIRST else len(_GRAVEST_FIRST)


def _grouped(table: Any, *where: Any) -> Select[Any]:
    return select(table.c.site, func.count()).where(*where).group_by(table.c.site)


def _open_by_severity() -> Select[Any]:
    return (
        select(ticket.c.site, finding.c.severity, func.count())
        .join(finding, finding.c.id == ticket.c.finding)
        .where(ticket.c.state == "open")
        .group_by(ticket.c.site, finding.c.severity)
    )


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


def _open_tickets(connection: Connection, site: str | None, limit: int) -> list[Ticket]:
    query = _tickets().where(ticket.c.state == "open").order_by(_GRAVITY, finding.c.since, ticket.c.id)
    query = query if site is None else query.where(ticket.c.site == site)
    return [_ticket(row) for row in connection.execute(query.limit(min(limit, MAX_TICKETS)))]


def _count_open(connection: Connection) -> int:
    return int(connection.scalar(select(func.count()).select_from(ticket).where(ticket.c.state == "open")) or 0)


def _history(connection: Connection, site: str, device_id: str, limit: int = 20) -> list[Ticket]:
    query = _tickets().where(ticket.c.site == site, ticket.c.device == device_id).order_by(ticket.c.id.desc())
    return [_ticket(row) for row in connection.execute(query.limit(limit))]


def _events(connection: Connection, site: str, device_id: str, limit: int = 50) -> list[Event]:
    query = (
        select(event.c.at, event.c.type, event.c.data)
        .where(event.c.site == site, event.c.device == device_id)
        .order_by(event.c.at.desc(), event.c.id.desc())
    )
    return [Event(*row) for row in connection.execute(query.limit(limit))]


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


def _blindness(connection: Connection, since: int) -> list[Blindness]:
    """Only the newest rows are looked at: they do not overlap, so older ones have long ended."""
    query = select(blindness.c.start, blindness.c.end, blindness.c.reason).order_by(blindness.c.id.desc()).limit(50)
    rows = [Blindness(*row) for row in connection.execute(query)]
    return [row for row in rows if row.end is None or row.end > since]


def _rejected(connection: Connection, site: str | None, since: int) -> list[Rejected]:
    columns = ("site", "agent", "reason", "count", "last", "example")
    query = select(*(rejected.c[name] for name in columns)).where(rejected.c.last > since)
    query = query if site is None else query.where(rejected.c.site == site)
    return [Rejected(*row) for row in connection.execute(query.order_by(rejected.c.last.desc()).limit(50))]


def _live(connection: Connection, site: str | None) -> list[Finding]:
    columns = ("id", "site", "device", "rule", "state", "severity", "since", "detail", "cause", "cover")
    query = select(*(finding.c[name] for name in columns)).where(_LIVE)
    query = query if site is None else query.where(finding.c.site == site)
    return [Finding(*row) for row in connection.execute(query.order_by(finding.c.since).limit(MAX_FINDINGS))]


def _with_tickets(connection: Connection, live: Sequence[Finding]) -> list[Finding]:
    """Each with its own ticket, or that of its cause."""
    wanted = {f.cause or f.id for f in live}
    rows = connection.execute(select(ticket.c.finding, ticket.c.id).where(ticket.c.finding.in_(wanted)))
    known: dict[int, int] = {row.finding: row.id for row in rows}
    return [Finding(**{**vars(f), "ticket": known.get(f.cause or f.id)}) for f in live]


def _agents(connection: Connection, site: str | None, live: Iterable[Finding]) -> list[Agent]:
    silent = {(f.site, f.device) for f in live if f.rule == SILENT}
    query = select(agent).order_by(agent.c.site, agent.c.agent).limit(MAX_AGENTS)
    query = query if site is None else query.where(agent.c.site == site)
    return [_agent(row, (row.site, row.agent) in silent) for row in connection.execute(query)]


def _agent(row: Row[Any], silent: bool) -> Agent:
    state: AgentState = "silent" if silent else "never" if row.evaluated_until == 0 else "online"
    return Agent(
        site=row.site,
        agent=row.agent,
        state=state,
        version=row.version,
        first_heard=row.first_heard,
        last_heard=row.last_heard,
        evaluated_until=row.evaluated_until,
        oldest_unacknowledged=row.oldest_unacknowledged,
        offset_ms=row.offset_ms,
        offset_source=row.offset_source,
    )


_DEVICE_COLUMNS = ("site", "device", "kind", "name", "room", "parent", "agent")


def _devices(
    connection: Connection,
    site: str | None,
    live: Sequence[Finding],
    heard: Iterable[Agent],
    blind: Sequence[Blindness],
    hiding: Collection[str],
    limit: int,
) -> list[Device]:
    query = select(*(device.c[name] for name in _DEVICE_COLUMNS)).where(device.c.retired.is_(None))
    query = query if site is None else query.where(device.c.site == site)
    rows = connection.execute(query.order_by(device.c.site, device.c.device).limit(limit)).all()
    judged = _judge(rows, live, heard, blind, hiding)
    return sorted(judged, key=lambda d: (d.site, d.room or "~", d.kind, d.device))


def _relatives(connection: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The device itself, its parent and grandparent, its agent, and its children."""
    columns = [device.c[name] for name in _DEVICE_COLUMNS]
    above = select(device.c.parent).where(device.c.site == row.site, device.c.device == row.parent).scalar_subquery()
    family = or_(device.c.device.in_([row.device, row.parent or row.device, row.agent]), device.c.device == above)
    elders = connection.execute(select(*columns).where(device.c.site == row.site, family)).all()
    children = select(*columns).where(
        device.c.site == row.site, device.c.parent == row.device, device.c.retired.is_(None)
    )
    known = {elder.device for elder in elders}
    found = connection.execute(children.order_by(device.c.device).limit(MAX_LISTED))
    return [*elders, *(child for child in found if child.device not in known)]


def _judge(
    rows: Sequence[Row[Any]],
    live: Sequence[Finding],
    heard: Iterable[Agent],
    blind: Sequence[Blindness],
    hiding: Collection[str],
) -> list[Device]:
    """States from the live findings. A finding explained by another leaves its device unknown, not at fault."""
    own = {(f.site, f.device) for f in live if f.state == "open" and f.cause is None}
    explained = {(f.site, f.device) for f in live if f.state == "open" and f.cause is not None}
    hidden = {(f.site, f.device) for f in live if f.rule in hiding}
    agent_states = {(a.site, a.agent): a.state for a in heard}
    parents = {(r.site, r.device): r.parent for r in rows}
    deaf = any(interval.end is None for interval in blind)

    def state(row: Row[Any]) -> tuple[State, Reason, str | None]:
        if (row.site, row.device) in own:
            return "fault", "", None
        if agent_states.get((row.site, row.agent)) == "silent":
            return "unknown", "agent_silent", row.agent
        above = (row.parent, parents.get((row.site, row.parent)), row.agent)
        screen = next((a for a in above if a and a != row.device and (row.site, a) in hidden), None)
        if screen or (row.site, row.device) in explained:
            return "unknown", "hidden", screen
        if agent_states.get((row.site, row.agent)) != "online":
            return "unknown", "no_reports", row.agent
        return ("unknown", "blind", None) if deaf else ("ok", "", None)

    names: dict[tuple[str, str], str] = {(r.site, r.device): r.name for r in rows}

    def named(site: str, device_id: str | None) -> str:
        return names.get((site, device_id or ""), "")

    return [
        Device(
            *(r.site, r.device, r.kind, r.name, r.room, r.parent, r.agent),
            *state(r),
            parent_name=named(r.site, r.parent),
            agent_name=named(r.site, r.agent),
        )
        for r in rows
    ]
