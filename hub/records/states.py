"""How each site stands now, as rows: a few grouped queries, and a closer look at sites where something is wrong."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.records.row import Row
from hub.records.tickets import worst
from hub.rule import Rule
from hub.store import reads, records
from hub.store.records import Counts, State
from wire.records import FLEET_STATE, SEVERITIES, SITE_STATE

SUMMED = (
    *(f"open_{severity}" for severity in SEVERITIES),
    *("open_tickets", "covered", "agents", "agents_silent"),
    *("devices", "devices_fault", "devices_down", "devices_unknown"),
)
NOTHING = State("", {}, None, 0)
NOBODY = Counts(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Judges:
    """Which rules' findings mean an outage, and which leave what is below unknown."""

    outage: frozenset[str]
    hiding: frozenset[str]

    @classmethod
    def of(cls, rules: Mapping[str, Rule]) -> "Judges":
        """As the console has them."""
        hiding = {name for name, rule in rules.items() if rule.darkens} | {reads.SILENT}
        return cls(frozenset(name for name, rule in rules.items() if rule.outage), frozenset(hiding))


def state_rows(database: sa.Engine, judges: Judges, now: int, at: int, sites: Collection[str] = ()) -> Iterator[Row]:
    """A row a site, of those named or all, as it stands `now`, to be written at `at`. Raises SQLAlchemyError."""
    with database.connect() as connection:
        states = records.states(connection)
        counts = records.counts(connection, judges.outage)
    deaf = any(one.end is None for one in reads.blind_since(database, now - reads.DAY))
    for site in sorted(set(sites) & counts.keys() if sites else counts):
        known, count = states.get(site, NOTHING), counts[site]
        unknown = 0
        if deaf or count.strange:
            unknown = sum(one.state == "unknown" for one in reads.devices(database, now, site, judges.hiding))
        yield Row(SITE_STATE, {"site": site}, at, _fields(known, count, unknown))


def fleet_row(rows: Sequence[Row], at: int) -> Row:
    """All sites together, from a row of each."""
    known = [row.fields for row in rows]

    def numbers(name: str) -> list[float]:
        return [value for fields in known if isinstance(value := fields[name], float)]

    sums = {name: sum(numbers(name)) for name in SUMMED}
    extremes = {
        "worst_rank": max(numbers("worst_rank"), default=None),
        "oldest_at": min(numbers("oldest_at"), default=None),
    }
    sites = {"sites": float(len(rows)), "sites_critical": float(sum(value > 0 for value in numbers("open_critical")))}
    return Row(FLEET_STATE, {}, at, {**sums, **extremes, **sites})


def _fields(state: State, count: Counts, unknown: int) -> dict[str, float | str | None]:
    return {
        **{f"open_{severity}": float(state.tickets.get(severity, 0)) for severity in SEVERITIES},
        "open_tickets": float(sum(state.tickets.values())),
        "worst_rank": worst(state.tickets),
        "oldest_at": None if state.oldest is None else float(state.oldest),
        "covered": float(state.covered),
        "agents": float(count.agents),
        "agents_silent": float(count.silent),
        "devices": float(count.devices),
        "devices_fault": float(count.fault),
        "devices_down": float(count.down),
        "devices_unknown": float(unknown),
    }
