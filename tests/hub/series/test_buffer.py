"""The buffer before a store: a real database goes away in every manner, and nothing is lost or held up."""

import logging
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.series import drain as drain_module
from hub.series.buffer import Backoff, BufferedSeries, NotNoted, Outcome, Written
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.store import Point, SeriesUnavailable
from tests.servers.influxdb import InfluxDB
from tests.servers.nginx import Nginx
from tests.servers.server import free_port
from tests.waiting import wait_until

T = 1_767_225_600_000
NOW = T + 5
MEBIBYTE = 1024**2
ROOT = Path(__file__).parents[3]
QUICK = Backoff(first=0.05, most=0.2)


def points(*at: int, metric: str = "reachable") -> list[Point]:
    return [Point("camera", "depot", "gate-1", "cam-1", T + one, {metric: float(one)}) for one in at]


@contextmanager
def buffered(
    folder: Path, url: str, max_bytes: int = 16 * MEBIBYTE, backoff: Backoff = QUICK
) -> Iterator[BufferedSeries]:
    store = InfluxSeries(InfluxTarget(url, "watchkeeper", api="v1", timeout_seconds=0.5))
    with BufferedSeries(store, folder / "buffer.db", max_bytes, lambda: NOW, backoff) as series:
        yield series


def stored(series: BufferedSeries, metric: str = "reachable") -> list[int]:
    return [value.at - T for value in series.window("depot", "camera", "cam-1", metric, 0, T * 2)]


def drained(series: BufferedSeries) -> None:
    wait_until(lambda: series.stats().batches == 0 and series.stats().available, 20, "the buffer is drained")


def test_with_the_store_there_the_disk_is_not_touched(tmp_path: Path, influxdb: InfluxDB) -> None:
    with buffered(tmp_path, influxdb.url) as series:
        assert series.write(points(1, 2)) == Written(Outcome.WRITTEN)
        stats = series.stats()
        assert (stats.batches, stats.available, stats.last_error) == (0, True, None)
        series.ping()
        assert series.latest("depot", "camera", T * 2, 0)["cam-1"]["reachable"].value == 2.0
        assert series.chart("depot", "camera", "cam-1", "reachable", 0, T * 2, 1000)[0].mean == 1.5


def test_what_comes_during_an_outage_is_in_the_store_after_it(tmp_path: Path, influxdb: InfluxDB) -> None:
    with buffered(tmp_path, influxdb.url) as series:
        series.write(points(0))
        influxdb.kill()
        for number in range(1, 60):
            assert series.write(points(number)).outcome is Outcome.BUFFERED
        stats = series.stats()
        assert (stats.batches, stats.points, stats.oldest, stats.available) == (59, 59, NOW, False)
        assert "does not answer" in str(stats.last_error)
        with pytest.raises(SeriesUnavailable):
            series.ping()
        influxdb.start()
        drained(series)
        assert stored(series) == list(range(60))
        assert series.write(points(60)).outcome is Outcome.WRITTEN


def test_a_store_that_hangs_holds_up_one_batch_and_that_for_as_long_as_there_is_patience(
    tmp_path: Path, influxdb: InfluxDB
) -> None:
    store = InfluxSeries(InfluxTarget(influxdb.url, "watchkeeper", api="v1", timeout_seconds=60.0))
    with BufferedSeries(store, tmp_path / "buffer.db", MEBIBYTE, lambda: NOW, QUICK, patience=0.3) as series:
        series.write(points(0))
        influxdb.pause()
        took = []
        try:
            for number in range(1, 100):
                began = time.monotonic()
                assert series.write(points(number)).outcome is Outcome.BUFFERED
                took.append(time.monotonic() - began)
        finally:
            influxdb.resume()
        assert took[0] >= 0.3
        assert max(took) < 20, "not the minute after which a request is given up"
        assert sum(took[1:]) < 98 * 0.3 / 2, "those after it are not waited for"
        assert "within 0.3 s" in str(series.stats().last_error)
        drained(series)
        assert stored(series) == list(range(100))


def test_of_batches_under_way_when_the_store_hangs_one_is_waited_for(tmp_path: Path, influxdb: InfluxDB) -> None:
    store = InfluxSeries(InfluxTarget(influxdb.url, "watchkeeper", api="v1", timeout_seconds=60.0))
    with BufferedSeries(store, tmp_path / "buffer.db", MEBIBYTE, lambda: NOW, QUICK, patience=0.3) as series:
        series.write(points(0))
        influxdb.pause()
        try:
            first, *others = [series.begin(points(number)) for number in range(1, 5)]
            assert first().outcome is Outcome.BUFFERED
            series._gate.patience = 600.0
            assert [one().outcome for one in others] == [Outcome.BUFFERED] * 3
            assert "within 0.3 s" in str(series.stats().last_error)
        finally:
            influxdb.resume()
        drained(series)
        assert stored(series) == list(range(5))


