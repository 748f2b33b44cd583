"""Writes findings and their tickets from the engine's transitions, inside the caller's transaction.

One ticket a root cause: a finding with a cause has none, it is listed on its cause's ticket. The unique keys of
`finding` and `ticket` hold this up whatever is killed when.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from hub.engine import Transition
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
    finding, at = transition.finding, transition.at
    if transition.change in ("opened", "promoted") and transition.life.state == "open":
        if transition.cause is None:
            _open(connection, transition)
        else:
            _note(connection, transition.cause, at, "consequence", {"device": finding.device, "rule": finding.rule})
    elif transition.change == "closed":
        table = schema.ticket
        connection.execute(table.update().where(table.c.finding == finding.id).values(state="resolved", resolved=at))
        _note(connection, finding, at, "resolved", {})
    elif transition.change in ("clearing", "relapsed"):
        _note(connection, finding, at, transition.change, dict(transition.detail))


def _open(connection: sa.Connection, transition: Transition) -> None:
    finding, at = transition.finding, transition.at
    connection.execute(
        schema.ticket.insert().values(
            site=finding.site, device=finding.device, finding=finding.id, state="open", opened=at
        )
    )
    _note(connection, finding, at, transition.change, {"since": transition.life.since, **transition.detail})


def _note(connection: sa.Connection, finding: LiveFinding, at: int, what: str, data: dict[str, Any]) -> None:
    """A line on the timeline of this finding's ticket; nothing where it has none."""
    ticket = sa.select(schema.ticket.c.id).where(schema.ticket.c.finding == finding.id).scalar_subquery()
    if connection.execute(sa.select(ticket)).scalar() is not None:
        connection.execute(schema.timeline.insert().values(ticket=ticket, at=at, what=what, data=data))
