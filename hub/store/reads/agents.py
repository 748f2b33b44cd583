"""Agents that were ever heard."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, and_, exists, select

from hub.store.reads.findings import Finding, live_findings
from hub.store.schema import agent, device

MAX_AGENTS = 5_000
SILENT = "agent_silent"
"""The rule whose finding says that an agent is not heard."""


AgentState = Literal["online", "silent", "never"]


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


def agents(engine: Engine, site: str | None = None) -> list[Agent]:
    """Every agent ever heard, of one site or all, by site and id."""
    with engine.connect() as connection:
        return read_agents(connection, site, live_findings(connection, site))


def agents_at(engine: Engine, site: str, beside: str, limit: int = 10) -> list[str]:
    """The agents of a site that are not themselves devices of the kind `beside`, by id."""
    same = and_(device.c.site == agent.c.site, device.c.device == agent.c.agent, device.c.kind == beside)
    query = select(agent.c.agent).where(agent.c.site == site, ~exists().where(same))
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(agent.c.agent).limit(limit)))


def read_agents(connection: Connection, site: str | None, live: Iterable[Finding]) -> list[Agent]:
    """Those of a site, or all; `live` are its findings."""
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
