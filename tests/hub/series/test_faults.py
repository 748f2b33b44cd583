"""A real InfluxDB under load that is killed, frozen, filled to the brim and refuses: nothing lost, nothing doubled."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from hub.series.buffer import Backoff, BufferedSeries, Outcome
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.store import Point
from tests.servers.influxdb import InfluxDB
from tests.waiting import wait_until

T = 1_767_225_600_000
DEVICES = 50
WAIT_SECONDS = 40

pytestmark = pytest.mark.endurance


class Load:
    """Batches written all the time; how long the slowest took, and what was acknowledged."""

    def __init__(self, series: BufferedSeries) -> None:
        self._series = series
        self._stop = threading.Event()
        self.batches: list[int] = []
        self.slowest = 0.0
        self.full = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.02):
            batch = [Point("camera", "depot", "g", f"cam-{n}", T + number, {"fps": float(n)}) for n in range(DEVICES)]
            began = time.monotonic()
            outcome = self._series.write(batch).outcome
            self.slowest = max(self.slowest, time.monotonic() - began)
            if outcome is Outcome.FULL:
                self.full += 1
            else:
                self.batches.append(number)
            number += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def loaded(folder: Path, server: InfluxDB) -> Iterator[tuple[BufferedSeries, Load]]:
    name, password = (server.user_name, server.password) if server.authentication else ("", "")
    store = InfluxSeries(InfluxTarget(server.url, "watchkeeper", api="v1", username=name, password=password))
    with BufferedSeries(
        store, folder / "buffer.db", 1 << 28, lambda: time.time_ns() // 1_000_000, Backoff(0.2, 2.0)
    ) as series:
        load = Load(series)
        try:
            wait_until(lambda: len(load.batches) > 20, what="some batches")
            yield series, load
        finally:
            load.stop()


def has(load: Load, batches: int) -> bool:
    """So many batches were acknowledged."""
    return len(load.batches) >= batches


def counted(server: InfluxDB, series: BufferedSeries, load: Load) -> None:
    """Everything that was acknowledged is there once."""
    load.stop()
    wait_until(lambda: series.stats().batches == 0 and series.stats().available, WAIT_SECONDS, "the buffer is drained")
    (found,) = server.query('SELECT count("fps") FROM "camera"')
    assert found["values"][0][1] == len(load.batches) * DEVICES
    print(f"slowest batch {load.slowest:.2f} s of {len(load.batches)}, {load.full} found no room")


def test_frozen(tmp_path: Path, influxdb: InfluxDB) -> None:
    with loaded(tmp_path, influxdb) as (series, load):
        influxdb.pause()
        time.sleep(30)  # the fault's length, not a wait for anything
        influxdb.resume()
        counted(influxdb, series, load)
        assert load.slowest < 3.0


def test_killed_again_and_again(tmp_path: Path, influxdb: InfluxDB) -> None:
    with loaded(tmp_path, influxdb) as (series, load):
        for _ in range(10):
            enough = len(load.batches) + 20
            influxdb.kill()
            wait_until(partial(has, load, enough), 30, "batches are kept")
            influxdb.start()
        counted(influxdb, series, load)
        assert load.slowest < 3.0


def test_refusing(tmp_path: Path) -> None:
    folder = tmp_path / "influxdb"
    folder.mkdir()
    with InfluxDB(folder, authentication=True) as server, loaded(tmp_path, server) as (series, load):
        right = server.password
        server.query(f"SET PASSWORD FOR {server.user_name} = 'another'")
        server.password = "another"
        wait_until(lambda: "401" in str(series.stats().last_error), 30, "401")
        before = len(load.batches)
        wait_until(lambda: len(load.batches) > before + 50, 30, "batches are kept")
        server.query(f"SET PASSWORD FOR {server.user_name} = '{right}'")
        server.password = right
        counted(server, series, load)
        assert load.slowest < 3.0


def test_full_to_the_brim(tmp_path: Path) -> None:
    folder = tmp_path / "influxdb"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    try:
        with InfluxDB(folder) as server, loaded(tmp_path, server) as (series, load):
            filler = folder / "filler"
            filler.touch()
            subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True, check=False)
            wait_until(lambda: not series.stats().available, 60, "no space is noticed")
            before = len(load.batches)
            wait_until(lambda: len(load.batches) > before + 100, 60, "batches are kept")
            filler.unlink()
            server.kill()  # 1.6.7 goes on saying so until it is restarted, however much room there is
            server.start()
            counted(server, series, load)
            assert load.slowest < 3.0
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
