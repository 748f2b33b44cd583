"""What records cost the hub: its own CPU for each thing that its thread does, of 1,000 sites, on a real InfluxDB."""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from hub.records.mirror import Mirror
from hub.records.stores import Databases
from hub.records.work import Work
from hub.rule import discover
from hub.scoped import Scoped
from hub.series.config import TIERS, SeriesSettings, of_tier, open_series
from hub.series.influx import InfluxSeries
from hub.store import schema
from hub.store.database import connect, migrate
from tests.bench.measure import Figure, cost
from tests.bench.month_records import AGENTS, DAY_MS, DAYS, END, INVENTORY, START
from tests.servers.influxdb import InfluxDB


def figures() -> Iterator[Figure]:
    """Seconds of CPU, beside the wall time."""
    with tempfile.TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server:
        for tier in ("hourly", "daily"):
            server.query(f'CREATE DATABASE "{server.database}_{tier}"')
        yield from _mirror(server, Path(folder))


def _mirror(server: InfluxDB, folder: Path) -> Iterator[Figure]:
    """What the hub's thread costs: seconds of its CPU for each thing it does, beside the wall time."""
    database = connect(f"sqlite:///{folder}/hub.db")
    migrate(database)
    with database.begin() as connection:
        heard = {"agent": "gateway", "first_heard": START, "last_heard": END, "evaluated_until": END}
        connection.execute(schema.agent.insert(), [{**heard, "site": f"site-{agent}"} for agent in range(AGENTS)])
        known = {"agent": "gateway", "kind": "camera", "facts": {"model": "X-9"}, "name": "Gate"}
        devices = [{**known, "site": f"site-{n % AGENTS}", "device": f"cam-{n}"} for n in range(AGENTS * INVENTORY)]
        connection.execute(schema.device.insert(), devices)
        told = {"agent": "gateway", "report_id": "a:1", "received": END, "type": "door.access_granted"}
        event = {**told, "device": "cam-1", "at": END - 1, "data": {"credential": "c-17"}}
        connection.execute(
            schema.event.insert(), [{**event, "site": f"site-{n % AGENTS}", "position": n} for n in range(10_000)]
        )
    settings = SeriesSettings(kind="influx", url=server.url, api="v1", database=server.database, timeout_seconds=120)
    stores = [open_series(of_tier(settings, tier)) for tier in TIERS]
    raw, hourly, daily = (store for store in stores if isinstance(store, InfluxSeries))
    rules = discover()
    scoped = Scoped(rules, {}, {}, ())
    work = Work(
        database, Databases(raw, hourly, daily, 90 * DAY_MS, 3650 * DAY_MS), scoped, UTC, lambda: END + 3_600_000
    )
    mirror = Mirror(work)
    for what, job in (
        ("10,000 events", "events"),
        (f"how {AGENTS} sites stand", "states"),
        (f"an inventory of {AGENTS * INVENTORY}", "inventory"),
        (f"rates of {DAYS} days, {AGENTS} sites", "rates"),
        ("nothing new", "events"),
    ):
        began, used = time.perf_counter(), time.process_time()
        pieces = sum(1 for _ in mirror.jobs[job]())
        wall, used = time.perf_counter() - began, time.process_time() - used
        yield cost(f"mirror: {what}, CPU of the hub", used, wall, f"wall time, in {pieces} pieces", 1.0, "s")
    for store in stores:
        store.close()
    database.dispose()
