"""An InfluxDB with databases as a hub has them, and the data sources that a Grafana has for them."""

from collections.abc import Iterator, Mapping

import httpx

from tests.dashboards.player.source import Source
from tests.servers.influxdb import InfluxDB

DATABASES = {"raw": "watchkeeper", "hourly": "watchkeeper_hourly", "daily": "watchkeeper_daily"}
NAMES = {"raw": "Watchkeeper", "hourly": "Watchkeeper hourly", "daily": "Watchkeeper daily"}
PART_CHARACTERS = 8_000_000
"""What goes into one request, about."""


def sources_on(server: InfluxDB, client: httpx.Client, suffix: str = "") -> list[Source]:
    """On databases that are made, with nothing in them."""
    made = [Source(f"wk-{tier}", NAMES[tier], name + suffix, server.url, client) for tier, name in DATABASES.items()]
    for source in made:
        server.query(f'CREATE DATABASE "{source.database}"')
    return made


def fill(sources: list[Source], lines: Mapping[str, str]) -> None:
    """uid → line protocol, times in ms."""
    for source in sources:
        to = {"db": source.database, "precision": "ms"}
        for part in _parts(lines[source.uid]):
            source.client.post(f"{source.url}/write", params=to, content=part).raise_for_status()


def _parts(lines: str) -> Iterator[str]:
    """Whole lines."""
    start = 0
    while start < len(lines):
        end = len(lines)
        if start + PART_CHARACTERS < end:
            end = lines.rindex("\n", start, start + PART_CHARACTERS) + 1
        yield lines[start:end]
        start = end
