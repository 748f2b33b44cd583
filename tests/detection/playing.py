"""A script generated and replayed in this process: the tickets it led to, in seconds from its first moment."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.recording import read
from hub.replay import Replay, tickets
from hub.rule import Rule, discover
from hub.store.database import migrate
from simulator.scenario import Scenario
from simulator.virtual.recording import lines
from tests.hub.fleets import Changes, settings_of


class Ticket(NamedTuple):
    """What a technician would have been called for. Times are seconds from the scenario's start."""

    device: str
    rule: str
    severity: str
    since: float
    opened: float
    resolved: float | None
    hides: frozenset[tuple[str, str]]
    """(device, rule) of its consequences."""
    reopened: int


def play(script: Scenario, settings: Changes | None = None) -> list[Ticket]:
    """Its tickets in the order of their opening; `settings` of rules besides the script's own. Raises AssertionError
    where the hub refused what was generated."""
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    migrate(database)
    summary = Replay(database, rules(), settings_of(rules(), {**script.rules, **(settings or {})})).play(
        read(lines(script))
    )
    assert (summary.refused, dict(summary.rejected)) == (0, {})
    start = round(script.start.timestamp() * 1000)
    found = [_ticket(row, start) for row in tickets(database)]
    database.dispose()
    return found


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule of the hub."""
    return discover()


def _ticket(row: Mapping[str, Any], start: int) -> Ticket:
    return Ticket(
        row["device"],
        row["rule"],
        str(row["severity"]),
        (row["since"] - start) / 1000,
        (row["opened"] - start) / 1000,
        (row["resolved"] - start) / 1000 if row["resolved"] else None,
        frozenset((one["device"], one["rule"]) for one in row["hides"]),
        sum(line["what"] == "reopened" for line in row["timeline"]),
    )
