"""SQL of the lease: which of several hubs on one database works.

Whoever holds it renews it within every commit's own transaction, so a commit of somebody who has lost it cannot happen.
A standby takes it by an UPDATE that finds its row as it was last seen. No time in here is judged by: clocks of
different machines need not agree.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from hub.store.database import APPLICATION, insert
from hub.store.schema import lease

EVERYTHING = "all"
"""The one partition there is."""

IDLE_MS = 5_000
"""How long PostgreSQL lets a holder's open transaction wait for its next statement: one that was stopped in the middle
must not keep its locks."""


class Fenced(Exception):  # noqa: N818 - a state
    """This commit must not happen. Nothing of it is acknowledged, and no message is to blame."""


class LeaseLost(Fenced):
    """Another hub works now."""


class RebuildWanted(Fenced):
    """Another process has changed what the engine remembers: rebuild it from SQL and go on."""


@dataclass(frozen=True)
class Claim:
    """Who takes the lease: its name, its state_dir's lock and where it writes its numbers."""

    holder: str
    place: str
    series: str
    partition: str = EVERYTHING


@dataclass(frozen=True)
class Seen:
    """The lease as it stands. `free`: given back. `at` is the holder's own clock at its last renewal, ms UTC."""

    holder: str
    place: str
    series: str
    token: str
    fence: int
    renewals: int
    epoch: int
    at: int

    @property
    def free(self) -> bool:
        """Its last holder has given it back."""
        return not self.token


@dataclass(frozen=True)
class Tenure:
    """From one take-over until the lease is lost. `epoch` is the one the engine was rebuilt for; None: none yet."""

    claim: Claim
    fence: int
    token: str
    epoch: int | None = None


def look(connection: sa.Connection, partition: str = EVERYTHING) -> Seen | None:
    """The lease; None where no hub ever worked."""
    names = ("holder", "place", "series", "token", "fence", "renewals", "epoch", "at")
    query = sa.select(*(lease.c[name] for name in names)).where(lease.c.partition == partition)
    row = connection.execute(query).one_or_none()
    return None if row is None else Seen(*row)


def take(connection: sa.Connection, claim: Claim, seen: Seen | None, now: int) -> Tenure | None:
    """The lease, if it still stands as it was seen; else None. The caller commits."""
    token = secrets.token_hex(8)
    mine: dict[str, Any] = {"holder": claim.holder, "place": claim.place, "series": claim.series, "token": token}
    if seen is None:
        first = insert(connection, lease).values(partition=claim.partition, fence=1, renewals=1, at=now, **mine)
        taken = connection.execute(first.on_conflict_do_nothing(index_elements=["partition"]))
        return Tenure(claim, 1, token) if taken.rowcount else None
    as_seen = sa.and_(
        lease.c.partition == claim.partition,
        lease.c.fence == seen.fence,
        lease.c.token == seen.token,
        lease.c.renewals == seen.renewals,
    )
    fence = seen.fence + 1
    change = lease.update().where(as_seen).values(fence=fence, renewals=lease.c.renewals + 1, at=now, **mine)
    return Tenure(claim, fence, token) if connection.execute(change).rowcount else None


def enter(connection: sa.Connection, tenure: Tenure) -> Tenure:
    """The tenure with the epoch as it is: read before the engine is rebuilt. Raises LeaseLost."""
    seen = look(connection, tenure.claim.partition)
    if seen is None or (seen.fence, seen.token) != (tenure.fence, tenure.token):
        raise LeaseLost(seen.holder if seen else "nobody")
    return replace(tenure, epoch=seen.epoch)


def renew(connection: sa.Connection, tenure: Tenure, now: int) -> None:
    """The first statement of a commit: it makes every other writer of the lease wait until this one is through.

    Raises LeaseLost, or RebuildWanted when the tenure has an epoch and that was raised since.
    """
    mine = sa.and_(
        lease.c.partition == tenure.claim.partition, lease.c.fence == tenure.fence, lease.c.token == tenure.token
    )
    values: dict[str, Any] = {"renewals": lease.c.renewals + 1, "at": now}
    if tenure.epoch is not None:
        mine = sa.and_(mine, lease.c.epoch == tenure.epoch)
        values["seen_epoch"] = tenure.epoch
    change = lease.update().where(mine).values(**values)
    if connection.dialect.name == "postgresql":  # in the same round trip
        limit = sa.func.set_config("idle_in_transaction_session_timeout", str(IDLE_MS), True)
        renewed = connection.execute(change.returning(limit)).first() is not None
    else:
        renewed = connection.execute(change).rowcount > 0
    if not renewed:
        enter(connection, tenure)  # raises LeaseLost
        raise RebuildWanted("the epoch was raised")


def release(connection: sa.Connection, tenure: Tenure) -> None:
    """Give it back; a fence higher, so that nothing under way commits. Harmless when it is lost already."""
    mine = (lease.c.fence == tenure.fence) & (lease.c.token == tenure.token)
    change = lease.update().where(lease.c.partition == tenure.claim.partition, mine)
    connection.execute(change.values(token="", fence=lease.c.fence + 1, renewals=lease.c.renewals + 1))


def evict(connection: sa.Connection) -> int:
    """On PostgreSQL, end sessions of hubs in this database whose client has left a transaction standing open.

    A process stopped between two messages of a pipeline holds its locks and no time-out of the server applies; nor
    does one to what its other threads have begun. Returns how many.

    SQLite has nothing of the kind: whoever holds its file's lock keeps it until it ends.
    """
    if connection.dialect.name != "postgresql":
        return 0
    stopped = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND usename = current_user AND application_name = :application "
        "AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL AND wait_event_type = 'Client' "
        "AND xact_start < clock_timestamp() - make_interval(secs => :seconds)"
    )
    values = {"seconds": IDLE_MS / 1000, "application": APPLICATION}
    return int(connection.execute(stopped, values).scalar_one())


def raise_epoch(connection: sa.Connection) -> int:
    """For another process, first in its transaction: what the engine remembers is no longer so.

    Until that transaction ends no hub commits; the next commit finds the epoch raised, is dropped unacknowledged, and
    the engine is rebuilt from SQL. Returns the new epoch, to ask `caught_up` about; 0 where no hub ever worked.
    """
    change = lease.update().where(lease.c.partition == EVERYTHING).values(epoch=lease.c.epoch + 1)
    epoch = connection.execute(change.returning(lease.c.epoch)).scalar_one_or_none()
    return int(epoch or 0)


def caught_up(connection: sa.Connection, epoch: int) -> bool:
    """Whether a commit has happened since the engine was rebuilt for this epoch, or no hub holds the lease.

    A holder that was killed and not yet replaced never catches up: wait with a deadline.
    """
    query = sa.select(lease.c.token, lease.c.seen_epoch).where(lease.c.partition == EVERYTHING)
    row = connection.execute(query).one_or_none()
    return row is None or not row.token or row.seen_epoch >= epoch
