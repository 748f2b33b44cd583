"""A real hub on a real InfluxDB rolls what is over, charts it when raw values are gone, and writes records."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hub.__main__ import main
from tests.e2e.numbered import influx_v1
from tests.e2e.stack import HubProcess
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until

HOUR = 3_600_000


def test_a_hub_catches_up_and_charts_from_rollups(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    hub = HubProcess(tmp_path, mosquitto.port, influx_v1(influxdb), {})
    assert main(["init-influx", "--config", str(tmp_path / "hub.toml")]) == 0
    with hub.serving():
        pass
    now = time.time_ns() // 1_000_000
    over = now // HOUR * HOUR - 3 * HOUR
    with closing(sqlite3.connect(tmp_path / "hub" / "hub.db")) as database, database:
        database.execute("INSERT INTO agent (site, agent, first_heard, last_heard) VALUES ('s', 'a', ?, ?)", (now, now))
        device = "('s', 'cam', 'a', 'camera', '{}')"
        database.execute(f"INSERT INTO device (site, device, agent, kind, facts) VALUES {device}")  # noqa: S608 - ours
        rolled = [("hour", over), ("day", over // (24 * HOUR) * 24 * HOUR)]
        database.executemany("INSERT OR REPLACE INTO rollup_progress VALUES (?, ?)", rolled)
    values = {over: 0.25, over + HOUR - 1: 0.75, over + HOUR: 5.0}
    series = "camera,site=s,agent=a,device=cam"
    influxdb.write_lines("\n".join(f"{series} response_seconds={value} {at}" for at, value in values.items()))
    with hub.serving():
        done = "SELECT until FROM rollup_progress WHERE tier = 'hour'"
        wait_until(lambda: hub.query(done)[0][0] >= over + 2 * HOUR, 60, lambda: f"two hours to be rolled\n{hub.log()}")
        influxdb.query('DELETE FROM "camera"')  # of the raw values
        answer = hub.get(
            f"/api/v1/sites/s/devices/cam/series/response_seconds?since={over - 1}&until={now}&step={HOUR}"
        )
        assert answer is not None, hub.log()
        assert [(b["at"], b["mean"]) for b in answer["buckets"]] == [(over, 0.5), (over + HOUR, 5.0)]
        inventory = 'SELECT "agent" FROM "watchkeeper_daily".."device_info" WHERE "device" = \'cam\''
        wait_until(lambda: bool(influxdb.query(inventory)), 60, lambda: f"the inventory is told\n{hub.log()}")
        wait_until(
            lambda: bool(influxdb.query('SELECT "devices" FROM "site_state"')),
            60,
            lambda: f"the sites are\n{hub.log()}",
        )
        assert "writing records" not in hub.log()
