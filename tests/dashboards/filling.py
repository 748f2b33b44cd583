"""An InfluxDB with databases as a hub has them, and the data sources that a Grafana has for them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import httpx

from tests.dashboards.player.source import Source
from tests.servers.influxdb import InfluxDB
from tests.waiting import wait_until

DATABASES = {"raw": "watchkeeper", "hourly": "watchkeeper_hourly", "daily": "watchkeeper_daily"}
NAMES = {"raw": "Watchkeeper", "hourly": "Watchkeeper hourly", "daily": "Watchkeeper daily"}
PART_CHARACTERS = 1_000_000
"""What goes into one request, about."""
PATIENCE_SECONDS = 300.0
"""A server on a busy machine answers 500 when its own time-out is over; writing again changes nothing."""


def sources_on(server: InfluxDB, client: httpx.Client, suffix: str = "") -> list[Source]:
    """On databases that are made, with nothing in them."""
    made = [Source(f"wk-{tier}", NAMES[tier], name + suffix, server.url, client) for tier, name in DATABASES.items()]
    for source in made:
        server.query(f'CREATE DATABASE "{source.database}"')
    return made


def fill(sources: Sequence[Source], lines: Mapping[str, str], precision: str = "ms") -> None:
    """uid → line protocol, with times in `precision`."""
    for source in sources:
        to = {"db": source.database, "precision": precision}
        for part in _parts(lines.get(source.uid, "")):
            wait_until(partial(_written, source, to, part), PATIENCE_SECONDS, f"{source.name} is written")


def _written(source: Source, to: Mapping[str, str], part: str) -> bool:
    answer = source.client.post(f"{source.url}/write", params=to, content=part)
    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
        answer.raise_for_status()
    return answer.is_success


def _parts(lines: str) -> Iterator[str]:
    """Whole lines."""
    start = 0
    while start < len(lines):
        end = len(lines)
        if start + PART_CHARACTERS < end:
            end = lines.rindex("\n", start, start + PART_CHARACTERS) + 1
        yield lines[start:end]
        start = end
