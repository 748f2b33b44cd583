"""How long a hub that starts, or takes over, is deaf: its engine rebuilt from SQL and a real InfluxDB, for 1,000
agents of eight cameras, a tenth of which fell silent at some time in the last days. Filling takes a minute or two.
"""

import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from hub.blindness import Blindness
from hub.lookback import read_windows
from hub.rebuild import rebuild
from hub.recollection import owed
from hub.rule import discover
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.store import schema
from hub.store.database import connect, migrate
from tests.bench.measure import Figure
from tests.dashboards.filling import fill
from tests.dashboards.player.source import Source
from tests.hub.fleets import settings_of
from tests.servers.influxdb import InfluxDB
from wire.codec import inventory_hash
from wire.messages import Device, DeviceKind
from wire.metrics import CATALOGUE

AGENTS = 1000
CAMERAS = 8
DAY_MS = 86_400_000
END = 1_800_000_000_000
START = END - 11 * DAY_MS
SILENT_EVERY = 10
"""One of so many agents is silent, since up to three days."""
LINES_AT_ONCE = 10_000
TAKEOVER_SECONDS = 15.0
ALONE = 160
"""Devices whose windows are asked for one by one, for comparison."""

DEVICES = [Device(device=f"cam-{number}", kind=DeviceKind.CAMERA) for number in range(CAMERAS)]
STEADY = "recording_retention_days=31.5,recording_bytes_per_second=250000,recording_newest_age_seconds=4,reachable=1"
"""Told every quarter of an hour for eleven days, as the windows of ten reach back."""


def figures() -> Iterator[Figure]:
    """Seconds."""
    with tempfile.TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server, httpx.Client(timeout=300) as client:
        source = Source("wk-raw", "raw", server.database, server.url, client)
        lines, written = _lines(), 0
        while part := list(islice(lines, LINES_AT_ONCE)):
            fill([source], {source.uid: "\n".join(part)})
            written += len(part)
        print(f"  {written} rows", flush=True)
        yield from _started(Path(folder), InfluxSeries(InfluxTarget(server.url, server.database, api="v1")))


def _started(folder: Path, series: InfluxSeries) -> Iterator[Figure]:
    database = connect(f"sqlite:///{folder}/hub.db")
    migrate(database)
    _know(database)
    rules = discover()
    with database.connect() as connection:
        began = time.perf_counter()
        engine = rebuild(connection, series, rules, settings_of(rules), Blindness(), END)
        whole = time.perf_counter() - began
    wanted = owed(engine.sites)
    began = time.perf_counter()
    read_windows(wanted, series)
    windows = time.perf_counter() - began
    began, asked = time.perf_counter(), 0
    for (site, device), one in islice(wanted.items(), ALONE):
        for window in one.windows:
            series.window(site, one.kind, device, window.metric, one.mark - window.back_ms, one.mark)
            asked += 1
    alone = (time.perf_counter() - began) * len(wanted) / ALONE
    what = f"start: {AGENTS} agents, {AGENTS * CAMERAS} cameras"
    limit = "what a hub may take to take over"
    yield Figure(what, round(whole, 2), "s", TAKEOVER_SECONDS, round(whole / TAKEOVER_SECONDS, 3), limit)
    against = f"asked one by one ({asked * len(wanted) // ALONE} questions)"
    yield Figure(f"{what}: windows", round(windows, 2), "s", round(alone, 1), round(windows / alone, 3), against)
    database.dispose()
    series.close()


def _mark(number: int) -> int:
    return END - number * 3 * DAY_MS // AGENTS if number % SILENT_EVERY == 0 else END - number


def _lines() -> Iterator[str]:
    others, agents = (
        ",".join(f"{metric.name}=0" for metric in CATALOGUE if kind in metric.kinds)
        for kind in (DeviceKind.CAMERA, DeviceKind.AGENT)
    )
    for number in range(AGENTS):
        yield f"agent,site=s{number:06},agent=gateway,device=gateway {agents} {_mark(number)}"
        for device in DEVICES:
            head = f"camera,site=s{number:06},agent=gateway,device={device.device}"
            mark = _mark(number)
            yield f"{head} {others} {mark}"
            yield from (f"{head} {STEADY} {at}" for at in range(START, mark, 900_000))
            yield from (f"{head} clock_offset_seconds=0.01 {at}" for at in range(START, mark, 3_600_000))
            yield from (f"{head} picture_infrared=0 {at}" for at in range(mark - 3_600_000, mark, 300_000))


def _know(database: Any) -> None:
    revision = inventory_hash(DEVICES)
    heard: dict[str, Any] = {"agent": "gateway", "first_heard": START, "inventory_hash": revision}
    with database.begin() as connection:
        for number in range(AGENTS):
            site, mark = f"s{number:06}", _mark(number)
            row = {"site": site, **heard, "last_heard": mark, "evaluated_until": mark}
            connection.execute(schema.agent.insert(), row)
            devices = [{"site": site, "agent": "gateway", **device.model_dump(mode="json")} for device in DEVICES]
            connection.execute(schema.device.insert(), devices)
