"""One InfluxDB for the tests of a module, databases of its own for each."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.hub.records.rig import Rig
from tests.servers.influxdb import InfluxDB

_numbers = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    database = InfluxDB(tmp_path_factory.mktemp("influxdb"))
    database.start()
    yield database
    database.stop()


@pytest.fixture
def rig(server: InfluxDB, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, server, f"records{next(_numbers)}")
    yield made
    made.close()
