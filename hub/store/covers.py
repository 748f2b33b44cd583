"""SQL of maintenance windows and silences: written by the command line alone, read by the hub every few seconds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.cover import BEHIND_MS, Cover, Kind, Scope, chain
from hub.store.schema import cover, device, finding, ticket

MAX_CURRENT = 1_000
"""Covers that are not over at one time: the hub holds them all in memory."""
MAX_LISTED = 500

FAR_MS = 5 * 366 * 86_400_000
"""How far ahead a next occurrence is looked for."""

_FIELDS = ("id", "kind", "start", "end", "author", "reason", "recurrence", "zone", "added", "ended")


class TooMany(Exception):  # noqa: N818 - a state
    """There are MAX_CURRENT already."""


class Concerned(NamedTuple):
    """An open finding that a cover concerns; `ticket` is its open ticket, if it has one."""

    site: str
    device: str
    rule: str
    since: int
    ticket: int | None


class Reach(NamedTuple):
    """What a cover covers: (site, device) of all, and what has an open ticket there."""

    devices: list[tuple[str, str]]
    tickets: list[Concerned]


def current(connection: sa.Connection, now: int) -> list[Cover]:
    """Those that are not over, or not long enough to be forgotten, and those that hold a finding still; by id."""
    held = sa.select(finding.c.cover).where(sa.text("finding.state <> 'closed'"), finding.c.cover.is_not(None))
    wanted = sa.or_(_going(now - BEHIND_MS), cover.c.id.in_(held))
    return _read(connection, sa.select(cover).where(wanted).order_by(cover.c.id).limit(2 * MAX_CURRENT))


def touching(connection: sa.Connection, since: int, until: int, site: str, kind: Kind) -> list[Cover]:
    """Those that may cover something of a site between two times (ms UTC)."""
    here = cover.c.site.in_(["", site])
    query = sa.select(cover).where(here, cover.c.kind == kind, cover.c.start < until, _going(since))
    return _read(connection, query.order_by(cover.c.id).limit(2 * MAX_CURRENT))


def begun(connection: sa.Connection, since: int, until: int) -> list[Cover]:
    """Those of every site and kind that may cover something between two times (ms UTC); by id."""
    query = sa.select(cover).where(cover.c.start < until, _going(since)).order_by(cover.c.id)
    return _read(connection, query.limit(2 * MAX_CURRENT))


def listed(connection: sa.Connection, kind: Kind, now: int, *, every: bool = False) -> list[Cover]:
    """Those of a kind that are not over, or every one; the newest first, MAX_LISTED at most."""
    query = sa.select(cover).where(cover.c.kind == kind)
    query = query if every else query.where(_going(now))
    return _read(connection, query.order_by(cover.c.id.desc()).limit(MAX_LISTED))


def one(connection: sa.Connection, kind: Kind, number: int) -> Cover | None:
    """The one of that number, if it is of that kind."""
    return next(iter(_read(connection, sa.select(cover).where(cover.c.id == number, cover.c.kind == kind))), None)


def add(connection: sa.Connection, new: Cover, over: int | None) -> int:
    """Write it; `over` is when it is (ms UTC), None for never. Returns its number. Raises TooMany."""
    going = sa.select(sa.func.count()).select_from(cover).where(_going(new.added))
    if connection.execute(going).scalar_one() >= MAX_CURRENT:
        raise TooMany(f"there are {MAX_CURRENT} maintenance windows and silences that are not over; end some")
    values: dict[str, Any] = {name: getattr(new, name) for name in _FIELDS if name != "id"}
    inserted = cover.insert().values(**values, **new.scope._asdict(), until=over).returning(cover.c.id)
    return int(connection.execute(inserted).scalar_one())


def end(connection: sa.Connection, number: int, now: int) -> None:
    """It is over now. One that has not begun covers nothing ever."""
    connection.execute(cover.update().where(cover.c.id == number, cover.c.ended.is_(None)).values(ended=now, until=now))


def fill(connection: sa.Connection, covers: Sequence[tuple[Cover, int | None]]) -> None:
    """Write several, as `add`."""
    for new, over in covers:
        add(connection, new, over)


def lineage(connection: sa.Connection, site: str) -> dict[str, tuple[str | None, str]]:
    """Device → (what it hangs on by inventory, the agent that watches it), of the site's devices that are not gone."""
    query = sa.select(device.c.device, device.c.parent, device.c.agent)
    rows = connection.execute(query.where(device.c.site == site, device.c.retired.is_(None)))
    return {row.device: (row.parent, row.agent) for row in rows}


def reach(connection: sa.Connection, scope: Scope) -> Reach:
    """What it would cover now."""
    chains: dict[tuple[str, str], list[str]] = {}
    for site in [scope.site] if scope.site else _sites(connection):
        known = lineage(connection, site)
        chains |= {(site, name): chain(name, known) for name in known}
    devices = [key for key, above in chains.items() if not scope.device or scope.device in above]
    going = sa.select(finding.c.site, finding.c.device, finding.c.rule, finding.c.since, ticket.c.id)
    rows = connection.execute(going.join(ticket, ticket.c.finding == finding.c.id).where(ticket.c.state == "open"))
    tickets = [
        Concerned(*row)
        for row in rows
        if scope.meets(row.site, chains.get((row.site, row.device), [row.device]), row.rule)
    ]
    return Reach(sorted(devices), tickets)


def held(connection: sa.Connection, one: Cover) -> list[Concerned]:
    """The open findings that have no ticket because of it."""
    query = sa.select(finding.c.site, finding.c.device, finding.c.rule, finding.c.since)
    mine = query.where(sa.text("finding.state <> 'closed'"), finding.c.cover == one.id)
    return [Concerned(*row, ticket=None) for row in connection.execute(mine.order_by(finding.c.since))]


def _sites(connection: sa.Connection) -> list[str]:
    return list(connection.scalars(sa.select(device.c.site).distinct().order_by(device.c.site)))


def _going(now: int) -> sa.ColumnElement[bool]:
    return sa.or_(cover.c.until.is_(None), cover.c.until > now)


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Cover]:
    return [
        Cover(scope=Scope(row.site, row.device, row.rule), **{name: row._mapping[name] for name in _FIELDS})
        for row in connection.execute(query)
    ]
