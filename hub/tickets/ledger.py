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
        finding = transition.finding
        if transition.change == "dropped":
            _forget(connection, finding)
        else:
            _save(connection, finding)
            _follow(connection, transition)


def _save(connection: sa.Connection, finding: LiveFinding) -> None:
    life = finding.life
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
        "detail": dict(finding.detail),
        "cause": finding.cause.id if finding.cause else None,
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
    if transition.change in ("opened", "promoted") and finding.life.state == "open":
        if finding.cause is None:
            _open(connection, finding, at, transition.change)
        else:
            _note(connection, finding.cause, at, "consequence", {"device": finding.device, "rule": finding.rule})
    elif transition.change == "closed":
        table = schema.ticket
        connection.execute(table.update().where(table.c.finding == finding.id).values(state="resolved", resolved=at))
        _note(connection, finding, at, "resolved", {})
    elif transition.change in ("clearing", "relapsed"):
        _note(connection, finding, at, transition.change, dict(finding.detail))


def _open(connection: sa.Connection, finding: LiveFinding, at: int, how: str) -> None:
    connection.execute(
        schema.ticket.insert().values(
            site=finding.site, device=finding.device, finding=finding.id, state="open", opened=at
        )
    )
    _note(connection, finding, at, how, {"since": finding.life.since, **finding.detail})


def _note(connection: sa.Connection, finding: LiveFinding, at: int, what: str, data: dict[str, Any]) -> None:
    """A line on the timeline of this finding's ticket; nothing where it has none."""
    ticket = sa.select(schema.ticket.c.id).where(schema.ticket.c.finding == finding.id).scalar_subquery()
    if connection.execute(sa.select(ticket)).scalar() is not None:
        connection.execute(schema.timeline.insert().values(ticket=ticket, at=at, what=what, data=data))
