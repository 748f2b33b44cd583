"""Real servers as fixtures. One that is not installed fails the test and names `make servers`; none is skipped."""

import logging
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from agent.device.manners import MANNERS
from agent.device.pause import PAUSES
from agent.recorder.directory import DIRECTORY
from hub.store.database import connect, migrate
from tests.servers import server
from tests.servers.certificates import Authority
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.servers.nginx import Nginx
from tests.servers.postgresql import Postgresql

# No test fails by a clock: on a busy machine an example takes as long as it takes. WATCHKEEPER_EXAMPLES=1000 for more.
EXAMPLES = int(os.environ.get("WATCHKEEPER_EXAMPLES", "40"))
settings.register_profile("patient", deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes runs when it is asked for."""
    if "WATCHKEEPER_ENDURANCE" not in os.environ:
        for item in items:
            if item.get_closest_marker("endurance"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: `make endurance` runs it"))


@pytest.fixture(autouse=True)
def strangers_to_every_device() -> None:
    """What this process remembers of devices is by their address, and a free port may be one of an earlier test's."""
    MANNERS._of.clear()
    PAUSES._until.clear()
    DIRECTORY._of.clear()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command run by a test sets up logging for its process: to the standard error of that test, gone with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = [handler for handler in root.handlers if handler in handlers]
    root.setLevel(level)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failed test, the end of the log of every server that ran."""
    report = yield
    if report.failed:
        for one in server.running:
            report.sections.append((f"{one.name} on port {one.port}", one.log()))
    return report


def _folder(prefix: str) -> Path:
    """A folder other system users can reach: pytest's own tmp_path is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix=f"wk-{prefix}-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own: anonymous, plain TCP, no queue bound."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A throwaway certificate authority, for `Mosquitto(folder, tls=MutualTls(authority, acl))`."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    """An InfluxDB 1.6 of the test's own with an empty database."""
    folder = tmp_path / "influxdb"
    folder.mkdir()
    database = InfluxDB(folder)
    database.start()
    yield database
    database.stop()


@pytest.fixture
def influx_v2(influxdb: InfluxDB, tmp_path: Path) -> Iterator[Nginx]:
    """The `influxdb` fixture's server behind a proxy that adds `/api/v2/write`."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    proxy = Nginx(folder, influxdb.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """One cluster for all tests of a worker: making it takes seconds. A test that kills one starts its own."""
    folder = _folder("postgresql")
    cluster = Postgresql(folder)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql: Postgresql) -> Iterator[str]:
    """The SQLAlchemy URL of a new, empty PostgreSQL database."""
    name = postgresql.create_database()
    yield postgresql.url(name)
    postgresql.drop_database(name)


@pytest.fixture(scope="session")
def _migrated(postgresql: Postgresql) -> str:
    name = postgresql.create_database()
    engine = connect(postgresql.url(name))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture
def postgresql_tables_url(postgresql: Postgresql, _migrated: str) -> Iterator[str]:
    """The SQLAlchemy URL of a new PostgreSQL database that has all tables of the hub."""
    name = postgresql.create_database(_migrated)
    yield postgresql.url(name)
    postgresql.drop_database(name)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that Playwright can drive."""
    return os.environ.get("CHROMIUM") or server.find_program("chromium", "chromium-browser")
