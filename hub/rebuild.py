"""Rebuilds the engine from what is committed: inventory, findings and marks from SQL, values from the series store.

Values newer than an agent's mark were never judged in a committed transaction; they are left out here, and judged when
the agent, which still holds them, sends them again.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from hub.blindness import KEEP_MS, Blindness, Interval
from hub.cover import Covers
from hub.engine import Engine
from hub.finding import Life
from hub.fleet import LiveFinding, Site, Subject
from hub.lookback import read_windows
from hub.newest import Newest
from hub.occurrence import LATE_MS
from hub.recalled import Memory, recall
from hub.recollection import LOOKBACK_MS, Key, Owed, owed
from hub.remembered import Remembered
from hub.rule import Rule, Settings, Severity
from hub.series.store import SeriesUnavailable
from hub.store import covers, schema
from hub.unusual import Past
from wire.messages import DeviceKind

log = logging.getLogger(__name__)

LAPSED_MS = 2 * 86_400_000
"""A finding closed longer ago is not looked for: samples of a day are still judged, and it flaps a day at most."""


def rebuild(
    connection: sa.Connection,
    series: Remembered,
    rules: Mapping[str, Rule],
    settings: Mapping[str, Settings],
    blindness: Blindness,
    now: int,
    before: Engine | None = None,
    past: Past | None = None,
    known: Memory | None = None,
) -> Engine:
    """An engine that goes on where the last commit left off.

    `before` is an engine whose batch could not be committed: its values are kept as they were before that batch, and
    the series store is not asked, for it may hold values of that batch which no rule has judged.
    `past` is what rules learn from that judge by what is usual. `known` is what a hub that stood by has recalled: it is
    read on.
    Findings whose rule or device is gone since then are closed: the engine's first transitions say so.
    """
    engine = Engine(rules, settings, blindness)
    engine.unusuals.past = past or engine.unusuals.past
    _read_agents(connection, engine, now)
    _read_devices(connection, engine)
    engine.findings.now = now
    engine.findings.covering.covers = Covers(covers.current(connection, now), now)
    _read_findings(connection, engine)
    _read_events(connection, engine, now)
    engine.restored(now)
    if before is None:
        _read_values(engine, series, now, known or {})
    else:
        _keep_values(engine, before)
    return engine


def of_site(
    connection: sa.Connection,
    series: Remembered,
    rules: Mapping[str, Rule],
    settings: Mapping[str, Settings],
    blindness: Blindness,
    now: int,
    site: str,
) -> Engine:
    """An engine that knows one site, as a rebuilt one would before it does anything: to look at, not to work with.

    Values are those that rules have seen; none where the series store is away.
    """
    engine = Engine(rules, settings, blindness)
    _read_agents(connection, engine, now, [site])
    _read_devices(connection, engine, [site])
    engine.findings.now = now
    engine.findings.covering.covers = Covers(covers.current(connection, now), now)
    place = engine.sites.setdefault(site, Site())
    try:
        for state in place.agents.values():
            mine = [subject for subject in place.devices.values() if subject.agent == state.agent]
            for kind in {subject.kind for subject in mine}:
                found = series.latest(site, kind, state.mark, state.mark - LOOKBACK_MS)
                for subject in mine:
                    if subject.kind is kind:
                        subject.latest = Newest.of(found.get(subject.device, {}))
        for (_, device), windows in read_windows(owed({site: place}), series).items():
            place.devices[device].windows = windows
    except SeriesUnavailable as error:
        log.warning("series store is away (%s): values prove nothing", error)
        for subject in place.devices.values():
            subject.latest = Newest.of({})
    return engine


def debts(
    connection: sa.Connection,
    rules: Mapping[str, Rule],
    settings: Mapping[str, Settings],
    now: int,
    sites: Collection[str] | None = None,
) -> dict[Key, Owed]:
    """The devices of these sites (None: of all) whose past a rebuilt engine would want to know."""
    engine = Engine(rules, settings, Blindness([]))
    _read_agents(connection, engine, now, sites)
    _read_devices(connection, engine, sites)
    wanted = owed(engine.sites)
    engine.sites.clear()  # each points to the others, and this is asked for over and over
    return wanted


def read_blindness(connection: sa.Connection, now: int) -> Blindness:
    """The intervals that can still matter."""
    table = schema.blindness
    recent = sa.or_(table.c.end.is_(None), table.c.end > now - KEEP_MS)
    rows = connection.execute(sa.select(table).where(recent).order_by(table.c.start))
    intervals = [Interval(row.start, row.end, row.reason, row.id) for row in rows]
    for interval in intervals:  # written while the hub's clock was ahead
        interval.start = min(interval.start, now)
        interval.end = None if interval.end is None else min(interval.end, now)
    return Blindness(intervals)


def _read_agents(connection: sa.Connection, engine: Engine, now: int, sites: Collection[str] | None = None) -> None:
    query = sa.select(schema.agent)
    for row in connection.execute(query if sites is None else query.where(schema.agent.c.site.in_(sites))):
        state = engine.hear(row.site, row.agent, min(row.last_heard, now))
        state.mark, state.inventory_hash = row.evaluated_until, row.inventory_hash
        state.offset_ms, state.offset_source, state.revised = row.offset_ms, row.offset_source, row.revised


def _read_devices(connection: sa.Connection, engine: Engine, sites: Collection[str] | None = None) -> None:
    table = schema.device
    query = sa.select(table).where(table.c.retired.is_(None))
    for row in connection.execute(query if sites is None else query.where(table.c.site.in_(sites))):
        place = engine.sites.get(row.site)
        if place is None:
            continue  # came in after the agents were read, while another hub works
        if row.device in place.agents and row.agent != row.device:
            continue  # an agent's own id is its own, whoever named a device so before
        subject = Subject(row.site, row.device, DeviceKind(row.kind), row.agent, row.parent, dict(row.facts or {}))
        subject.room = row.room or ""
        engine.add_subject(subject)


def _read_findings(connection: sa.Connection, engine: Engine) -> None:
    by_id: dict[int, LiveFinding] = {}
    causes: dict[int, int] = {}
    known = {cover.id: cover for cover in engine.findings.covering.covers.covers}
    table = schema.finding
    for row in connection.execute(sa.select(table).where(table.c.state != "closed").order_by(table.c.id)):
        subject = engine.sites.setdefault(row.site, Site()).devices.get(row.device)
        if subject is None:  # its device is retired: a stand-in, so that the finding can be closed
            subject = engine.add_subject(Subject(row.site, row.device, DeviceKind.NETWORK, ""))
        subject.findings[row.rule] = by_id[row.id] = _finding(row)
        if row.cover in known:
            by_id[row.id].cover = known[row.cover]
            engine.findings.covering.hold(by_id[row.id])
        if row.cause is not None:
            causes[row.id] = row.cause
    gone = {cause for cause in causes.values() if cause not in by_id}
    for row in connection.execute(sa.select(table).where(table.c.id.in_(gone))) if gone else ():
        by_id[row.id] = _finding(row)
    for consequence, cause in causes.items():
        finding = by_id[consequence]
        finding.cause = by_id.get(cause)
        check = engine.sites[finding.site].devices[finding.device].plan.checks.get(finding.rule)
        finding.for_good = finding.cause is not None and check is not None and check.aftermath
    _read_lapsed(connection, engine, by_id)


def _finding(row: Any) -> LiveFinding:
    life = Life(row.state, row.since, row.opened, row.clearing, row.closed)
    finding = LiveFinding(row.site, row.device, row.rule, Severity(row.severity), life, row.detail, id=row.id)
    finding.flaps, finding.returned = row.flaps, row.returned
    return finding


def _read_lapsed(connection: sa.Connection, engine: Engine, known: Mapping[int, LiveFinding]) -> None:
    """What was closed so short a time ago, by the hub's clock or by that of a backlog, that it may come back."""
    table, now = schema.finding, engine.findings.now
    lately = sa.and_(table.c.state == "closed", table.c.closed > now - LAPSED_MS)
    for row in connection.execute(sa.select(table).where(lately).order_by(table.c.closed, table.c.id)):
        place = engine.sites.get(row.site)
        subject = place.devices.get(row.device) if place else None
        check = subject.plan.checks.get(row.rule) if subject else None
        if place is None or subject is None or check is None or check.passing:
            continue
        agent = place.agents.get(subject.agent)
        flap, heard = round(check.settings.flap_seconds * 1000), agent.mark if agent else now
        if row.closed > min(heard, now) - flap:
            engine.findings.lapsed.remember(known.get(row.id) or _finding(row), now + flap)