def test_once_the_oldest_has_waited_for_too_long_agents_keep_their_reports(tmp_path: Path, influxdb: InfluxDB) -> None:
    now = NOW
    store = InfluxSeries(InfluxTarget(influxdb.url, "watchkeeper", api="v1", timeout_seconds=0.5))
    with BufferedSeries(store, tmp_path / "buffer.db", MEBIBYTE, lambda: now, QUICK, max_age_seconds=3600) as series:
        influxdb.stop()
        assert series.write(points(0)).outcome is Outcome.BUFFERED
        now += 1_800_000
        assert series.stats().fill_ratio == 0.5
        assert series.write(points(1)).outcome is Outcome.BUFFERED
        now += 1_800_001
        assert series.write(points(2)) == Written(Outcome.FULL)
        stats = series.stats()
        assert (stats.full, stats.batches, round(stats.fill_ratio, 2)) == (True, 2, 1.0)
        influxdb.start()
        drained(series)
        assert stored(series) == [0, 1], "nothing of what was acknowledged is thrown away for its age"
        assert series.write(points(2)).outcome is Outcome.WRITTEN


def test_the_later_batch_wins_after_the_outage_too(tmp_path: Path, influxdb: InfluxDB) -> None:
    with buffered(tmp_path, influxdb.url) as series:
        influxdb.stop()
        for value in range(20):
            series.write([points(0)[0]._replace(values={"reachable": float(value)})])
        influxdb.start()
        drained(series)
        assert [value.value for value in series.window("depot", "camera", "cam-1", "reachable", 0, T)] == [19.0]


def test_a_full_buffer_says_so_and_recovers(
    tmp_path: Path, influxdb: InfluxDB, caplog: pytest.LogCaptureFixture
) -> None:
    with buffered(tmp_path, influxdb.url, max_bytes=256 * 1024) as series, caplog.at_level(logging.WARNING):
        influxdb.stop()
        kept = 0
        while series.write(points(*range(kept * 500, kept * 500 + 500))).outcome is Outcome.BUFFERED:
            kept += 1
        assert series.write(points(*range(10**6, 10**6 + 500))) == Written(Outcome.FULL)
        assert series.stats().bytes <= 256 * 1024 + 65_536
        assert caplog.text.count("buffer is full") == 1
        influxdb.start()
        drained(series)
        assert stored(series) == list(range(kept * 500))
        assert series.write(points(10**6)).outcome is Outcome.WRITTEN


def test_live_data_goes_straight_to_a_store_that_is_back(
    tmp_path: Path, influxdb: InfluxDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain_module, "DRAIN_POINTS", 1)
    with buffered(tmp_path, influxdb.url) as series:
        influxdb.stop()
        for number in range(300):
            series.write(points(number))
        influxdb.start()
        wait_until(lambda: series.stats().available, what="the store is found again")
        assert series.write(points(1000)).outcome is Outcome.WRITTEN
        assert series.stats().batches > 0
        drained(series)
        assert stored(series) == [*range(300), 1000]


def test_what_waits_survives_sigkill_of_the_hub(tmp_path: Path, influxdb: InfluxDB) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.series.writer", str(tmp_path / "buffer.db"), str(free_port())],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    told: list[int] = []
    until = random.randint(20, 120)
    for line in child.stdout:
        number, outcome = line.split()
        assert outcome == "buffered"
        told.append(int(number))
        if len(told) == until:
            child.send_signal(signal.SIGKILL)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    with buffered(tmp_path, influxdb.url) as series:
        drained(series)
        assert set(told) <= set(stored(series))


def test_sigkill_of_the_hub_while_it_drains_loses_nothing(tmp_path: Path, influxdb: InfluxDB) -> None:
    with buffered(tmp_path, f"http://127.0.0.1:{free_port()}") as series:
        for number in range(400):
            series.write(points(number))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.hub.series.writer", str(tmp_path / "buffer.db"), str(influxdb.port), "drain"],
        cwd=ROOT,
    )
    wait_until(lambda: influxdb.query("SELECT count(reachable) FROM camera"), 20, "draining has begun")
    child.kill()
    child.wait()
    with buffered(tmp_path, influxdb.url) as series:
        drained(series)
        assert stored(series) == list(range(400))


def test_points_refused_at_once_are_named_and_set_aside(tmp_path: Path, influxdb: InfluxDB) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    with buffered(tmp_path, influxdb.url) as series:
        written = series.write([*points(0), *points(1, metric="fill_ratio"), *points(2)])
        assert (written.outcome, written.refused) == (Outcome.WRITTEN, (1,))
        assert "field type conflict" in written.reason
        assert stored(series) == [0, 2]
        (aside,) = series.refused()
        assert (aside.at, aside.point, aside.reason) == (NOW, points(1, metric="fill_ratio")[0], written.reason)
        assert series.stats().refused == 1


def test_a_batch_is_on_its_way_while_its_owner_works_on_and_from_the_first_part_not_taken_on_it_is_on_disk(
    tmp_path: Path, influxdb: InfluxDB
) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    several = [*points(*range(5001)), *points(5001, metric="fill_ratio"), *points(5002)]
    with buffered(tmp_path, influxdb.url) as series:
        written = series.begin(several)
        wait_until(lambda: len(stored(series)) == 5002, 30, "both parts are stored though nobody has waited yet")
        assert (written().outcome, written().refused) == (Outcome.WRITTEN, (5001,))
        influxdb.stop()
        away, later = series.begin(points(6000)), series.begin(points(6001))
        assert away().outcome is Outcome.BUFFERED
        assert later().outcome is Outcome.BUFFERED
        influxdb.start()
        drained(series)
        assert stored(series)[-2:] == [6000, 6001]


