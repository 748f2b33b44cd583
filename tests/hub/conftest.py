"""The application over a filled and over an empty database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.api.served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Much has happened. Tests only read."""
    hub = Served(tmp_path_factory.mktemp("served"))
    yield hub
    hub.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Served]:
    """Nothing has been heard yet. A test may change it."""
    hub = Served(tmp_path, full=False)
    yield hub
    hub.close()
