"""What InfluxDB refused for good: looked at, sent again, dropped, while a buffer drains and while none does."""

import json
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.series.buffer import Backoff, BufferedSeries
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.journal import Journal
from hub.series.store import Point, SeriesRefused
from tests.servers.influxdb import InfluxDB

T = 1_767_225_600_000
NOW = 1_800_000_000_000
HOUR = 3_600_000


def point(number: int, device: str = "cam-1", site: str = "depot", metric: str = "fill_ratio") -> Point:
    return Point("camera", site, "gate-1", device, T + number, {metric: float(number)})


class Commands:
    """The command line on one hub's files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = folder / "series-buffer.db"
        self._file = folder / "hub.toml"
        self._file.write_text(f'state_dir = "{folder}"\n')
        self._capsys = capsys

    def __call__(self, verb: str, *words: str, status: int = 0) -> str:
        assert main(["deadletter", verb, *words, "--config", str(self._file)]) == status
        said = self._capsys.readouterr()
        return said.err if status else said.out

    def refuse(self, *points: Point, reason: str = "field type conflict", at: int = NOW) -> None:
        journal = Journal(self.path, 1 << 30)
        journal.set_aside(points, SeriesRefused(range(len(points)), reason), at)
        journal.close()


@pytest.fixture
def deadletter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(tmp_path, capsys)


def test_a_list_says_what_was_refused_and_why(deadletter: Commands) -> None:
    deadletter.refuse(point(1), point(2, "cam-2"))
    deadletter.refuse(point(3, site="school"), reason="points beyond retention policy", at=NOW + HOUR)
    told = deadletter("list")
    assert "depot/cam-2 camera 2026-01-01 00:00:00 UTC" in told
    assert "2 × field type conflict" in told
    assert "3 found, 3 shown; 3 kept, 3 refused ever" in told
    answer = json.loads(deadletter("list", "--json", "--limit", "1"))
    assert (answer["found"], len(answer["letters"])) == (3, 1)
    assert answer["letters"][0]["point"]["site"] == "school", "the newest first"


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--site", "school"], [3]),
        (["--device", "cam-2"], [2]),
        (["--reason", "RETENTION"], [3]),
        (["--since", "2027-01-15T08:30"], [3]),
        (["--site", "depot", "--device", "cam-1"], [1]),
        (["1", "3"], [3, 1]),
        (["--site", "nowhere"], []),
    ],
)
def test_filters_choose(deadletter: Commands, filters: list[str], numbers: list[int]) -> None:
    deadletter.refuse(point(1), point(2, "cam-2"))
    deadletter.refuse(point(3, site="school"), reason="points beyond retention policy", at=NOW + HOUR)
    found = json.loads(deadletter("list", "--json", *filters))["letters"]
    assert [one["point"]["at"] - T for one in found] == numbers


def test_one_is_shown_whole_and_a_missing_one_is_named(deadletter: Commands) -> None:
    deadletter.refuse(point(7))
    told = deadletter("show", "1")
    assert "fill_ratio = 7.0" in told
    assert "try 1: field type conflict" in told
    assert "not there: 9" in deadletter("show", "1", "9", status=1)


def test_while_the_hub_is_down_a_retry_waits_for_it(deadletter: Commands) -> None:
    deadletter.refuse(point(1), point(2))
    assert json.loads(deadletter("retry", "--all", "--dry-run", "--json")) == {"would_retry": 2, "damaged": 0}
    told = json.loads(deadletter("retry", "1", "--json", "--wait", "0"))
    assert told == {"retried": 1, "written": 0, "refused_again": 0, "waiting": 1, "damaged": 0}
    assert json.loads(deadletter("list", "--json"))["kept"] == 1


def test_while_the_hub_runs_a_retry_tells_what_was_written_and_what_was_refused_again(
    deadletter: Commands, influxdb: InfluxDB
) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    deadletter.refuse(point(1), point(2, metric="reachable"), point(3))
    store = InfluxSeries(InfluxTarget(influxdb.url, "watchkeeper", api="v1", timeout_seconds=5.0))
    with BufferedSeries(store, deadletter.path, 1 << 30, lambda: NOW, Backoff(0.05, 0.2)) as series:
        told = json.loads(deadletter("retry", "--all", "--json", "--wait", "20"))
        assert told == {"retried": 3, "written": 1, "refused_again": 2, "waiting": 0, "damaged": 0}
        assert [v.value for v in series.window("depot", "camera", "cam-1", "reachable", 0, T * 2)] == [2.0]
        assert series.stats().letters == 2
    assert {one["tries"] for one in json.loads(deadletter("list", "--json"))["letters"]} == {2}


def test_nothing_is_dropped_without_a_yes_or_without_saying_which(deadletter: Commands) -> None:
    deadletter.refuse(point(1), point(2, site="school"))
    assert "which?" in deadletter("drop", "--yes", status=2)
    assert "1 points would be gone for good: say --yes" in deadletter("drop", "--site", "depot", status=2)
    assert "1 would drop" in deadletter("drop", "--site", "depot", "--dry-run")
    assert "1 dropped" in deadletter("drop", "--site", "depot", "--yes")
    assert json.loads(deadletter("list", "--json"))["kept"] == 1


def test_without_a_buffer_or_with_a_time_that_is_none_the_command_line_is_wrong(deadletter: Commands) -> None:
    assert "start the hub once" in deadletter("list", status=2)
    deadletter.refuse(point(1))
    assert "--since yesterday" in deadletter("list", "--since", "yesterday", status=2)
