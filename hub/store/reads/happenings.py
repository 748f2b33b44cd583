"""What happened at devices, when nothing could be heard, and what could not be taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from hub.store.schema import blindness, event, rejected

DAY = 86_400_000


@dataclass(frozen=True)
class Event:
    """Something that happened at a device."""

    at: int
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Blindness:
    """Nothing could be heard from `start` to `end` (None: still)."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True)
class Rejected:
    """Messages of one sender that could not be taken."""

    site: str
    agent: str
    reason: str
    count: int
    last: int
    example: str


def blind_since(engine: Engine, since: int) -> list[Blindness]:
    """When the hub could hear nothing, as far as it touches the time after `since`, newest first."""
    with engine.connect() as connection:
        return read_blindness(connection, since)


def rejections(engine: Engine, site: str | None, since: int) -> list[Rejected]:
    """What could not be taken from senders after `since`, newest first."""
    with engine.connect() as connection:
        return read_rejected(connection, site, since)


def read_events(connection: Connection, site: str, device_id: str, limit: int = 50) -> list[Event]:
    """Of one device, newest first."""
    query = (
        select(event.c.at, event.c.type, event.c.data)
        .where(event.c.site == site, event.c.device == device_id)
        .order_by(event.c.at.desc(), event.c.id.desc())
    )
    return [Event(*row) for row in connection.execute(query.limit(limit))]


def read_blindness(connection: Connection, since: int) -> list[Blindness]:
    """Only the newest rows are looked at: they do not overlap, so older ones have long ended."""
    query = select(blindness.c.start, blindness.c.end, blindness.c.reason).order_by(blindness.c.id.desc()).limit(50)
    rows = [Blindness(*row) for row in connection.execute(query)]
    return [row for row in rows if row.end is None or row.end > since]


def read_rejected(connection: Connection, site: str | None, since: int) -> list[Rejected]:
    """What could not be taken after `since`, newest first."""
    columns = ("site", "agent", "reason", "count", "last", "example")
    query = select(*(rejected.c[name] for name in columns)).where(rejected.c.last > since)
    query = query if site is None else query.where(rejected.c.site == site)
    return [Rejected(*row) for row in connection.execute(query.order_by(rejected.c.last.desc()).limit(50))]
