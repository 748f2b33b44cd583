"""The week of `sites`, as it lies in a hub's three databases: played through intake, engine and tickets on its own
clock, rolled up, mirrored, and written as line protocol.

The two sites with few devices report once an hour and the school every half hour. Of the values only those are written
that a dashboard, or a rate of the mirror, asks for: a hub writes them all, at several times the cost.
"""

import fcntl
import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.cover import Cover, Scope
from hub.recording import read
from hub.replay import NoSeries, Replay, tickets
from hub.rollup.figures import DAY_MS, HOUR_MS, fields, floor, of_day, rolled
from hub.rule import discover
from hub.series.buffer import Written
from hub.series.line import to_lines
from hub.series.store import Bucket, Point, Summary
from hub.store import covers, schema
from simulator.scenario import Scenario
from simulator.virtual.recording import lines
from tests.dashboards.filling import DATABASES, fill
from tests.dashboards.hub_week import DEAF, hub_week
from tests.dashboards.mirroring import STATES_MS, Mirroring
from tests.dashboards.player.source import Source
from tests.dashboards.sites import NOW, START, sites
from tests.databases import prepare
from tests.hub.fleets import settings_of
from wire.metrics import CATALOGUE

WINDOW = (START + 89 * HOUR_MS, START + 94 * HOUR_MS)
"""When somebody worked at the harbour's camera quay-1."""

FOLDER = Path(__file__).parents[2] / "dashboards" / "json"
RATED = frozenset(
    {"clock_offset_error_seconds", "clock_offset_seconds", "picture_taken", "recording_integrity_ratio", "up"}
)
"""What the mirror's rates are made of."""
BY_HAND = frozenset({"fill_ratio", "reachable", "streaming"})
"""What `handmade` dashboards ask for."""

EVERY_MS = 300_000
"""Between two of the last values."""


@dataclass
class Kept(NoSeries):
    """Takes every point and keeps it."""

    taken: list[Point] = field(default_factory=list)

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """Kept."""
        self.taken.extend(points)
        return super().begin(points)


@dataclass(frozen=True)
class Week:
    """Where it lies: line protocol by tier, records apart, and the tickets it led to."""

    folder: Path

    def lines(self, what: str = "lines") -> dict[str, str]:
        """Line protocol, times in ms, of "records" in ns, by the uid of the data source it belongs to."""
        paths = {f"wk-{tier}": self.folder / f"{tier}.{what}" for tier in DATABASES}
        return {uid: path.read_text(encoding="utf-8") for uid, path in paths.items() if path.exists()}

    def tickets(self) -> list[dict[str, Any]]:
        """As `hub.replay.tickets` tells them."""
        found: list[dict[str, Any]] = json.loads((self.folder / "tickets.json").read_text(encoding="utf-8"))
        return found


