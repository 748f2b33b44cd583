"""Writes findings and their tickets from the engine's transitions, inside the caller's transaction.

One ticket a root cause: a finding with a cause has none, it is listed on its cause's ticket. The unique keys of
`finding` and `ticket` hold this up whatever is killed when.

A ticket follows its root cause. When several findings turn out to be consequences of one that opens now, the oldest of
their tickets becomes its ticket, so that a fault which is first seen in one channel and then in its whole recorder is
one ticket from beginning to end. What is explained at the very time at which it opens never had a ticket, if the same
batch says so; otherwise tickets are the same, however messages fall into batches.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from hub.cover import Cover
from hub.findings import Transition
from hub.fleet import LiveFinding
from hub.store import schema

STANDS = frozenset({"opened", "promoted", "reopened"})
"""What may give a finding a ticket of its own."""


def record(connection: sa.Connection, transitions: Iterable[Transition]) -> None:
    """Write each in order. New findings learn their SQL id."""
    for transition, explained_at_once, consequences in _foreseen(list(transitions)):
        if transition.change == "dropped":
            _forget(connection, transition.finding)
            continue
        _save(connection, transition)
        if transition.change not in STANDS or not explained_at_once:
            _follow(connection, transition, consequences)


def _foreseen(listed: Sequence[Transition]) -> Iterator[tuple[Transition, bool, Sequence[LiveFinding]]]:
    """Each in order, with what the same moment brings: whether its finding is another's consequence, and which findings
    turn out to be consequences of its own. One pass backwards: a batch of a great outage holds thousands."""
    ahead: list[tuple[Transition, bool, Sequence[LiveFinding]]] = []
    upcoming: dict[int, Transition] = {}
    explained: dict[tuple[int, int], list[LiveFinding]] = {}
    for transition in reversed(listed):
        key, at = id(transition.finding), transition.at
        mine = explained.get((key, at), ()) if transition.change in STANDS else ()
        following = upcoming.get(key)
        at_once = following is not None and (following.change, following.at) == ("explained", at)
        ahead.append((transition, at_once, tuple(reversed(mine))))
        upcoming[key] = transition
        if transition.change == "explained" and transition.cause is not None:
            explained.setdefault((id(transition.cause), at), []).append(transition.finding)
    return reversed(ahead)


def _save(connection: sa.Connection, transition: Transition) -> None:
    finding, life = transition.finding, transition.life
    values: dict[str, Any] = {
        "site": finding.site,
        "device": finding.device,
        "rule": finding.rule,
        "state": life.state,
        "severity": transition.severity,
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


def _follow(connection: sa.Connection, transition: Transition, consequences: Sequence[LiveFinding]) -> None:
    """What a change of a finding means for tickets. `consequences`: what this batch still finds to be its own."""
    finding, at, change = transition.finding, transition.at, transition.change
    if (change in STANDS or change == "explained") and transition.life.state == "open":
        if transition.cause is None:
            if transition.cover is None:
                _open(connection, transition, consequences)
            return
        about = {"device": transition.cause.device, "rule": transition.cause.rule}
        if _resolve(connection, finding, at):
            _note(connection, finding, at, "explained", about)
        _note(connection, transition.cause, at, "consequence", {"device": finding.device, "rule": finding.rule})
    elif change == "closed":
        if _resolve(connection, finding, at):
            _note(connection, finding, at, "resolved", {"why": transition.why} if transition.why else {})
    elif change in ("clearing", "relapsed", "worsened", "amended"):
        _note(connection, finding, at, change, dict(transition.detail), state="open")


def _open(connection: sa.Connection, transition: Transition, consequences: Sequence[LiveFinding]) -> None:
    """A ticket of its own: the one it had, that of a consequence, or a new one."""
    finding, at, table = transition.finding, transition.at, schema.ticket
    detail = dict(transition.detail)
    again = table.update().where(table.c.finding == finding.id).values(state="open", resolved=None)
    if not connection.execute(again).rowcount:
        if consequences and _take_over(connection, finding, consequences, at):
            return
        values = {"site": finding.site, "device": finding.device, "finding": finding.id, "state": "open", "opened": at}
        connection.execute(table.insert().values(**values))
    if transition.change == "reopened":
        detail = {"flaps": transition.flaps, **detail}
    else:
        detail = {"since": transition.life.since, **_held(transition.over), **detail}
    _note(connection, finding, at, transition.change, detail)


def _take_over(connection: sa.Connection, cause: LiveFinding, consequences: Sequence[LiveFinding], at: int) -> bool:
    """The oldest open ticket of these is about their cause from now on. False where none has one."""
    table = schema.ticket
    theirs = {one.id: one for one in consequences if one.id is not None}
    query = sa.select(table.c.id, table.c.finding).where(table.c.finding.in_(theirs), table.c.state == "open")
    oldest = connection.execute(query.order_by(table.c.opened, table.c.id).limit(1)).first()
    if oldest is None:
        return False
    before = theirs[oldest.finding]
    moved = table.update().where(table.c.id == oldest.id).values(finding=cause.id, device=cause.device)
    connection.execute(moved)
    _note(connection, cause, at, "moved", {"device": before.device, "rule": before.rule})
    return True


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
