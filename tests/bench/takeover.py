"""How long nobody works when the hub of a large fleet is killed and another stands by: 1,000 agents of eight cameras,
each of which tells all 63 metrics every minute, on a real Mosquitto and a real InfluxDB with eleven days of values.

Two hub processes, on one machine with all else. The first is killed when the second knows the fleet's past; counted
from then to the first report that is committed, as its sender hears. It takes ten minutes, most of which the two spend
reading the past; the second one hardly rests meanwhile (`eager_hub.py`), and then as every hub.
"""

import datetime
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench.fleet_load import Fleet, Order
from tests.bench.long_past import AGENTS, CAMERAS, WELL, standing
from tests.bench.measure import Figure
from tests.e2e.stack import HubProcess
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until

LIMIT_SECONDS = 15.0
EVERY_SECONDS = 60.0
PATIENCE_SECONDS = 1200.0
WATCH_SECONDS = 150.0
"""So long both hubs are watched at work before the first is killed."""
SETTLE_SECONDS = 1.0
"""What the dead hub has acknowledged is heard by then."""
KNOWN = re.compile(r"of (\d+) of \1 devices is known")


def figures() -> Iterator[Figure]:
    """Seconds, and what it takes to stand by."""
    with standing(end=time.time_ns() // 1_000_000, silent=False) as (folder, influx, _):
        (folder / "broker").mkdir()
        for tier in ("hourly", "daily"):
            influx.query(f'CREATE DATABASE "{influx.database}_{tier}"')
        with Mosquitto(folder / "broker") as broker:
            first, second = (_hub(folder, name, broker, influx) for name in ("north", "south"))
            try:
                yield from _killed(first, second, influx, broker)
            finally:
                for hub in (first, second):
                    if hub.running():
                        hub.stop()


def _hub(folder: Path, name: str, broker: Mosquitto, influx: InfluxDB) -> HubProcess:
    (folder / name).mkdir()
    series = {"kind": "influx", "url": influx.url, "api": "v1", "database": influx.database}
    tables = {"hub": {"name": name}, "store": {"url": f"sqlite:///{folder}/hub.db"}}
    return HubProcess(folder / name, broker.port, series, {}, module="tests.bench.eager_hub", tables=tables)


def _killed(first: HubProcess, second: HubProcess, influx: InfluxDB, broker: Mosquitto) -> Iterator[Figure]:
    fleet = Fleet(Order(broker.port, AGENTS, CAMERAS, len(WELL), AGENTS / EVERY_SECONDS, chunk=10, values=WELL))
    answers = fleet.answers
    assert answers is not None
    began = time.monotonic()
    first.start()
    _sending(fleet)
    wait_until(lambda: answers.answered > 0, timeout=PATIENCE_SECONDS, what=lambda: f"the first hub\n{first.log()}")
    alone = time.monotonic() - began
    print(f"  first hub works after {alone:.0f} s", flush=True)
    began = time.monotonic()
    second.start()
    wait_until(lambda: KNOWN.search(second.log()), timeout=PATIENCE_SECONDS, what=lambda: f"the second\n{second.log()}")
    print(f"  second hub knows after {time.monotonic() - began:.0f} s", flush=True)
    pids = {"first": first.pid, "second": second.pid, "influxd": influx.pid}
    before = {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items()}
    time.sleep(WATCH_SECONDS)
    spent = {name: sum(psutil.Process(pid).cpu_times()[:2]) - before[name] for name, pid in pids.items()}
    memory = {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in pids.items()}
    first.kill()
    killed = time.monotonic()
    time.sleep(SETTLE_SECONDS)
    base = answers.answered
    wait_until(lambda: answers.answered > base, timeout=PATIENCE_SECONDS, what=lambda: f"the second\n{second.log()}")
    took = time.monotonic() - killed
    print(f"  killed {datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=took):%H:%M:%S}", flush=True)
    print("  " + "\n  ".join(second.log().splitlines()[-8:]), flush=True)
    what = f"take-over: {AGENTS} agents, {AGENTS * CAMERAS} cameras"
    limit = "what a hub may take, its lease's 8 s included"
    yield Figure(f"{what}: killed, to the next commit", round(took, 1), "s", LIMIT_SECONDS, round(took / 15, 3), limit)
    yield _beside(f"{what}: standing by", {name: 100 * s / WATCH_SECONDS for name, s in spent.items()}, "% of a core")
    yield _beside(f"{what}: memory of who stands by", memory, "MB")


def _beside(what: str, of: dict[str, float], unit: str) -> Figure:
    against = f"who works; influxd {of['influxd']:.0f}"
    return Figure(
        what, round(of["second"], 1), unit, round(of["first"], 1), round(of["second"] / of["first"], 3), against
    )


def _sending(fleet: Fleet) -> None:
    order = fleet.order
    threading.Thread(
        target=fleet.send, args=(0, order.rate, time.perf_counter() + 4 * PATIENCE_SECONDS), daemon=True
    ).start()
