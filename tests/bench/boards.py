"""How long Grafana's dashboards wait for InfluxDB: every panel, variable and annotation of each, as a browser asks them
of thirty days of 1,000 agents with the variables as they come (all sites, where a board is of many), beside the two
seconds that people wait. Filling takes minutes. Grafana's own time and the browser's come on top.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from tests.bench.measure import Figure
from tests.bench.month import BOARDS, fill
from tests.bench.month_records import DAYS, END
from tests.dashboards.player.play import Played, Player
from tests.dashboards.player.source import Series, Source
from tests.servers.influxdb import InfluxDB

LIMIT_SECONDS = 2.0
ROUNDS = 3


class Asked(NamedTuple):
    """Something that a dashboard asks: what it is called there, seconds until InfluxDB had answered, seconds of its
    CPU, rows of the answer."""

    seconds: float
    cpu: float
    name: str
    rows: int


@dataclass(frozen=True)
class Timed(Source):
    """A data source that keeps how long each statement took: seconds, and of InfluxDB's CPU."""

    process: psutil.Process
    took: dict[str, tuple[float, float]] = field(default_factory=dict)

    def ask(self, statement: str) -> list[Series]:
        """The same answer."""
        used, began = _cpu(self.process), time.perf_counter()
        answer = super().ask(statement)
        self.took[statement] = (time.perf_counter() - began, _cpu(self.process) - used)
        return answer


def figures() -> Iterator[Figure]:
    """Of each dashboard what takes longest, at the best of a few rounds."""
    with tempfile.TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server, httpx.Client(timeout=300) as client:
        began = time.perf_counter()
        sources, written = fill(server, client)
        print(f"  {written} rows filled in {time.perf_counter() - began:.0f} s", flush=True)
        timed = [
            Timed(one.uid, one.name, one.database, one.url, one.client, psutil.Process(server.pid)) for one in sources
        ]
        for path in sorted(BOARDS.glob("*.json")):
            asked = of_board(path, timed)
            slowest = max(asked)
            ratio = round(slowest.seconds / LIMIT_SECONDS, 3)
            told = (
                f"two seconds; {slowest.name}: {slowest.rows} rows, CPU {slowest.cpu:.2g} s; of {len(asked)} questions"
            )
            name = f"boards: {path.stem}: slowest answer"
            yield Figure(name, round(slowest.seconds, 3), "s", LIMIT_SECONDS, ratio, told)


def of_board(path: Path, sources: Sequence[Timed]) -> list[Asked]:
    """All that one dashboard asks, each at its quickest."""
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    dashboard["time"] = {"from": f"now-{DAYS}d", "to": "now"}
    best: dict[str, Asked] = {}
    for _ in range(ROUNDS):
        for one in _questions(Player(sources, END).play(dashboard), sources):
            best[one.name] = min(one, best.get(one.name, one))
    return list(best.values())


def _questions(played: Played, sources: Sequence[Timed]) -> Iterator[Asked]:
    took = {statement: spent for source in sources for statement, spent in source.took.items()}
    for panel in played.panels:
        spent = [took[statement] for statement in panel.statements]
        rows = sum(frame.length for frame in panel.raw)
        yield Asked(sum(seconds for seconds, _ in spent), sum(cpu for _, cpu in spent), panel.title, rows)
    for name, statement in played.variables.asked.items():
        yield Asked(*took[statement], f"variable {name}", len(played.variables.options[name].values))
    for mark in played.annotations:
        yield Asked(*took[mark.statement], f"annotation {mark.json['name']}", len(mark.events))


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
