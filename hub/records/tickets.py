"""Tickets and their timelines as rows. Pure."""

from collections.abc import Mapping

from hub.records.row import Row
from hub.records.speech import Speech
from hub.store import reads, records
from wire.records import SEVERITIES, TICKET, TICKET_EVENT


def ticket_row(ticket: reads.Ticket, speech: Speech) -> Row:
    """A ticket as it is now, at the time it was opened."""
    lasted = None if ticket.resolved is None else max(ticket.resolved - ticket.since, 0) / 1000
    fields: dict[str, float | str | None] = {
        "number": float(ticket.id),
        "device": ticket.device,
        "rule": ticket.rule,
        "open": float(ticket.state == "open"),
        "severity": ticket.severity,
        "severity_rank": rank(ticket.severity),
        "since_at": float(ticket.since),
        "opened_at": float(ticket.opened),
        # Written while it is open, too: it may have been resolved before, and InfluxDB takes no field away.
        "resolved_at": float(ticket.resolved or 0),
        "duration_seconds": lasted,
        "kind": ticket.kind or "",
        "agent": ticket.agent or "",
        "device_name": ticket.device_name or ticket.device,
        "room": ticket.room or "",
        "url_path": path(ticket.id),
        "consequences": float(ticket.consequences),
        "flaps": float(ticket.flaps),
    }
    return Row(
        TICKET,
        {"site": ticket.site},
        ticket.opened,
        {**fields, **speech.title(ticket), **speech.summary(ticket)},
        ticket.id,
    )


def entry_row(ticket: reads.Ticket, entry: records.Entry, speech: Speech) -> Row:
    """A line of a ticket's timeline."""
    fields: dict[str, float | str | None] = {
        "number": float(ticket.id),
        "device": ticket.device,
        "rule": ticket.rule,
        "what": entry.what,
        "severity": ticket.severity,
        "severity_rank": rank(ticket.severity),
        "device_name": ticket.device_name or ticket.device,
        "url_path": path(ticket.id),
    }
    texts = {**speech.entry(ticket, entry), **speech.title(ticket)}
    return Row(TICKET_EVENT, {"site": ticket.site}, entry.at, {**fields, **texts}, entry.id)


def rank(severity: str) -> float | None:
    """Its place among the severities."""
    return float(SEVERITIES.index(severity)) if severity in SEVERITIES else None


def worst(tickets: Mapping[str, int]) -> float | None:
    """The highest rank among open tickets, by how many there are of each severity; None where there is none."""
    ranks = [found for severity, number in tickets.items() if number and (found := rank(severity)) is not None]
    return max(ranks, default=None)


def path(number: int) -> str:
    """The console's page of a ticket."""
    return f"/tickets/{number}"
