"""Thirty days of 1,000 agents, one a site, on a real InfluxDB: what Grafana's dashboards read of them, and no more.

Every metric that a query of a dashboard names is filled where it asks for it: hourly and daily values of all devices
over the whole time; raw ones of one site whole (charts with lines of their own are of one), of all others the newest,
as far back as tables read them. A panel that is new is filled by what it asks.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import httpx

from hub.records.row import to_line
from hub.rollup.figures import fields
from tests.bench.month_records import AGENTS, DAY_MS, END, START, Repeated, daily_rows, hourly_rows, raw_rows, site_of
from tests.dashboards.filling import fill as write
from tests.dashboards.filling import sources_on
from tests.dashboards.player.source import Source
from tests.servers.influxdb import InfluxDB
from wire.metrics import BY_NAME

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
LINES_AT_ONCE = 10_000
BOARDS = Path("dashboards/json/en")
DEVICES = ("host", "agent", "volume", "disk", "recorder", "switch", "door") + ("camera",) * 4 + ("network",) * 3
"""The kinds of each site's devices; the agent is not one of the inventory."""
CLOSE: tuple[str, ...] = (
    *("host", "agent", "switch", *("recorder",) * 2, *("volume",) * 4, *("disk",) * 4, *("door",) * 4),
    *("camera",) * 16,
    *("channel",) * 16,
    *("network",) * 24,
)
"""Those of the first site, a large one: dashboards that show one site show this."""
CHARTED = ("host", "agent", "recorder", "switch", "door", "network", "hub")
"""Of which charts of one site read raw values; of cameras a chart shows one, the first."""
FIRST_CAMERA = f"camera-{CLOSE.index('camera')}"
NOW_KINDS = ("switch", "network")
"""Of which tables of all sites read raw values, those of a quarter of an hour."""
VARIANTS = 97
"""So many different values a metric has before they come again."""
_NAMED = re.compile(r'"(\w+)"')
_FROM = re.compile(r'FROM ("\w+"(?:, "\w+")*)')
WORSE: Mapping[str, tuple[float, float]] = {
    "recording_retention_days": (40.0, 20.0),
    "clock_offset_seconds": (0.01, 30.0),
    "full_in_days": (100.0, 5.0),
}
"""Metric → value of a device that is well, and of one that is not. Where it says nothing: 1 and 0, the other way round
for what should not be."""
FAULT = re.compile(
    r"picture_(?!taken)[a-z_]*(?<!ratio)(?<!seconds)$|.*_(fault|failure|degraded|alarm|critical|loss|only)$"
)


class Device(NamedTuple):
    """One device of the fleet."""

    site: str
    kind: str
    name: str
    well: bool
    """One of ten is not."""

    @property
    def series(self) -> str:
        """Its measurement and tags."""
        return f"{self.kind},site={self.site},agent=gateway,device={self.name}"


def fill(server: InfluxDB, client: httpx.Client) -> tuple[Sequence[Source], int]:
    """The three databases as `watchkeeper-hub init-influx` makes them, filled: as a Grafana's data sources, and how
    many rows they hold."""
    for tier, kept, shard in (("hourly", 400, 30), ("daily", 3650, 365)):
        kept_for = f"DURATION {kept * 24}h REPLICATION 1 SHARD DURATION {shard * 24}h"
        server.query(f'CREATE DATABASE "{server.database}_{tier}" WITH {kept_for} NAME "autogen"')
    sources, written = sources_on(server, client), 0
    for source, lines in zip(sources, (_raw(), _hourly(), _daily()), strict=True):
        while part := list(islice(lines, LINES_AT_ONCE)):
            write([source], {source.uid: "\n".join(part)}, "ns")
            written += len(part)
    return sources, written


def _raw() -> Iterator[str]:
    close = [device for device in devices(0) if device.kind in CHARTED or device.name == FIRST_CAMERA]
    for device in close:
        yield from _values("raw", device, range(START, END, 15_000 if device.kind == "hub" else MINUTE_MS))
    for device in chain.from_iterable(map(devices, range(AGENTS))):
        if device in close:
            continue
        if device.kind in NOW_KINDS:
            yield from _values("newest", device, range(END - 2 * HOUR_MS, END, MINUTE_MS))
        elif device.kind == "agent":
            yield from _values("newest", device, (END - MINUTE_MS,))
    yield from _lines(raw_rows())


def _hourly() -> Iterator[str]:
    for device in chain.from_iterable(map(devices, range(AGENTS))):
        yield from _values("hourly", device, range(START, END, HOUR_MS))
    yield from _lines(hourly_rows())


def _daily() -> Iterator[str]:
    for device in chain.from_iterable(map(devices, range(AGENTS))):
        yield from _values("daily", device, range(START, END, DAY_MS))
    yield from _lines(daily_rows())


def _lines(rows: Iterable[Repeated]) -> Iterator[str]:
    for row, times in rows:
        head = to_line(row).rpartition(" ")[0]
        for at in times:
            yield f"{head} {at}000000"


def devices(agent: int) -> Iterator[Device]:
    """Of one agent, the hub among the first's."""
    for number, kind in enumerate((*CLOSE, "hub") if agent == 0 else DEVICES):
        name = "gateway" if kind == "agent" else f"{kind}-{number}"
        yield Device(site_of(agent), kind, name, (agent + number) % 10 != 0)


def _values(scope: str, device: Device, times: Iterable[int]) -> Iterator[str]:
    if texts := _texts(scope, device.kind, device.well):
        head = device.series
        for number, at in enumerate(times):
            yield f"{head} {texts[number % VARIANTS]} {at}000000"


@cache
def _texts(scope: str, kind: str, well: bool) -> Sequence[str]:
    """The fields of a row, one text for each variant; none where no dashboard reads any."""
    read = sorted(_read()[scope, kind])
    return [
        ",".join(f"{field}={_value(metric, well, variant):g}" for field, metric in read)
        for variant in range(VARIANTS if read else 0)
    ]


def _value(metric: str, well: bool, variant: int) -> float:
    good, bad = WORSE.get(metric, (0.0, 1.0) if FAULT.match(metric) else (1.0, 0.0))
    flag = BY_NAME[metric].unit == "1" and not metric.endswith("_ratio")
    return (good if well else bad) + (0.0 if flag else variant / 1000)


@cache
def _read() -> Mapping[tuple[str, str], set[tuple[str, str]]]:
    """(tier, measurement) → the fields that queries of dashboards name, each with its metric. "newest" are the raw ones
    that are asked for whatever the time shown begins with."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for path in BOARDS.glob("*.json"):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets") or []:
                query, tier = target["query"], target["datasource"]["uid"].strip("${}")
                measurements = [name for part in _FROM.findall(query) for name in _NAMED.findall(part)]
                for field in set(_NAMED.findall(query)):
                    metric = field if tier == "raw" else _rolled(field)
                    if metric in BY_NAME:
                        for measurement in measurements:
                            found[tier, measurement].add((field, metric))
                            if tier == "raw" and "$timeFilter" not in query:
                                found["newest", measurement].add((field, metric))
    return found


def _rolled(field: str) -> str:
    """The metric of a rollup's field; anything else for what is none."""
    metric = field.rpartition("_")[0]
    return metric if field in fields(metric) else ""
