"""Devices and their states. A state is never a guess: `ok` means rules have judged it and hold nothing against it,
`fault` that a finding of its own is open, `unknown` everything else, with the reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, or_, select

from hub.store.reads.agents import SILENT, Agent, read_agents
from hub.store.reads.findings import Finding, live_findings, with_tickets
from hub.store.reads.happenings import DAY, Blindness, Event, read_blindness, read_events
from hub.store.reads.tickets import MAX_LISTED, Ticket, read_history
from hub.store.schema import device

MAX_DEVICES = 20_000
"""The most devices one answer speaks of; the fleet of one hub process stays below."""


State = Literal["ok", "fault", "unknown"]


Reason = Literal["", "agent_silent", "no_reports", "hidden", "blind", "no_data"]


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


def devices(
    engine: Engine, now: int, site: str | None = None, hiding: Collection[str] = (SILENT,), limit: int = MAX_DEVICES
) -> list[Device]:
    """The devices in the inventory now (retired ones are left out), of one site or all, by site, room, kind and id."""
    with engine.connect() as connection:
        live = live_findings(connection, site)
        heard = read_agents(connection, site, live)
        blind = read_blindness(connection, now - DAY)
        return read_devices(connection, site, live, heard, blind, hiding, limit)


def device_detail(
    engine: Engine, now: int, site: str, device_id: str, hiding: Collection[str] = (SILENT,)
) -> DeviceDetail | None:
    """One device, retired ones too, or None where the site has none of that id."""
    row_query = select(device).where(device.c.site == site, device.c.device == device_id)
    with engine.connect() as connection:
        row = connection.execute(row_query).one_or_none()
        if row is None:
            return None
        live = live_findings(connection, site)
        heard = {a.agent: a for a in read_agents(connection, site, live)}
        around = _judge(
            _relatives(connection, row), live, heard.values(), read_blindness(connection, now - DAY), hiding
        )
        return DeviceDetail(
            device=next(d for d in around if d.device == device_id),
            facts=row.facts,
            retired=row.retired,
            parent=next((d for d in around if d.device == row.parent), None),
            children=[d for d in around if d.parent == device_id],
            agent=heard.get(row.agent),
            findings=with_tickets(connection, [f for f in live if f.device == device_id]),
            history=read_history(connection, site, device_id),
            events=read_events(connection, site, device_id),
        )


_DEVICE_COLUMNS = ("site", "device", "kind", "name", "room", "parent", "agent")


def read_devices(
    connection: Connection,
    site: str | None,
    live: Sequence[Finding],
    heard: Iterable[Agent],
    blind: Sequence[Blindness],
    hiding: Collection[str],
    limit: int,
) -> list[Device]:
    """Those in the inventory now, by site, room, kind and id, with their states."""
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
