"""A script generated and replayed in this process: the tickets it led to, in seconds from its first moment."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.recording import read
from hub.replay import Replay, tickets
from hub.rule import Rule, discover
from simulator.scenario import Scenario
from simulator.virtual.recording import lines
from tests.databases import prepare
from tests.hub.fleets import Changes, settings_of

_RECEIVED = '{"received":'


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


def play(script: Scenario, settings: Changes | None = None, since: float = 0.0) -> list[Ticket]:
    """Its tickets in the order of their opening; `settings` of rules besides the script's own; the hub hears of it from
    the second `since` on. Raises AssertionError where the hub refused what was generated."""
    start = round(script.start.timestamp() * 1000)
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    prepare(database)
    summary = Replay(database, rules(), settings_of(rules(), {**script.rules, **(settings or {})})).play(
        read(heard_since(lines(script), start + round(since * 1000)))
    )
    assert (summary.refused, dict(summary.rejected)) == (0, {})
    found = [_ticket(row, start) for row in tickets(database)]
    database.dispose()
    return found


def heard_since(recording: Iterable[str], begin: int) -> Iterator[str]:
    """A recording as a hub hears it that first listens at `begin` (ms): what is retained comes first, then what is new.
    That of inventories is not retained; agents are asked for theirs as they are."""
    kept: dict[str, str] = {}
    rest = iter(recording)
    for line in rest:
        if int(line[len(_RECEIVED) :].split(",", 1)[0].rstrip("}")) >= begin:
            for old in kept.values():
                yield f"{_RECEIVED}{begin},{old}"
            yield line
            break
        topic = line.partition('"topic":"')[2].partition('"')[0]
        if not topic.endswith("/report"):
            kept[topic] = line.partition(",")[2]
    yield from rest


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
