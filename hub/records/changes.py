"""Tickets and events: what came into SQL since the last look, in the order of its numbers."""

from collections.abc import Iterator

from hub.records.events import event_row
from hub.records.row import Row
from hub.records.tickets import entry_row, ticket_row
from hub.records.work import Work
from hub.store import records

AT_ONCE = 500
"""Lines of timelines, or events, of one piece: some hundred kilobytes."""


class Changes:
    """`touched` are the sites whose tickets changed since somebody last took them out of it; `devices` likewise what
    these are about, and were about before: (site, device)."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.touched: set[str] = set()
        self.devices: set[tuple[str, str]] = set()

    def timeline(self) -> Iterator[None]:
        """Every change of a ticket leaves a line on its timeline: the lines, and their tickets as they are now."""
        work = self._work
        while True:
            with work.database.connect() as connection:
                before = records.progress(connection, "timeline")
                entries = records.entries(connection, before or 0, AT_ONCE)
                tickets = records.tickets(connection, {entry.ticket for entry in entries})
            if not entries:
                return
            rows = [ticket_row(ticket, work.speech) for ticket in tickets.values()]
            told = (entry for entry in entries if entry.ticket in tickets)
            rows += [entry_row(tickets[entry.ticket], entry, work.speech) for entry in told]
            work.write(rows)
            work.settle("timeline", before, entries[-1].id)
            self.touched.update(ticket.site for ticket in tickets.values())
            self.devices.update((ticket.site, ticket.device) for ticket in tickets.values())
            moved = (entry for entry in entries if entry.what == "moved" and entry.ticket in tickets)
            self.devices.update((tickets[entry.ticket].site, str(entry.data.get("device"))) for entry in moved)
            yield

    def events(self) -> Iterator[None]:
        """Each once."""
        work = self._work
        while True:
            with work.database.connect() as connection:
                before = records.progress(connection, "event")
                events = records.events(connection, before or 0, AT_ONCE)
            if not events:
                return
            oldest = work.clock() - work.databases.raw_retention
            rows: list[Row] = [event_row(event, work.speech) for event in events if event.at > oldest]
            if rows:
                work.write(rows)
            work.settle("event", before, events[-1].id)
            yield
