"""The week of `sites`, as it lies in a hub's three databases: played through intake, engine and tickets on its own
clock, rolled up, mirrored, and written as line protocol.

The two sites with few devices report once an hour and the school every half hour, so that all of it costs about three
seconds of one core. Rules whose conditions must last for less than their reports are apart get times to match.
"""

import fcntl
import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.recording import read
from hub.replay import NoSeries, Replay, tickets
from hub.rollup.figures import DAY_MS, HOUR_MS, floor, of_day, rolled
from hub.rule import Settings, discover
from hub.series.buffer import Written
from hub.series.line import to_lines
from hub.series.store import Bucket, Point, Summary
from hub.store.database import migrate
from simulator.scenario import Scenario
from simulator.virtual.recording import lines
from tests.dashboards.filling import DATABASES
from tests.dashboards.hub_week import hub_week
from tests.dashboards.sites import NOW, sites
from tests.hub.fleets import settings_of

SECONDS_APART = 3600.0
"""Between two reports of the slowest agents."""


@dataclass
class Kept(NoSeries):
    """Takes every point and keeps it."""

    points: list[Point] = field(default_factory=list)

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """Kept."""
        self.points.extend(points)
        return super().begin(points)


@dataclass(frozen=True)
class Week:
    """Where it lies: line protocol by tier, and the tickets it led to."""

    folder: Path

    def lines(self) -> dict[str, str]:
        """Line protocol, times in ms, by the uid of the data source it belongs to."""
        return {f"wk-{tier}": (self.folder / f"{tier}.lines").read_text(encoding="utf-8") for tier in DATABASES}

    def tickets(self) -> list[dict[str, Any]]:
        """As `hub.replay.tickets` tells them."""
        found: list[dict[str, Any]] = json.loads((self.folder / "tickets.json").read_text(encoding="utf-8"))
        return found


def the_week(folder: Path, scenarios: Sequence[Scenario] | None = None) -> Week:
    """In that folder: made by the first who asks, while others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tickets.json").exists():
            _make(folder, scenarios or sites())
    return Week(folder)


def _make(folder: Path, scenarios: Sequence[Scenario]) -> None:
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    migrate(database)
    kept = Kept()
    rules = discover()
    settings = settings_of(rules)
    settings |= {name: _slowed(one) for name, one in settings.items() if 0 < one.hold_seconds < SECONDS_APART}
    settings |= {
        name: settings[name].model_copy(update=dict(changes))
        for scenario in scenarios
        for name, changes in scenario.rules.items()
    }
    summary = Replay(database, rules, settings, series=kept).play(read(_merged(scenarios)))
    assert (summary.refused, dict(summary.rejected)) == (0, {})
    raw = [*kept.points, *hub_week()]
    hourly = list(hours(raw))
    for tier, points in (("raw", raw), ("hourly", hourly), ("daily", list(days(hourly)))):
        (folder / f"{tier}.lines").write_text("\n".join(to_lines(points).lines) + "\n", encoding="utf-8")
    (folder / "tickets.json").write_text(json.dumps(list(tickets(database))), encoding="utf-8")
    database.dispose()


def _slowed(settings: Settings) -> Settings:
    """A condition is only held across a gap of twice its hold time."""
    return settings.model_copy(update={"hold_seconds": SECONDS_APART, "clear_seconds": SECONDS_APART})


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
