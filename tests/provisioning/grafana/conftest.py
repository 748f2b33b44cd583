"""A Grafana's stand-in, and the files of whoever publishes into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.grafana import wanted
from tests.provisioning.grafana.fake import Grafana, running
from tests.provisioning.grafana.runs import CUSTOMERS, SECRETS


@pytest.fixture(params=["10.4.2", "11.6.0", "12.1.0"])
def grafana(request: pytest.FixtureRequest) -> Iterator[Grafana]:
    yield from running(request.param)


@pytest.fixture
def one() -> Iterator[Grafana]:
    yield from running()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "influx.token").write_text(SECRETS[0] + "\n")
    (tmp_path / "influx.password").write_text(SECRETS[1])
    (tmp_path / "admin.password").write_text(SECRETS[2])
    (tmp_path / "customers.toml").write_text(CUSTOMERS.format(folder=tmp_path))
    return tmp_path


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two dashboards a customer, for tests that are not about dashboards."""
    all_of_them = wanted.dashboards
    monkeypatch.setattr(wanted, "dashboards", lambda customer: all_of_them(customer)[:2])
