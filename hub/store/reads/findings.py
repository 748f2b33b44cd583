"""Findings that are pending or open now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from hub.store.schema import finding, ticket

MAX_FINDINGS = 20_000


@dataclass(frozen=True)
class Finding:
    """A judgement that is pending or open now."""

    id: int
    site: str
    device: str
    rule: str
    state: str
    severity: str
    since: int
    detail: Mapping[str, Any]
    cause: int | None
    cover: int | None = None
    """The maintenance window or silence that keeps it from having a ticket."""
    ticket: int | None = None


# The partial index of live findings is used only where this condition stands literally.
_LIVE = text("finding.state <> 'closed'")


def live_findings(connection: Connection, site: str | None) -> list[Finding]:
    """Those of a site, or all, the oldest first."""
    columns = ("id", "site", "device", "rule", "state", "severity", "since", "detail", "cause", "cover")
    query = select(*(finding.c[name] for name in columns)).where(_LIVE)
    query = query if site is None else query.where(finding.c.site == site)
    return [Finding(*row) for row in connection.execute(query.order_by(finding.c.since).limit(MAX_FINDINGS))]


def with_tickets(connection: Connection, live: Sequence[Finding]) -> list[Finding]:
    """Each with its own ticket, or that of its cause."""
    wanted = {f.cause or f.id for f in live}
    rows = connection.execute(select(ticket.c.finding, ticket.c.id).where(ticket.c.finding.in_(wanted)))
    known: dict[int, int] = {row.finding: row.id for row in rows}
    return [Finding(**{**vars(f), "ticket": known.get(f.cause or f.id)}) for f in live]
