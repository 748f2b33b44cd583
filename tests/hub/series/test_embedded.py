"""The embedded store: its file, its limits, its disk."""

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, SeriesRefused, SeriesUnavailable, Value
from hub.series.tables import MAX_METRICS, SCHEMA_VERSION, SchemaTooNew

T = 1_767_225_600_000


def point(at: int, device: str = "cam-1", **values: float) -> Point:
    return Point("camera", "depot", "gate-1", device, at, values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "series.db"


@pytest.fixture
def store(path: Path) -> Iterator[EmbeddedSeries]:
    store = EmbeddedSeries(path)
    yield store
    store.close()


def count(store: EmbeddedSeries) -> int:
    return len(store.window("depot", "camera", "cam-1", "reachable", 0, T * 2))


def test_a_file_opened_again_has_what_was_written_and_takes_new_metrics(path: Path) -> None:
    first = EmbeddedSeries(path)
    first.write([point(T, reachable=1.0)])
    first.close()
    second = EmbeddedSeries(path)
    second.write([point(T, response_seconds=2.0), point(T + 1, reachable=0.0)])
    assert second.latest("depot", "camera", T * 2, 0)["cam-1"] == {
        "reachable": Value(T + 1, 0.0),
        "response_seconds": Value(T, 2.0),
    }
    second.close()


def test_what_was_written_survives_sigkill(path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path; from hub.series.embedded import EmbeddedSeries as E\n"
        "from hub.series.store import Point\n"
        f"store = E(Path({str(path)!r}))\n"
        f"store.write([Point('camera', 'depot', 'gate-1', 'cam-1', {T}, {{'reachable': 1.0}})])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == -9
    store = EmbeddedSeries(path)
    assert count(store) == 1
    store.close()


def test_a_full_disk_is_an_outage_that_keeps_nothing_of_the_batch_and_passes(store: EmbeddedSeries, path: Path) -> None:
    store.write([point(T, reachable=1.0)])
    # A limit on file sizes makes the kernel refuse a write just as a full disk does.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name("series.db-wal").stat().st_size + 20_000, hard))
    try:
        with pytest.raises(SeriesUnavailable, match=r"series\.db"):
            store.write([point(T + 1 + index, reachable=1.0, fill_ratio=0.5) for index in range(20_000)])
        assert count(store) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    store.write([point(T + 1, reachable=1.0, fill_ratio=0.5)])
    assert count(store) == 2


def test_a_file_another_program_holds_is_an_outage(store: EmbeddedSeries, path: Path) -> None:
    store._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SeriesUnavailable, match="locked"):
            store.write([point(T, reachable=1.0)])
        other.execute("ROLLBACK")
    finally:
        other.close()
    store.write([point(T, reachable=1.0)])
    assert count(store) == 1


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("not a database, and long enough to tell" * 100)
    with pytest.raises(SeriesUnavailable, match=r"series\.db"):
        EmbeddedSeries(path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesUnavailable, match="nowhere"):
        EmbeddedSeries(tmp_path / "nowhere" / "series.db")


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    EmbeddedSeries(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(SchemaTooNew, match="upgrade"):
        EmbeddedSeries(path)


def test_a_kind_has_so_many_metrics_and_no_more(store: EmbeddedSeries) -> None:
    store.write([point(T)._replace(values={f"m{index}": 1.0}) for index in range(MAX_METRICS - 1)])
    batch = [point(T, one_more=1.0), point(T, two_more=1.0), point(T, m1=2.0)]
    with pytest.raises(SeriesRefused, match="metrics") as caught:
        store.write(batch)
    assert caught.value.refused == (1,)
    assert store.latest("depot", "camera", T, 0)["cam-1"]["one_more"] == Value(T, 1.0)


def test_pruning_deletes_what_is_older_and_nothing_else(store: EmbeddedSeries) -> None:
    store.write([point(T + index, device=f"cam-{index % 3}", reachable=1.0) for index in range(30)])
    assert store.prune(T + 12) == 12
    assert store.prune(T + 12) == 0
    assert store.window("depot", "camera", "cam-0", "reachable", 0, T * 2)[0].at == T + 12
    assert count(store) == 6


def test_who_reported_last_is_kept(store: EmbeddedSeries, path: Path) -> None:
    store.write([point(T, reachable=1.0)])
    store.write([point(T + 1, reachable=1.0)._replace(agent="gate-2")])
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("SELECT site, kind, device, agent FROM series").fetchall() == [
            ("depot", "camera", "cam-1", "gate-2")
        ]
    finally:
        connection.close()


def test_a_closed_store_is_away(path: Path) -> None:
    store = EmbeddedSeries(path)
    store.close()
    with pytest.raises(SeriesUnavailable):
        store.write([point(T, reachable=1.0)])
    with pytest.raises(SeriesUnavailable, match="closed"):
        store.ping()


def test_two_programs_may_write_to_one_file(path: Path, store: EmbeddedSeries) -> None:
    """Two hubs on one machine: either learns what the other has added, or taken away."""
    other = EmbeddedSeries(path)
    store.write([point(T, reachable=1.0)])
    other.write([point(T, "cam-2", reachable=1.0)])
    store.write([point(T + 1, response_seconds=2.0)])
    other.write([point(T + 2, "cam-2", response_seconds=3.0), point(T + 2, "cam-1", reachable=0.0)])
    with sqlite3.connect(path) as command:
        for table in ("series", "metric", "value_camera"):
            command.execute(f"DELETE FROM {table}")  # noqa: S608 - three names of ours
    command.close()
    store.write([point(T + 3, reachable=1.0)])
    other.write([point(T + 4, "cam-2", reachable=1.0)])
    found = store.latest("depot", "camera", T * 2, 0)
    assert found == {"cam-1": {"reachable": Value(T + 3, 1.0)}, "cam-2": {"reachable": Value(T + 4, 1.0)}}
    other.close()
