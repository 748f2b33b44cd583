"""SQL of the reconciliation: findings as they stand, and what puts them right. Every change is made only where the row
is as it was when it was looked at."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from hub.store.schema import finding, ticket, timeline

What = Literal["retired", "unwatched", "cleared", "quiet", "resolved", "ticketed", "standing"]
"""What is put right: the finding closes because its device is gone, because no rule watches for it any more, because
stored values say that it is over, or because what happened is long past; its open ticket resolves; it gets its own; or
it has one and stands for itself, though something was said to explain or cover it.
"""

MAX_LIVE = 20_000
"""Findings of a site that are looked at in one go; the next goes on with what is left."""


class Live(NamedTuple):
    """A finding as SQL has it. `ticket`: its ticket's state, if it has one; `cause_closed`: when its cause was."""

    id: int
    site: str
    device: str
    rule: str
    state: str
    since: int
    opened: int | None
    clearing: int | None
    cause: int | None
    cover: int | None
    flaps: int
    cause_closed: int | None
    ticket: str | None


class Correction(NamedTuple):
    """One thing to put right. `state`: the finding's, as it was seen; `at`: the moment, ms UTC."""

    what: What
    site: str
    device: str
    rule: str
    finding: int
    state: str
    at: int


_NAMES = ("id", "site", "device", "rule", "state", "since", "opened", "clearing", "cause", "cover", "flaps")
_CAUSE = finding.alias("explaining")


def sites(connection: sa.Connection) -> list[str]:
    """Those with a finding that is not closed, or an open ticket."""
    live = sa.select(finding.c.site).where(sa.text("finding.state <> 'closed'"))
    open_tickets = sa.select(ticket.c.site).where(ticket.c.state == "open")
    return sorted(connection.scalars(live.union(open_tickets)))


def live(connection: sa.Connection, site: str) -> list[Live]:
    """The findings of a site that are not closed, the oldest first."""
    return list(_rows(connection, finding.c.site == site, sa.text("finding.state <> 'closed'")))


def resolvable(connection: sa.Connection, site: str) -> list[Live]:
    """Findings of a site that are not open and have an open ticket."""
    return list(_rows(connection, ticket.c.site == site, ticket.c.state == "open", finding.c.state != "open"))


def _rows(connection: sa.Connection, *where: Any) -> Iterator[Live]:
    columns = [finding.c[name] for name in _NAMES]
    joined = finding.outerjoin(ticket, ticket.c.finding == finding.c.id).outerjoin(
        _CAUSE, _CAUSE.c.id == finding.c.cause
    )
    query = sa.select(*columns, _CAUSE.c.closed, ticket.c.state.label("stands")).select_from(joined).where(*where)
    for row in connection.execute(query.order_by(finding.c.id).limit(MAX_LIVE)):
        yield Live._make(row)


def correct(connection: sa.Connection, one: Correction) -> bool:
    """Put it right, in the caller's transaction. False where it is no longer as it was."""
    if one.what == "resolved":
        return _resolve(connection, one)
    same = (finding.c.id == one.finding) & (finding.c.state == one.state)
    if one.what in ("ticketed", "standing"):
        if not connection.execute(finding.update().where(same).values(cause=None, cover=None)).rowcount:
            return False
        if one.what == "ticketed":
            _open(connection, one)
        return True
    has_ticket = sa.exists().where(ticket.c.finding == one.finding)
    if one.state == "pending" and not connection.execute(sa.select(has_ticket)).scalar():  # it leaves nothing
        freed = finding.update().where(finding.c.cause == one.finding).values(cause=None)
        connection.execute(freed)
        return connection.execute(finding.delete().where(same)).rowcount > 0
    closed = finding.update().where(same).values(state="closed", clearing=None, closed=one.at)
    if not connection.execute(closed).rowcount:
        return False
    _resolve(connection, one)
    return True


def _resolve(connection: sa.Connection, one: Correction) -> bool:
    mine = (ticket.c.finding == one.finding) & (ticket.c.state == "open")
    number = connection.execute(sa.select(ticket.c.id).where(mine)).scalar()
    if number is None:
        return False
    connection.execute(ticket.update().where(ticket.c.id == number).values(state="resolved", resolved=one.at))
    _note(connection, number, one, "resolved", {"why": "reconciled" if one.what == "resolved" else one.what})
    return True


def _open(connection: sa.Connection, one: Correction) -> None:
    row = connection.execute(sa.select(finding.c.since, finding.c.detail).where(finding.c.id == one.finding)).one()
    number = connection.execute(sa.select(ticket.c.id).where(ticket.c.finding == one.finding)).scalar()
    if number is None:
        new = {"site": one.site, "device": one.device, "finding": one.finding, "state": "open", "opened": one.at}
        number = connection.execute(ticket.insert().values(**new).returning(ticket.c.id)).scalar_one()
    else:
        connection.execute(ticket.update().where(ticket.c.id == number).values(state="open", resolved=None))
    _note(connection, number, one, "promoted", {"since": row.since, **row.detail, "why": "reconciled"})


def _note(connection: sa.Connection, number: int, one: Correction, what: str, data: dict[str, Any]) -> None:
    connection.execute(timeline.insert().values(ticket=number, at=one.at, what=what, data=data))
