"""A Grafana's data sources, on an InfluxDB of the worker's own: with the week in it, and with nothing in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.dashboards.filling import sources_on
from tests.dashboards.player.source import Source
from tests.dashboards.week import the_week
from tests.servers.influxdb import InfluxDB


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """A real InfluxDB 1.6."""
    database = InfluxDB(tmp_path_factory.mktemp("influxdb"))
    database.start()
    yield database
    database.stop()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """One connection for all questions."""
    with httpx.Client(timeout=300) as one:
        yield one


@pytest.fixture(scope="session")
def week_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where the week lies for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "dashboards-week"


@pytest.fixture(scope="session")
def sources(server: InfluxDB, client: httpx.Client, week_folder: Path) -> Sequence[Source]:
    """The three data sources that a Grafana has, with the week."""
    made = sources_on(server, client)
    the_week(week_folder, made)
    return made


@pytest.fixture(scope="session")
def empty_sources(server: InfluxDB, client: httpx.Client) -> Sequence[Source]:
    """The same with empty databases, as on the first day."""
    return sources_on(server, client, "_empty")
