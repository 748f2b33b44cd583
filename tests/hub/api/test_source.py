"""What the pages read beyond SQL."""

from contextlib import closing
from pathlib import Path

import pytest

from hub.api.source import RECENT_MS
from hub.series.store import Point, Value
from tests.hub.api.filled import NOW
from tests.hub.api.served import Served


@pytest.mark.parametrize("back", [1_000, RECENT_MS - 1, RECENT_MS, 10 * RECENT_MS])
def test_the_newest_value_is_found_however_old_it_is(tmp_path: Path, back: int) -> None:
    with closing(Served(tmp_path, full=False)) as hub:
        source = hub.app.state.source
        values = [(NOW - back - 5_000, 1.0), (NOW - back, 2.0)]
        hub.series.write([Point("camera", "depot", "gate-1", "cam-4", at, {"response_seconds": v}) for at, v in values])
        camera = _Camera()
        assert source.newest(camera, "response_seconds", NOW - 20 * RECENT_MS, NOW) == Value(NOW - back, 2.0)
        assert source.newest(camera, "response_seconds", NOW - back, NOW) is None
        assert source.newest(camera, "reachable", 0, NOW) is None


class _Camera:
    site, kind, device = "depot", "camera", "cam-4"
