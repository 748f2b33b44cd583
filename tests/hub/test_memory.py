"""What the engine knows of a site fills its bounds and then takes no more memory, however long it runs."""

import pytest

from tests.bench.memory import held


@pytest.mark.endurance
def test_after_its_longest_window_the_engine_grows_no_more() -> None:
    full, last = held((12, 22))
    assert last.windows <= 1.05 * full.windows
    assert last.learned == full.learned
    assert last.size <= 1.02 * full.size
