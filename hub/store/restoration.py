"""What has to be set right after the database has gone back in time, whoever took it there.

Agents, broker and people remember what the database no longer does:

- Since its last sign of life nothing was heard that counts: blindness, so that no agent is blamed for it.
- People were told numbers of tickets that are not in it: numbers go on well above them.
- A hub may hold a lease that is of the past, or remember what is of the future: the lease is free, its fence and epoch
  beyond all that were seen, so whoever works next begins with what SQL says.
- Rollups of the last days may have been made of values that came late, and the marks that said so are gone: the hours
  since three days before are rolled up once more.
- Agents may run configurations that were desired later. What is desired now is published anew, until each agent has
  said that it runs it: what they said before is forgotten, and the counter goes on above all that was seen of it.

What needs nothing here: events that are sent again have their unique key; an inventory that changed since is asked for
by its hash; findings are judged on the next sample, holds never running across the gap; values in the series store that
are newer than an agent's mark are not looked at, and written again without effect.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from hub.store import numbers, schema

DAY_MS = 86_400_000
ROLLED_UP_AGAIN_DAYS = 3
"""As long as agents' spools usually hold what they could not send."""


@dataclass(frozen=True)
class Restoration:
    """What was noted. Times ms UTC. `fresh` is False where all this was set right before."""

    at: int
    went_back_to: int
    tickets_from: int
    fresh: bool


def note(connection: sa.Connection, now: int, seen: int = 0) -> Restoration:
    """Set it right, in the caller's transaction. Once: doing it again before the hub has run changes nothing.

    `seen` is the highest ticket number that somebody may have seen, as far as is known from elsewhere.
    """
    table = schema.restoration
    beat = connection.execute(sa.select(schema.heartbeat.c.at)).scalar()
    went_back_to = beat if beat is not None else now
    last = connection.execute(sa.select(table).order_by(table.c.id.desc()).limit(1)).one_or_none()
    if last is not None and last.went_back_to == went_back_to and last.tickets_from >= seen:
        return Restoration(last.at, last.went_back_to, last.tickets_from, fresh=False)
    tickets_from = numbers.beyond(max(numbers.last(connection, schema.ticket), seen))
    numbers.skip_to(connection, schema.ticket, tickets_from)
    _blind(connection, min(went_back_to, now), now)
    _roll_up_again(connection, went_back_to)
    _desire_anew(connection)
    _free_lease(connection)
    values = {"at": now, "went_back_to": went_back_to, "tickets_from": tickets_from}
    connection.execute(table.insert().values(**values))
    return Restoration(**values, fresh=True)


def _blind(connection: sa.Connection, since: int, now: int) -> None:
    """What was written while the clock was ahead, and what lasted then, ends now at the latest."""
    table = schema.blindness
    connection.execute(table.update().where(table.c.end.is_(None)).values(end=now))
    connection.execute(table.insert().values(start=since, end=now, reason="hub"))


def _roll_up_again(connection: sa.Connection, went_back_to: int) -> None:
    table = schema.rollup_progress
    begin = went_back_to // DAY_MS * DAY_MS - ROLLED_UP_AGAIN_DAYS * DAY_MS
    connection.execute(table.update().where(table.c.until > begin).values(until=begin))


def _desire_anew(connection: sa.Connection) -> None:
    counter, wishes = schema.desired_counter, schema.desired_config
    value = connection.execute(sa.select(counter.c.value)).scalar()
    if value is not None:
        value = numbers.beyond(value)
        connection.execute(counter.update().values(value=value))
        connection.execute(wishes.update().values(generation=value))
    connection.execute(schema.applied_config.delete())


def _free_lease(connection: sa.Connection) -> None:
    lease, step = schema.lease.c, numbers.STEP
    beyond = {"fence": lease.fence + step, "renewals": lease.renewals + step, "epoch": lease.epoch + step}
    connection.execute(schema.lease.update().values(token="", **beyond))
