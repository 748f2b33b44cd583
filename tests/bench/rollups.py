"""Thirty days of hourly and daily rollups of 1,000 agents: what charts of them cost, beside raw values; what rolling
an hour of them costs, and marking late reports. Real InfluxDB and the embedded store; filling them takes minutes.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil

from hub.rollup.charts import LongCharts
from hub.rollup.figures import DAY_MS, HOUR_MS, fields
from hub.rollup.marks import Marks
from hub.rollup.worker import GRACE_MS, RollupWorker, Stores
from hub.series.config import SeriesSettings, of_tier, open_series
from hub.series.store import Point, SeriesStore
from hub.store import rollups, schema
from hub.store.database import connect, migrate
from tests.bench.measure import ROUNDS, Figure, cost, seconds_each
from tests.servers.influxdb import InfluxDB

AGENTS = 1000
DAYS = 30
DEVICES = (("host", "cpu_ratio"), ("camera", "response_seconds"))
"""Of each agent: kind, and the metric that varies beside `up`."""
RAW_AGENTS = 10
"""So many have thirty days of raw values at one a minute."""
END = 1_800_000_000_000 // DAY_MS * DAY_MS
START = END - DAYS * DAY_MS
MINUTE = 60_000


def figures() -> Iterator[Figure]:
    """Seconds and milliseconds, as said."""
    yield from _marking()
    with tempfile.TemporaryDirectory() as folder:
        yield from _of_store("embedded", SeriesSettings(path=Path(folder) / "series.db"), lambda: 0.0, Path(folder))
    with tempfile.TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server:
        for tier, kept, shard in (("hourly", 400, 30), ("daily", 3650, 365)):
            kept_for = f"DURATION {kept * 24}h REPLICATION 1 SHARD DURATION {shard * 24}h"
            server.query(f'CREATE DATABASE "{server.database}_{tier}" WITH {kept_for} NAME "autogen"')
        settings = SeriesSettings(
            kind="influx", url=server.url, api="v1", database=server.database, timeout_seconds=120
        )
        yield from _of_store("InfluxDB", settings, lambda: _cpu(server), Path(folder))
        yield from _as_grafana_asks(server)


def _marking() -> Iterator[Figure]:
    """Per report of 64 devices and of one: asking whether anything is late, when nothing is; and one mark in SQL."""
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"sqlite:///{folder}/hub.db")
        migrate(database)
        marks = Marks(database, lambda: END)
        with database.begin() as connection:
            rollups.advance(connection, "hour", END)
            marks.restore(connection)
        big = [_raw("camera", "site-1", f"cam-{n}", END + n, "response_seconds") for n in range(64)]
        late = [point._replace(at=START) for point in big]
        bare = seconds_each(lambda: [point.at for point in big], 2000)
        reading = "reading their times"
        yield cost("marking: 64 devices, none late", seconds_each(lambda: marks.late(big), 2000), bare, reading)
        marks.late(late)
        yield cost("marking: the same, late, known", seconds_each(lambda: marks.late(late), 500), bare, reading)
        hours = iter(range(10**6))

        def mark() -> None:
            at = START - next(hours) * HOUR_MS
            keys = marks.late([point._replace(at=at) for point in big])
            with database.begin() as connection:
                marks.save(connection, keys)

        def empty() -> None:
            with database.begin() as connection:
                rollups.advance(connection, "day", next(hours))

        alone = seconds_each(empty, 20)
        yield cost("marking: the same, late, 64 new rows", seconds_each(mark, 20), alone, "a commit of one row")
        database.dispose()


def _of_store(name: str, settings: SeriesSettings, server_cpu: Callable[[], float], folder: Path) -> Iterator[Figure]:
    raw, hourly, daily = (open_series(of_tier(settings, tier)) for tier in ("raw", "hourly", "daily"))
    began = time.perf_counter()
    _fill(hourly, HOUR_MS)
    _fill(daily, DAY_MS)
    rows = AGENTS * len(DEVICES) * DAYS * 25
    print(f"  {name}: {rows} rollups filled in {time.perf_counter() - began:.0f} s", flush=True)
    for agent in range(RAW_AGENTS):
        for day in range(DAYS):
            at = START + day * DAY_MS
            raw.write([_raw("host", f"site-{agent}", "host-0", at + n * MINUTE, "cpu_ratio") for n in range(1440)])
    charts = LongCharts(raw, hourly, daily, lambda: {"hour": END, "day": END})
    question = ("site-1", "host", "host-0", "cpu_ratio", START - 1, END - 1)
    for step, label in ((6 * HOUR_MS, "6 h"), (DAY_MS, "1 day")):
        rolled = seconds_each(partial(charts.chart, *question, step), 3)
        direct = seconds_each(partial(raw.chart, *question, step), 1)
        what = f"{name}: 30-day chart, one device, step {label}"
        yield cost(what, rolled, direct, "from raw, one a minute", 1e3, "ms")
    yield from _hour(name, raw, hourly, daily, server_cpu, folder)
    for store in (raw, hourly, daily):
        store.close()


def _hour(
    name: str, raw: SeriesStore, hourly: SeriesStore, daily: SeriesStore, server_cpu: Callable[[], float], folder: Path
) -> Iterator[Figure]:
    """One hour of the whole fleet, a value a minute, rolled by the worker without its rests."""
    for minute in range(60):
        raw.write(list(_devices(END + minute * MINUTE, _raw)))
    database = connect(f"sqlite:///{folder}/hub.db")
    migrate(database)
    with database.begin() as connection:
        agents = [{"site": f"site-{n}", "agent": "gateway", "first_heard": 1, "last_heard": 1} for n in range(AGENTS)]
        connection.execute(schema.agent.insert(), agents)
        devices = [
            {"site": p.site, "device": p.device, "agent": "gateway", "kind": p.kind, "facts": {}}
            for p in _devices(END, _raw)
        ]
        connection.execute(schema.device.insert(), devices)
        rollups.advance(connection, "hour", END)
        rollups.advance(connection, "day", END)
    marks = Marks(database, lambda: END + HOUR_MS + GRACE_MS)
    with database.connect() as connection:
        marks.restore(connection)
    stores = Stores(raw, hourly, daily, 90 * DAY_MS, 400 * DAY_MS)
    worker = RollupWorker(database, stores, marks, lambda: END + HOUR_MS + GRACE_MS)
    began, ours, theirs = time.perf_counter(), time.process_time(), server_cpu()
    pieces = sum(1 for _ in worker.pieces())
    wall, ours, theirs = time.perf_counter() - began, time.process_time() - ours, server_cpu() - theirs
    with database.connect() as connection:
        assert rollups.until(connection)["hour"] == END + HOUR_MS
    database.dispose()
    what = f"{name}: an hour of {len(devices)} devices, CPU of hub and store"
    yield cost(what, ours + theirs, wall, f"wall time, in {pieces} pieces", 1.0, "s")
    yield cost(f"{name}: the same, the hub alone", ours, ours + theirs, "hub and store", 1.0, "s")


def _as_grafana_asks(server: InfluxDB) -> Iterator[Figure]:
    """One InfluxQL query over every agent."""
    span = f"time >= {START}ms AND time < {END}ms"
    mean = fields("cpu_ratio")[0]

    def ask(database: str, field: str, step: str, by: str = "", where: str = "") -> tuple[float, float]:
        """Seconds of wall time, and of InfluxDB's CPU."""
        query = f'SELECT mean("{field}") FROM "host" WHERE {span}{where} GROUP BY time({step}){by}'  # noqa: S608 - ours
        form = {"q": query, "db": database, "epoch": "ms"}

        def once() -> None:
            answer = httpx.post(f"{server.url}/query", data=form, timeout=120).raise_for_status()
            assert len(answer.json()["results"][0]["series"][0]["values"]) >= DAYS

        before = _cpu(server)
        wall = seconds_each(once, 1)
        return wall, (_cpu(server) - before) / ROUNDS

    raw_one, _ = ask("watchkeeper", "cpu_ratio", "6h", where=" AND \"site\" = 'site-1'")
    few = " OR ".join(f"\"site\" = 'site-{number}'" for number in range(RAW_AGENTS))
    raw_few, raw_cpu = ask("watchkeeper", "cpu_ratio", "6h", where=f" AND ({few})")
    times = AGENTS / RAW_AGENTS
    for label, by in ((f"mean of {AGENTS} agents", ""), (f"{AGENTS} lines", ', "site"')):
        for tier, step in (("hourly", "6h"), ("daily", "1d")):
            taken, cpu = ask(f"watchkeeper_{tier}", mean, step, by)
            against = f"raw of {RAW_AGENTS} agents × {times:g}"
            what = f"InfluxQL: 30 days, {label}, {tier}"
            yield cost(what, taken, raw_few * times, against, 1e3, "ms")
            yield cost(f"{what}, CPU", cpu, raw_cpu * times, against, 1e3, "ms")
    yield cost("InfluxQL: 30 days, raw, one agent", raw_one, raw_few, f"raw, {RAW_AGENTS} agents", 1e3, "ms")