def _read_events(connection: sa.Connection, engine: Engine, now: int) -> None:
    """What rules count: events of a time that may still matter."""
    counted = engine.counted_events()
    table, back = schema.event, max(counted.values(), default=0)
    for row in (
        connection.execute(
            sa.select(table)
            .where(table.c.type.in_(counted), table.c.received > now - back - LATE_MS)
            .order_by(table.c.received, table.c.id)
        )
        if counted
        else ()
    ):
        if row.received - row.at <= LATE_MS and row.site in engine.sites:
            engine.recall(row.site, row.device, row.type, row.data, min(row.at, row.received, now))


def _read_values(engine: Engine, series: Remembered, now: int, known: Memory) -> None:
    wanted = owed(engine.sites)
    try:
        found: Memory = recall(wanted, series, now, known)
    except SeriesUnavailable as error:
        found = {key: old for key, old in known.items() if key in wanted and old.leads_to(wanted[key])}
        told = "series store is away (%s): rules start with earlier values of %d of %d devices"
        log.warning(told, error, len(found), len(wanted))
    for (name, device), one in found.items():
        subject = engine.sites[name].devices[device]
        subject.latest, subject.windows = Newest.of(one.newest), dict(one.windows)
    # The store may lack values that wait in its buffer: what is not newer than the mark has been judged, as far as
    # can be known.
    for site in engine.sites.values():
        for state in site.agents.values():
            state.floor = state.mark


def _keep_values(engine: Engine, before: Engine) -> None:
    known = before.values_committed()
    for name, site in engine.sites.items():
        earlier = before.sites[name].agents if name in before.sites else {}
        for agent, state in site.agents.items():
            if agent in earlier:  # values that were missing at the start still are
                state.floor = min(earlier[agent].floor, state.mark)
        for subject in site.devices.values():
            values = known.get((name, subject.device))
            if values is not None and values.kind == subject.kind:
                subject.latest = values.latest
                kept = values.windows.items()
                subject.windows.update({window: past for window, past in kept if window in subject.windows})
                subject.learned = values.learned
                engine.unusuals.keep(subject)
