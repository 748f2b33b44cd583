"""What a script should have led to, what it led to, and the differences. Pure functions of tickets and times."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

SLACK_MS = 1000
"""Tickets count in corrected sample times, we in our own clock: they may differ by this much."""


class Ticket(NamedTuple):
    """A ticket as the hub's API shows it; times in ms UTC."""

    id: int
    site: str
    device: str
    rule: str
    state: str
    opened: int
    resolved: int | None = None

    @classmethod
    def read(cls, row: dict[str, Any]) -> Self:
        """Of one row of `/api/v1/tickets`. Raises KeyError for a row that lacks a field."""
        return cls(*(row[name] for name in cls._fields))


class Expected(NamedTuple):
    """A fault that was played and the ticket it must have; times in ms UTC of our own clock."""

    fault: str
    device: str
    rule: str
    began: int
    ended: int


def differences(site: str, expected: Sequence[Expected], tickets: Sequence[Ticket]) -> list[str]:
    """One line each for what is missing, doubled, unexpected, early, late or unresolved. Empty: all as it should be."""
    wanted: dict[tuple[str, str], list[Expected]] = defaultdict(list)
    found: dict[tuple[str, str], list[Ticket]] = defaultdict(list)
    for one in expected:
        wanted[one.rule, one.device].append(one)
    for ticket in tickets:
        if ticket.site == site:
            found[ticket.rule, ticket.device].append(ticket)
    lines: list[str] = []
    for key, faults in wanted.items():
        opened = sorted(found.pop(key, []), key=lambda ticket: ticket.opened)
        if len(opened) != len(faults):
            names = ", ".join(fault.fault for fault in faults)
            lines.append(f"{key[0]} on {key[1]}: {len(opened)} tickets, expected {len(faults)} (of {names})")
        else:
            for fault, ticket in zip(sorted(faults, key=lambda fault: fault.began), opened, strict=True):
                lines += _timing(fault, ticket)
    lines += [f"{rule} on {device}: {len(rest)} tickets, expected none" for (rule, device), rest in found.items()]
    return lines


def _timing(fault: Expected, ticket: Ticket) -> list[str]:
    """What is wrong with when this fault's one ticket opened and resolved."""
    name = f"ticket {ticket.id}, {fault.rule} on {fault.device} (of {fault.fault})"
    if ticket.opened < fault.began - SLACK_MS:
        return [f"{name}: opened {_ago(fault.began - ticket.opened)} before the fault began"]
    if ticket.opened > fault.ended + SLACK_MS:
        return [f"{name}: opened {_ago(ticket.opened - fault.ended)} after the fault had ended"]
    if ticket.resolved is None or ticket.state != "resolved":
        return [f"{name}: still {ticket.state}"]
    if ticket.resolved < fault.ended - SLACK_MS:
        return [f"{name}: resolved {_ago(fault.ended - ticket.resolved)} before the fault ended"]
    return []


def _ago(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.1f} s"


def table(tickets: Sequence[Ticket]) -> str:
    """The tickets by opening time, one line each, times of day in the local zone."""
    rows = [("ticket", "site", "device", "rule", "state", "opened", "resolved", "lasted")]
    for one in sorted(tickets, key=lambda ticket: (ticket.opened, ticket.id)):
        lasted = "" if one.resolved is None else f"{(one.resolved - one.opened) / 1000:.0f} s"
        resolved = "" if one.resolved is None else _time(one.resolved)
        rows.append((str(one.id), one.site, one.device, one.rule, one.state, _time(one.opened), resolved, lasted))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%H:%M:%S")
