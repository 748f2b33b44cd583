"""1,000 agents of eight cameras as they are known after eleven days: rows in InfluxDB, agents and devices in SQL."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from hub.store import rollups, schema
from hub.store.database import connect, migrate
from tests.dashboards.filling import fill
from tests.dashboards.player.source import Source
from tests.servers.influxdb import InfluxDB
from wire.codec import inventory_hash
from wire.messages import Device, DeviceKind
from wire.metrics import CATALOGUE

AGENTS = 1000
CAMERAS = 8
DEVICES = [Device(device=f"cam-{number:03}", kind=DeviceKind.CAMERA) for number in range(CAMERAS)]
DAY_MS = 86_400_000
MINUTE_MS = 60_000
BACK_MS = 11 * DAY_MS
SILENT_EVERY = 10
"""One of so many agents may be silent, since up to three days."""
LINES_AT_ONCE = 10_000

STEADY = "recording_retention_days=31.5,recording_bytes_per_second=250000,recording_newest_age_seconds=4,reachable=1"
"""Told every quarter of an hour for eleven days, as the windows of ten reach back."""

WELL = {
    **{metric.name: 0.0 for metric in CATALOGUE if DeviceKind.CAMERA in metric.kinds},
    **dict.fromkeys(("reachable", "authenticated", "connectable", "streaming", "online", "listed", "ntp_enabled"), 1.0),
    **dict.fromkeys(("recording_integrity_ratio", "recording_plan_enabled", "recording_planned"), 1.0),
    **dict.fromkeys(("recording_active", "events_subscribed", "picture_taken", "administrators", "profiles"), 1.0),
    **dict.fromkeys(("picture_brightness_ratio", "picture_contrast_ratio", "picture_saturation_ratio"), 1.0),
    **dict.fromkeys(("picture_sharpness_ratio", "picture_similarity_ratio"), 1.0),
    "recording_retention_days": 31.5,
    "recording_bytes_per_second": 250_000.0,
    "recording_newest_age_seconds": 4.0,
    "recording_segments": 43_200.0,
    "recording_bytes": 1e12,
    "temperature_celsius": 40.0,
    "certificate_left_days": 400.0,
    "accounts": 2.0,
    "picture_baseline_samples": 100.0,
}
"""Every metric of a camera that no rule complains of."""

_WELL = ",".join(f"{metric}={value}" for metric, value in WELL.items())
_AGENT = ",".join(f"{metric.name}=0" for metric in CATALOGUE if DeviceKind.AGENT in metric.kinds)


@dataclass
class Past:
    """`end` is when it ends (ms UTC); some agents are `silent` by then. What is lately told is in every minute."""

    end: int
    silent: bool
    source: Source

    def mark(self, agent: int) -> int:
        """When it told its last."""
        silent = self.silent and agent % SILENT_EVERY == 0
        return self.end - agent * 3 * DAY_MS // AGENTS if silent else self.end - agent

    def fill(self) -> None:
        """InfluxDB."""
        lines, written = self._lines(), 0
        while part := list(islice(lines, LINES_AT_ONCE)):
            fill([self.source], {self.source.uid: "\n".join(part)})
            written += len(part)
        print(f"  {written} rows", flush=True)

    def know(self, database: sa.Engine) -> None:
        """SQL."""
        revision, start = inventory_hash(DEVICES), self.end - BACK_MS
        heard: dict[str, Any] = {"agent": "gateway", "first_heard": start, "inventory_hash": revision}
        with database.begin() as connection:
            for number in range(AGENTS):
                site, mark = f"s{number:06}", self.mark(number)
                row = {"site": site, **heard, "last_heard": mark, "evaluated_until": mark}
                connection.execute(schema.agent.insert(), row)
                devices = [{"site": site, "agent": "gateway", **device.model_dump(mode="json")} for device in DEVICES]
                connection.execute(schema.device.insert(), devices)
            for tier in ("hour", "day"):
                rollups.advance(connection, tier, self.end // DAY_MS * DAY_MS)

    def _lines(self) -> Iterator[str]:
        start = self.end - BACK_MS
        for number in range(AGENTS):
            mark = self.mark(number)
            yield f"agent,site=s{number:06},agent=gateway,device=gateway {_AGENT} {mark}"
            for device in DEVICES:
                head = f"camera,site=s{number:06},agent=gateway,device={device.device}"
                yield f"{head} {_WELL} {mark}"
                yield from (f"{head} {STEADY} {at}" for at in range(start, mark, 15 * MINUTE_MS))
                yield from (f"{head} clock_offset_seconds=0.01 {at}" for at in range(start, mark, 60 * MINUTE_MS))
                span = range(mark - 60 * MINUTE_MS, mark, 5 * MINUTE_MS)
                yield from (f"{head} picture_infrared=0 {at}" for at in span)


@contextmanager
def server(folder: Path) -> Iterator[tuple[InfluxDB, Source]]:
    """An InfluxDB, and how to fill it."""
    with InfluxDB(folder) as influx, httpx.Client(timeout=300) as client:
        yield influx, Source("wk-raw", "raw", influx.database, influx.url, client)


@contextmanager
def standing(*, end: int, silent: bool) -> Iterator[tuple[Path, InfluxDB, sa.Engine]]:
    """All of it in a folder, with `hub.db` for SQL. Filling takes a minute or two."""
    with tempfile.TemporaryDirectory(prefix="past-") as name, server(Path(name)) as (influx, source):
        past = Past(end, silent, source)
        past.fill()
        database = connect(f"sqlite:///{name}/hub.db")
        migrate(database)
        past.know(database)
        yield Path(name), influx, database
        database.dispose()
