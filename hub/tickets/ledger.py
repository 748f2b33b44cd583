"""Writes findings and their tickets from the engine's transitions, inside the caller's transaction.

One ticket a root cause: a finding with a cause has none, it is listed on its cause's ticket. The unique keys of
`finding` and `ticket` hold this up whatever is killed when.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from hub.cover import Cover
from hub.findings import Transition
from hub.fleet import LiveFinding
from hub.store import schema


def record(connection: sa.Connection, transitions: Iterable[Transition]) -> None:
    """Write each in order. New findings learn their SQL id."""
    for transition in transitions:
        if transition.change == "dropped":
            _forget(connection, transition.finding)
        else:
            _save(connection, transition)
            _follow(connection, transition)


def _save(connection: sa.Connection, transition: Transition) -> None:
    finding, life = transition.finding, transition.life
    values: dict[str, Any] = {
        "site": finding.site,
        "device": finding.device,
        "rule": finding.rule,
        "state": life.state,
        "severity": finding.severity,
        "since": life.since,
        "opened": life.opened,
        "clearing": life.clearing,
        "closed": life.closed,
        "detail": dict(transition.detail),
        "cause": transition.cause.id if transition.cause else None,
        "cover": transition.cover.id if transition.cover else None,
        "flaps": transition.flaps,
        "returned": transition.returned,
    }
    table = schema.finding
    if finding.id is None:
        finding.id = connection.execute(table.insert().values(**values).returning(table.c.id)).scalar_one()
    else:
        connection.execute(table.update().where(table.c.id == finding.id).values(**values))


def _forget(connection: sa.Connection, finding: LiveFinding) -> None:
    """A pending finding that came to nothing leaves nothing."""
    if finding.id is not None:
        connection.execute(schema.finding.delete().where(schema.finding.c.id == finding.id))


def _follow(connection: sa.Connection, transition: Transition) -> None:
    """What a change of a finding means for tickets."""
    finding, at, change = transition.finding, transition.at, transition.change
    if change in ("opened", "promoted", "explained", "reopened") and transition.life.state == "open":
        if transition.cause is None:
            if transition.cover is None:
                _open(connection, transition)
            return
        about = {"device": transition.cause.device, "rule": transition.cause.rule}
        if _resolve(connection, finding, at):
            _note(connection, finding, at, "explained", about)
        _note(connection, transition.cause, at, "consequence", {"device": finding.device, "rule": finding.rule})
    elif change == "closed":
        if _resolve(connection, finding, at):
            _note(connection, finding, at, "resolved", {"why": transition.why} if transition.why else {})
    elif change in ("clearing", "relapsed", "worsened"):
        _note(connection, finding, at, change, dict(transition.detail), state="open")


def _open(connection: sa.Connection, transition: Transition) -> None:
    """A ticket of its own: the one it had, or a new one."""
    finding, at, table = transition.finding, transition.at, schema.ticket
    detail = dict(transition.detail)
    again = table.update().where(table.c.finding == finding.id).values(state="open", resolved=None)
    if not connection.execute(again).rowcount:
        values = {"site": finding.site, "device": finding.device, "finding": finding.id, "state": "open", "opened": at}
        connection.execute(table.insert().values(**values))
    if transition.change == "reopened":
        detail = {"flaps": transition.flaps, **detail}
    else:
        detail = {"since": transition.life.since, **_held(transition.over), **detail}
    _note(connection, finding, at, transition.change, detail)


def _held(over: Cover | None) -> dict[str, Any]:
    """What kept it from having a ticket until now, for its timeline."""
    known = {"id": over.id, "kind": over.kind, "author": over.author, "reason": over.reason} if over else None
    return {"cover": known} if known else {}


def _resolve(connection: sa.Connection, finding: LiveFinding, at: int) -> bool:
    """Whether it had an open ticket."""
    table = schema.ticket
    mine = (table.c.finding == finding.id) & (table.c.state == "open")
    return connection.execute(table.update().where(mine).values(state="resolved", resolved=at)).rowcount > 0


def _note(
    connection: sa.Connection, finding: LiveFinding, at: int, what: str, data: dict[str, Any], state: str = ""
) -> None:
    """A line on the timeline of this finding's ticket; nothing where it has none, or none in this state."""
    mine = schema.ticket.c.finding == finding.id
    where = mine & (schema.ticket.c.state == state) if state else mine
    ticket = connection.execute(sa.select(schema.ticket.c.id).where(where)).scalar()
    if ticket is not None:
        connection.execute(schema.timeline.insert().values(ticket=ticket, at=at, what=what, data=data))
