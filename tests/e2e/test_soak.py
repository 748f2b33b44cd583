"""Twenty minutes of a thousand agents: the hub's memory stays flat, and every report is stored.

Run by `make endurance`; WATCHKEEPER_SOAK_MINUTES makes it longer.
"""

import os
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.numbered import influx_v1
from tests.e2e.stack import HubProcess, Program
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until

MINUTES = int(os.environ.get("WATCHKEEPER_SOAK_MINUTES", "20"))
AGENTS, RATE = 1000, 500
GROWTH = 1.05
"""Of the last five minutes' memory over that of the five after the first quarter."""


@pytest.mark.endurance
def test_memory_stays_flat_under_load(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    hub = HubProcess(tmp_path, mosquitto.port, influx_v1(influxdb), {})
    hub.start()
    hub.await_up()
    arguments = ["tests.e2e.fleet_load", str(mosquitto.port), str(AGENTS), str(RATE), str(tmp_path)]
    load = Program(tmp_path, "load", arguments)
    load.start()
    try:
        memory = [_minute(hub) for _ in range(MINUTES)]
        (tmp_path / "stop").touch()
        wait_until(lambda: (tmp_path / "done").exists(), timeout=30, what=lambda: f"the load to end\n{load.log()}")
        sent = int((tmp_path / "sent").read_text())
        wait_until(lambda: _stored(influxdb) >= sent, timeout=60, what=lambda: f"{sent} reports to arrive\n{hub.log()}")
        print(f"{sent} reports in {MINUTES} min; hub's memory minute by minute: {[round(m) for m in memory]} MB")
        assert _stored(influxdb) == sent
        assert sent > MINUTES * 60 * RATE * 0.9
        quarter = max(1, MINUTES // 4)
        assert _mean(memory[-quarter:]) <= GROWTH * _mean(memory[quarter : 2 * quarter]), memory
        assert hub.tickets() == []
    finally:
        load.stop()
        hub.stop()


def _minute(hub: HubProcess) -> float:
    """MB at its end."""
    end = time.monotonic() + 60
    wait_until(lambda: time.monotonic() >= end, timeout=70)
    return float(psutil.Process(hub.pid).memory_info().rss / 1e6)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _stored(influxdb: InfluxDB) -> int:
    """Reports of the fleet in the series store."""
    series = influxdb.query("SELECT count(response_seconds) FROM camera")
    return int(series[0]["values"][0][1]) if series else 0