def the_week(
    folder: Path, sources: Sequence[Source], scenarios: Sequence[Scenario] | None = None, states_ms: int = STATES_MS
) -> Week:
    """In empty databases: made by the first who asks and kept in that folder, while others wait and take it there."""
    folder.mkdir(parents=True, exist_ok=True)
    week = Week(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tickets.json").exists():
            _make(folder, sources, scenarios or sites(), states_ms)
            return week
    fill(sources, week.lines())
    fill(sources, week.lines("records"), "ns")
    return week


def _make(folder: Path, sources: Sequence[Source], scenarios: Sequence[Scenario], states_ms: int) -> None:
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    prepare(database)
    _announce(database)
    kept, rules = Kept(), discover()
    tables = {name: table for scenario in scenarios for name, table in scenario.rules.items()}
    replay = Replay(database, rules, settings_of(rules, tables), series=kept)
    mirroring = Mirroring(database, sources, rules, tables, lambda: replay.now, states_ms)
    summary = replay.play(read(_merged(scenarios)), mirroring.told)
    assert (summary.refused, dict(summary.rejected)) == (0, {})
    every = [*kept.taken, *lately(kept.taken), *hub_week()]
    raw, hourly = list(asked_for(every)), list(hours(asked_for(every, rolled_up=True)))
    for tier, points in (("raw", raw), ("hourly", hourly), ("daily", list(days(hourly)))):
        (folder / f"{tier}.lines").write_text("\n".join(to_lines(points).lines) + "\n", encoding="utf-8")
    fill(sources, Week(folder).lines())
    mirroring.finish()
    mirroring.close()
    for tier, records in zip(DATABASES, mirroring.kept, strict=True):
        (folder / f"{tier}.records").write_text("\n".join(records.lines) + "\n", encoding="utf-8")
    (folder / "tickets.json").write_text(json.dumps(list(tickets(database))), encoding="utf-8")
    database.dispose()


def _announce(database: sa.Engine) -> None:
    """A maintenance window, and the time in which the hub heard nothing (`hub_week`)."""
    start, end = DEAF
    window = Cover(0, "maintenance", Scope("harbour", "quay-1"), *WINDOW, "ann", "lens cleaned", added=WINDOW[0])
    with database.begin() as connection:
        connection.execute(schema.blindness.insert().values(start=start, end=end, reason="broker"))
        covers.add(connection, window, WINDOW[1])


def asked_for(points: Sequence[Point], *, rolled_up: bool = False) -> Iterator[Point]:
    """Of each point the metrics that a dashboard names, rolled up or as they are, and some besides."""
    texts = [path.read_text(encoding="utf-8") for path in (FOLDER / "en").glob("*.json")]
    named = {name for text in texts for name in re.findall(r'\\"(\w+)\\"', text)}
    known = (metric.name for metric in CATALOGUE)
    metrics = {name for name in known if named & set(fields(name) if rolled_up else (name,))} | RATED | BY_HAND
    for point in points:
        values = {metric: value for metric, value in point.values.items() if metric in metrics}
        if values:
            yield point._replace(values=values)


def lately(points: Sequence[Point]) -> Iterator[Point]:
    """What agents told in the last hour, once more every five minutes until its end, as they would at their usual
    pace: a dashboard's "now" is the last few minutes. Agents that are silent say nothing."""
    last = {(kind, site, agent, device): point for point in points for kind, site, agent, device, *_ in [point]}
    for point in last.values():
        if point.at > NOW - HOUR_MS:
            yield from (point._replace(at=at) for at in range(NOW - EVERY_MS, point.at, -EVERY_MS))


def _merged(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """All recordings as one, in the order of receiving, with one end."""
    streams = [_timed(lines(scenario)) for scenario in scenarios]
    yield from (line for _, line in heapq.merge(*streams))
    yield f'{{"received":{NOW}}}'


def _timed(recording: Iterable[str]) -> Iterator[tuple[int, str]]:
    for line in recording:
        if '"topic"' in line:
            yield int(line[len('{"received":') :].partition(",")[0]), line


def hours(raw: Iterable[Point]) -> Iterator[Point]:
    """The rollups of every whole hour, as the hub's worker computes them from the store."""
    series: dict[tuple[str, str, str, str, int], dict[str, dict[int, float]]] = {}
    for kind, site, agent, device, at, values in raw:
        metrics = series.setdefault((kind, site, agent, device, floor(at, HOUR_MS)), {})
        for metric, value in values.items():
            metrics.setdefault(metric, {})[at] = value
    for (kind, site, agent, device, hour), metrics in series.items():
        if hour + HOUR_MS <= NOW:
            summary = Summary(site, agent, device, {name: _bucket(hour, of) for name, of in metrics.items()})
            yield rolled(kind, summary, hour)


def _bucket(at: int, values: dict[int, float]) -> Bucket:
    return Bucket(at, sum(values.values()) / len(values), min(values.values()), max(values.values()), len(values))


def days(hourly: Iterable[Point]) -> Iterator[Point]:
    """The rollups of every whole day."""
    by_day: dict[tuple[str, int], list[Point]] = {}
    for point in hourly:
        by_day.setdefault((point.kind, floor(point.at, DAY_MS)), []).append(point)
    for (kind, day), points in by_day.items():
        if day + DAY_MS <= NOW:
            yield from of_day(kind, points, day)
