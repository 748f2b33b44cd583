"""What availability is reckoned from, as plain records: devices, findings that overlap a time, blindness."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.recurrence import Span
from hub.store.schema import agent, blindness, device, finding

MAX_FINDINGS = 100_000
MAX_DEVICES = 20_000


@dataclass(frozen=True)
class Known:
    """A device, and between which times (ms UTC) the hub knew it; `until` None while it does."""

    device: str
    kind: str
    name: str
    parent: str | None
    agent: str
    since: int
    until: int | None


@dataclass(frozen=True)
class Lasting:
    """A finding that was open: from when its condition began until it was closed, None while it is open."""

    rule: str
    since: int
    closed: int | None


@dataclass(frozen=True)
class Record:
    """What is known about a site over a time. `findings`: device → those of the rules asked for."""

    devices: Sequence[Known]
    findings: Mapping[str, Sequence[Lasting]]
    blind: Sequence[Span]
    """An interval that lasts ends with the time asked for."""


def record(engine: sa.Engine, site: str, span: Span, rules: Collection[str]) -> Record:
    """Everything of a site that touches the time. Devices that are gone are known while they are remembered."""
    with engine.connect() as connection:
        return Record(_devices(connection, site), _findings(connection, site, span, rules), _blind(connection, span))


def _devices(connection: sa.Connection, site: str) -> list[Known]:
    watched = (agent.c.site == device.c.site) & (agent.c.agent == device.c.agent)
    columns = ("device", "kind", "name", "parent", "agent")
    query = sa.select(*(device.c[name] for name in columns), agent.c.first_heard, device.c.retired)
    rows = connection.execute(
        query.join(agent, watched).where(device.c.site == site).order_by(device.c.device).limit(MAX_DEVICES)
    )
    return [Known(*columns) for columns in map(tuple, rows)]


def _findings(connection: sa.Connection, site: str, span: Span, rules: Collection[str]) -> dict[str, list[Lasting]]:
    """Two questions in one, since an index answers each and none both: those that last, and those that were closed."""
    columns = (finding.c.id, finding.c.device, finding.c.rule, finding.c.since, finding.c.closed)
    mine = sa.select(*columns).where(
        finding.c.site == site, finding.c.rule.in_(rules), finding.c.opened.is_not(None), finding.c.since < span.end
    )
    both = sa.union_all(mine.where(finding.c.closed.is_(None)), mine.where(finding.c.closed > span.start)).subquery()
    query = sa.select(both.c.device, both.c.rule, both.c.since, both.c.closed).order_by(both.c.id.desc())
    found: dict[str, list[Lasting]] = {}
    for name, *lasting in connection.execute(query.limit(MAX_FINDINGS)):
        found.setdefault(name, []).append(Lasting(*lasting))
    return found


def _blind(connection: sa.Connection, span: Span) -> list[Span]:
    touching = sa.or_(blindness.c.end.is_(None), blindness.c.end > span.start) & (blindness.c.start < span.end)
    rows = connection.execute(sa.select(blindness.c.start, blindness.c.end).where(touching).order_by(blindness.c.start))
    return [Span(start, span.end if end is None else end) for start, end in rows]
