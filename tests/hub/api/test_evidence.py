"""When a device counts as measured: lately, or as often as is usual for what comes seldom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.api.evidence import Evidence
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point
from hub.store import reads

NOW = 1_780_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WINDOW = 15 * MINUTE


class Shelf:
    """A disk, its values, and what is said of it."""

    def __init__(self, folder: Path) -> None:
        self.series = EmbeddedSeries(folder / "series.db")
        self.evidence = Evidence(self.series, WINDOW, refresh_ms=0)

    def measured(self, *ago: float, device: str = "disk-1", metric: str = "smart_healthy") -> None:
        points = [Point("disk", "mill", "box", device, NOW - round(back), {metric: 1.0}) for back in ago]
        self.series.write(points)

    def state(self, later: float = 0, device: str = "disk-1") -> str:
        row = reads.Device("mill", device, "disk", "", None, None, "box", "ok", "")
        return self.evidence.weigh([row], NOW + round(later))[0].state


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.series.close()


def test_what_comes_once_a_day_is_no_riddle_in_between(shelf: Shelf) -> None:
    shelf.measured(HOUR, DAY + HOUR, 2 * DAY + HOUR)
    assert shelf.state() == "ok"
    assert shelf.state(22 * HOUR) == "ok"
    assert shelf.state(2 * DAY) == "ok"
    assert shelf.state(3 * DAY) == "unknown"


def test_what_comes_once_an_hour_is_missed_after_two_and_a_half(shelf: Shelf) -> None:
    shelf.measured(*(hours * HOUR for hours in range(10)))
    assert shelf.state(40 * MINUTE) == "ok"
    assert shelf.state(2 * HOUR) == "ok"
    assert shelf.state(3 * HOUR) == "unknown"


def test_what_comes_every_quarter_of_an_hour_does_not_flap(shelf: Shelf) -> None:
    shelf.measured(*(minutes * MINUTE for minutes in range(0, 600, 15)))
    assert shelf.state(16 * MINUTE) == "ok"
    assert shelf.state(40 * MINUTE) == "unknown"


def test_what_came_every_minute_and_stopped_is_missed_at_once(shelf: Shelf) -> None:
    shelf.measured(*(minutes * MINUTE for minutes in range(600)))
    assert shelf.state(10 * MINUTE) == "ok"
    assert shelf.state(20 * MINUTE) == "unknown"


def test_what_came_only_once_is_not_known_to_come_seldom(shelf: Shelf) -> None:
    shelf.measured(HOUR)
    assert shelf.state() == "unknown"


def test_presence_every_five_minutes_speaks_for_a_disk_that_is_read_daily(shelf: Shelf) -> None:
    shelf.measured(20 * HOUR)
    shelf.measured(*(minutes * MINUTE for minutes in range(0, 60, 5)), metric="present")
    assert shelf.state(14 * MINUTE) == "ok"
    assert shelf.state(40 * MINUTE) == "unknown"


def test_many_that_fell_quiet_cost_a_bounded_number_of_questions(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"disk-{n}" for n in range(250)]
    for name in names:
        shelf.measured(HOUR, 2 * HOUR, 3 * HOUR, device=name)
    rows = [reads.Device("mill", name, "disk", "", None, None, "box", "ok", "") for name in names]
    known = [sum(d.state == "ok" for d in shelf.evidence.weigh(rows, NOW)) for _ in range(3)]
    assert known == [100, 200, 250]
    monkeypatch.setattr(shelf.series, "chart", None)
    assert all(d.state == "ok" for d in shelf.evidence.weigh(rows, NOW)), "and is remembered"
