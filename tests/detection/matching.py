"""Which ticket is about which fault: by device subtree and overlap in time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.faults import AnyFault
from tests.detection.playing import Ticket
from tests.detection.topology import Topology

SLACK_SECONDS = 3600.0
"""How long after its end a fault may still be told of: what is asked once an hour, what comes late."""


@dataclass
class Outcome:
    """A fault and the tickets about it, in the order of their opening."""

    fault: AnyFault
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def delay(self) -> float | None:
        """Seconds from its beginning to its first ticket; None where it was missed."""
        return self.tickets[0].opened - self.fault.at if self.tickets else None


def match(
    faults: Sequence[AnyFault], tickets: Sequence[Ticket], topology: Topology, end: float
) -> tuple[list[Outcome], list[Ticket]]:
    """What became of each fault, and the tickets that no fault explains. A ticket is about one fault at most."""
    outcomes = [Outcome(fault) for fault in faults]
    places = [topology.places(fault) for fault in faults]
    false: list[Ticket] = []
    for ticket in tickets:
        fitting = [
            outcome
            for outcome, there in zip(outcomes, places, strict=True)
            if ticket.device in there and _overlap(outcome.fault, ticket, end)
        ]
        if not fitting:
            false.append(ticket)
            continue
        # The nearest: on the very device where there is one, else the one that began last before it.
        fitting.sort(key=lambda one: (one.fault.device == ticket.device, one.fault.at <= ticket.opened, one.fault.at))
        fitting[-1].tickets.append(ticket)
    return outcomes, false


def _overlap(fault: AnyFault, ticket: Ticket, end: float) -> bool:
    """Its condition lasted while the fault did, or hardly longer. It may not have begun before it."""
    until = end if ticket.resolved is None else ticket.resolved
    return ticket.opened >= fault.at and ticket.since <= fault.end + SLACK_SECONDS and until >= fault.at