def _fill(store: SeriesStore, step: int) -> None:
    """A device's whole time at once: SQLite writes neighbouring rows much faster."""
    batch: list[Point] = []
    for agent in range(AGENTS):
        for number, (kind, metric) in enumerate(DEVICES):
            times = range(START, END, step)
            batch += [_rollup(kind, f"site-{agent}", f"{kind}-{number}", at, metric) for at in times]
        if len(batch) >= 5000 or agent == AGENTS - 1:
            store.write(batch)
            batch = []


def _devices(at: int, make: Callable[[str, str, str, int, str], Point]) -> Iterator[Point]:
    for agent in range(AGENTS):
        for number, (kind, metric) in enumerate(DEVICES):
            yield make(kind, f"site-{agent}", f"{kind}-{number}", at, metric)


def _raw(kind: str, site: str, device: str, at: int, metric: str) -> Point:
    return Point(kind, site, "gateway", device, at, {"up": 1.0, metric: at // MINUTE % 97 / 97})


def _rollup(kind: str, site: str, device: str, at: int, metric: str) -> Point:
    mean = at // HOUR_MS % 97 / 97
    values = dict(zip(fields("up"), (1.0, 1.0, 1.0, 60.0), strict=True))
    values |= zip(fields(metric), (mean, mean / 2, min(mean * 2, 1.0), 60.0), strict=True)
    return Point(kind, site, "gateway", device, at, values)


def _cpu(server: InfluxDB) -> float:
    """Seconds of CPU the server has used."""
    used = psutil.Process(server.pid).cpu_times()
    return float(used.user + used.system)
