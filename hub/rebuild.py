"""Rebuilds the engine from what is committed: inventory, findings and marks from SQL, values from the series store.

Values newer than an agent's mark were never judged in a committed transaction; they are left out here, and judged when
the agent, which still holds them, sends them again.
"""

import logging
from collections.abc import Mapping

import sqlalchemy as sa

from hub.blindness import KEEP_MS, Blindness, Interval
from hub.engine import Engine
from hub.finding import Life
from hub.fleet import LiveFinding, Site, Subject
from hub.rule import Rule, Settings, Severity
from hub.series.store import SeriesReads, SeriesUnavailable
from hub.store import schema
from wire.messages import DeviceKind

log = logging.getLogger(__name__)

LOOKBACK_MS = 2 * 86_400_000
"""Newest values older than this before the mark are taken as never seen; daily metrics must fit in."""


def rebuild(
    connection: sa.Connection,
    series: SeriesReads,
    rules: Mapping[str, Rule],
    settings: Mapping[str, Settings],
    blindness: Blindness,
    now: int,
) -> Engine:
    """An engine that goes on where the last commit left off.

    Findings whose rule or device is gone since then are closed: its first transitions say so.
    """
    engine = Engine(rules, settings, blindness)
    _read_agents(connection, engine)
    _read_devices(connection, engine)
    _read_findings(connection, engine)
    engine.close_orphans(now)
    _read_values(engine, series, rules)
    return engine


def read_blindness(connection: sa.Connection, now: int) -> Blindness:
    """The intervals that can still matter."""
    table = schema.blindness
    recent = sa.or_(table.c.end.is_(None), table.c.end > now - KEEP_MS)
    rows = connection.execute(sa.select(table).where(recent).order_by(table.c.start))
    return Blindness([Interval(row.start, row.end, row.reason, row.id) for row in rows])


def _read_agents(connection: sa.Connection, engine: Engine) -> None:
    for row in connection.execute(sa.select(schema.agent)):
        state = engine.hear(row.site, row.agent, row.last_heard)
        state.mark, state.inventory_hash = row.evaluated_until, row.inventory_hash
        state.offset_ms, state.offset_source = row.offset_ms, row.offset_source


def _read_devices(connection: sa.Connection, engine: Engine) -> None:
    table = schema.device
    for row in connection.execute(sa.select(table).where(table.c.retired.is_(None))):
        engine.add_subject(
            Subject(row.site, row.device, DeviceKind(row.kind), row.agent, row.parent, dict(row.facts or {}))
        )


def _read_findings(connection: sa.Connection, engine: Engine) -> None:
    by_id: dict[int, LiveFinding] = {}
    causes: dict[int, int] = {}
    table = schema.finding
    for row in connection.execute(sa.select(table).where(table.c.state != "closed").order_by(table.c.id)):
        subject = engine.sites.setdefault(row.site, Site()).devices.get(row.device)
        if subject is None:  # its device is retired: a stand-in, so that the finding can be closed
            subject = engine.add_subject(Subject(row.site, row.device, DeviceKind.NETWORK, ""))
        life = Life(row.state, row.since, row.opened, row.clearing)
        finding = LiveFinding(row.site, row.device, row.rule, Severity(row.severity), life, row.detail, id=row.id)
        subject.findings[row.rule] = by_id[row.id] = finding
        if row.cause is not None:
            causes[row.id] = row.cause
    for consequence, cause in causes.items():
        by_id[consequence].cause = by_id.get(cause)


def _read_values(engine: Engine, series: SeriesReads, rules: Mapping[str, Rule]) -> None:
    try:
        for name, site in engine.sites.items():
            _read_latest(name, site, series)
            _read_windows(name, site, series, rules)
    except SeriesUnavailable as error:
        log.warning("series store is away (%s): rules start without earlier values", error)


def _read_latest(name: str, site: Site, series: SeriesReads) -> None:
    marks = {agent.agent: agent.mark for agent in site.agents.values() if agent.mark}
    if not marks:
        return
    for kind in {subject.kind for subject in site.devices.values()}:
        found = series.latest(name, kind, max(marks.values()), min(marks.values()) - LOOKBACK_MS)
        for device, values in found.items():
            subject = site.devices.get(device)
            if subject is not None:
                mark = marks.get(subject.agent, 0)
                subject.latest = {metric: value for metric, value in values.items() if value.at <= mark}


def _read_windows(name: str, site: Site, series: SeriesReads, rules: Mapping[str, Rule]) -> None:
    for subject in site.devices.values():
        agent = site.agents.get(subject.agent)
        for metric, window in subject.windows.items():
            back = max(r.lookback_seconds for r in rules.values() if metric in r.wakes) * 1000
            mark = agent.mark if agent else 0
            window.extend(series.window(name, subject.kind, subject.device, metric, mark - round(back), mark))
