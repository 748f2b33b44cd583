"""All sites at once: what is broken now, and how much of it where."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, func, literal, select

from hub.store.reads.agents import SILENT, Agent, read_agents
from hub.store.reads.devices import MAX_DEVICES, Device, read_devices
from hub.store.reads.findings import live_findings
from hub.store.reads.happenings import DAY, Blindness, Rejected, read_blindness, read_rejected
from hub.store.reads.tickets import Ticket, count_open, gravest
from hub.store.schema import agent, device, finding, ticket


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


_GRAVEST_FIRST = ("critical", "warning", "info")


def ping(engine: Engine) -> None:
    """Raises SQLAlchemyError when the database does not answer."""
    with engine.connect() as connection:
        connection.execute(select(literal(1)))


def overview(engine: Engine, now: int, hiding: Collection[str] = (SILENT,), limit: int = 50) -> Overview:
    """The first page. `hiding` names the rules whose open finding leaves the devices below it unknown."""
    with engine.connect() as connection:
        blind = read_blindness(connection, now - DAY)
        live = live_findings(connection, None)
        heard = read_agents(connection, None, live)
        return Overview(
            open_tickets=count_open(connection),
            tickets=gravest(connection, None, limit),
            agents=heard,
            devices=read_devices(connection, None, live, heard, blind, hiding, MAX_DEVICES),
            blindness=blind,
            rejected=read_rejected(connection, None, now - DAY),
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