def test_points_refused_while_draining_are_set_aside_too(tmp_path: Path, influxdb: InfluxDB) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    with buffered(tmp_path, influxdb.url) as series:
        influxdb.stop()
        series.write(points(0))
        series.write([*points(1, metric="fill_ratio"), *points(2)])
        influxdb.start()
        drained(series)
        assert stored(series) == [0, 2]
        assert [one.point.values for one in series.refused() if one.point] == [{"fill_ratio": 1.0}]


def test_who_is_told_of_what_landed_hears_of_it_until_noted_before_it_is_forgotten(
    tmp_path: Path, influxdb: InfluxDB
) -> None:
    heard: list[tuple[int, int]] = []  # (points told of, batches that wait meanwhile)

    def landed(told: Sequence[Point]) -> None:
        heard.append((len(told), series.stats().batches))
        if len(heard) == 1:
            raise NotNoted("the SQL database is away")

    store = InfluxSeries(InfluxTarget(influxdb.url, "watchkeeper", api="v1", timeout_seconds=0.5))
    with BufferedSeries(store, tmp_path / "buffer.db", MEBIBYTE, lambda: NOW, QUICK, landed) as series:
        series.write(points(1))
        assert heard == []  # it went straight to the store
        influxdb.stop()
        series.write(points(2, 3))
        influxdb.start()
        drained(series)
        assert heard == [(2, 1), (2, 1)]
        assert stored(series) == [1, 2, 3]


def test_a_batch_the_store_chokes_on_does_not_hold_up_the_others(tmp_path: Path, influxdb: InfluxDB) -> None:
    huge = points(0)[0]._replace(values={f"metric_{number}": 1.0 for number in range(200)})
    folder = tmp_path / "proxy"
    folder.mkdir()
    with Nginx(folder, influxdb.port, max_body=1500) as proxy, buffered(tmp_path, proxy.url) as series:
        influxdb.stop()
        for batch in (points(0), [huge], points(1), points(2)):
            assert series.write(batch).outcome is Outcome.BUFFERED
        influxdb.start()
        wait_until(lambda: series.stats().available and stored(series) == [0, 1, 2], 20, "the others are written")
        wait_until(lambda: series.stats().batches == 1, what="what is written is forgotten")
        assert series.write(points(3)).outcome is Outcome.WRITTEN


def test_a_damaged_batch_is_passed_over(tmp_path: Path, influxdb: InfluxDB, caplog: pytest.LogCaptureFixture) -> None:
    with buffered(tmp_path, f"http://127.0.0.1:{free_port()}") as series:
        for number in range(3):
            series.write(points(number))
    other = sqlite3.connect(tmp_path / "buffer.db")
    other.execute("UPDATE batch SET body = x'1234' WHERE id = 2")
    other.commit()
    other.close()
    with caplog.at_level(logging.ERROR), buffered(tmp_path, influxdb.url) as series:
        drained(series)
        assert stored(series) == [0, 2]
        assert "batch 2 is damaged" in caplog.text


def test_closing_during_an_outage_is_quick_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with buffered(tmp_path, f"http://127.0.0.1:{free_port()}", backoff=Backoff(60, 60)) as series:
        series.write(points(1))
        began = time.monotonic()
    assert time.monotonic() - began < 10.0
    assert threading.active_count() == before


def test_pauses_grow_are_jittered_and_end_at_the_most() -> None:
    backoff = Backoff(first=1.0, most=60.0)
    for failures, whole in ((1, 1.0), (2, 2.0), (6, 32.0), (7, 60.0), (10_000, 60.0)):
        pauses = [backoff.pause(failures) for _ in range(50)]
        assert all(whole / 2 <= pause <= whole for pause in pauses)
        assert len(set(pauses)) > 1


def test_a_full_disk_under_the_buffer_is_told_as_full_and_passes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with buffered(tmp_path, f"http://127.0.0.1:{free_port()}") as series, caplog.at_level(logging.WARNING):
        series.write(points(0))
        # A limit on file sizes makes the kernel refuse a write just as a full disk does.
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "buffer.db-wal").stat().st_size + 8192, hard))
        try:
            assert series.write(points(*range(20_000))) == Written(Outcome.FULL)
            assert series.write(points(*range(20_000))) == Written(Outcome.FULL)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert series.write(points(1)).outcome is Outcome.BUFFERED
        assert series.stats().points == 2
        assert caplog.text.count("series buffer: ") >= 1


def test_an_earlier_life_of_the_buffer_is_drained_without_a_write(tmp_path: Path, influxdb: InfluxDB) -> None:
    with buffered(tmp_path, f"http://127.0.0.1:{free_port()}") as series:
        series.write(points(0, 1))
    with buffered(tmp_path, influxdb.url) as series:
        drained(series)
        assert stored(series) == [0, 1]
