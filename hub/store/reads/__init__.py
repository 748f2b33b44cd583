"""What the console and the API read, as plain records. The only other SQL is in hub/store.

Every query is bounded by a LIMIT and walks an index or what is live now, so its cost does not grow with history.
Times are milliseconds UTC.
"""

from hub.store.reads.agents import SILENT, Agent, AgentState, agents, agents_at
from hub.store.reads.devices import MAX_DEVICES, Device, DeviceDetail, Reason, State, device_detail, devices
from hub.store.reads.findings import Finding
from hub.store.reads.fleet import Overview, Site, overview, ping, sites
from hub.store.reads.happenings import DAY, Blindness, Event, Rejected, blind_since, rejections
from hub.store.reads.tickets import (
    MAX_LISTED,
    MAX_TICKETS,
    Consequence,
    History,
    Ticket,
    TicketDetail,
    TicketPage,
    TicketState,
    TimelineEntry,
    consequences,
    open_tickets,
    ticket_detail,
    tickets,
    tickets_by_number,
)

__all__ = [
    "DAY",
    "MAX_DEVICES",
    "MAX_LISTED",
    "MAX_TICKETS",
    "SILENT",
    "Agent",
    "AgentState",
    "Blindness",
    "Consequence",
    "Device",
    "DeviceDetail",
    "Event",
    "Finding",
    "History",
    "Overview",
    "Reason",
    "Rejected",
    "Site",
    "State",
    "Ticket",
    "TicketDetail",
    "TicketPage",
    "TicketState",
    "TimelineEntry",
    "agents",
    "agents_at",
    "blind_since",
    "consequences",
    "device_detail",
    "devices",
    "open_tickets",
    "overview",
    "ping",
    "rejections",
    "sites",
    "ticket_detail",
    "tickets",
    "tickets_by_number",
]
