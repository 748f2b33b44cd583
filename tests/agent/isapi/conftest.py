from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.isapi.recorders import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.recorder.start()
    yield made
    made.close()
