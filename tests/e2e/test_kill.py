"""SIGKILL of broker, hub and agent at random moments under load: nothing lost, nothing doubled, one ticket a fault."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from hub.series.config import SeriesSettings, open_series
from tests.e2e.numbered_agent import CAMERA, EPOCH
from tests.e2e.stack import HubProcess, Program, toml
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.servers.nginx import Nginx
from tests.waiting import wait_until

SITE, AGENT = "school", "gateway"
RULES: Mapping[str, Mapping[str, object]] = {
    "camera_unreachable": {"hold_seconds": 0.2, "clear_seconds": 0.2},
    "agent_silent": {"enabled": False},  # the agent is killed on purpose: that it is missed is shown elsewhere
}
FAULTS = 3
KILLS = 12
END = 1 << 53


@dataclass
class Stack:
    """Broker, hub and agent of one test."""

    folder: Path
    broker: Mosquitto
    hub: HubProcess
    agent: Program
    series: SeriesSettings

    def kill(self, which: Literal["broker", "hub", "agent"]) -> None:
        victims: dict[str, Mosquitto | Program] = {"broker": self.broker, "hub": self.hub, "agent": self.agent}
        victim = victims[which]
        victim.kill()
        victim.start()

    def logs(self) -> str:
        return f"--- hub\n{self.hub.log()}\n--- agent\n{self.agent.log()}"

    def flag(self, name: str, up: bool) -> None:
        path = self.folder / name
        path.touch() if up else path.unlink(missing_ok=True)

    def proven(self) -> list[int]:
        """Numbers that were certainly spooled."""
        path = self.folder / "proven"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def stored(self) -> Counter[int]:
        """Every number in the series store, and at how many times it stands."""
        store = open_series(self.series)
        try:
            values = store.window(SITE, "camera", CAMERA, "response_seconds", 0, END)
        finally:
            store.close()
        return Counter(round(value.value) for value in values)

    def events(self) -> Counter[int]:
        """Every number among the events in SQL, and how often."""
        return Counter(row[0] for row in self.hub.query("SELECT json_extract(data, '$.number') FROM event"))

    def drained(self) -> bool:
        """Everything has arrived: in the series, and in SQL, where the hub commits it a moment later."""
        stored, events = self.stored(), self.events()
        return all(number in stored and number in events for number in self.proven())


def influx_v2(influxdb: InfluxDB, proxy: Nginx) -> dict[str, object]:
    return {"kind": "influx", "api": "v2", "url": f"http://127.0.0.1:{proxy.port}", "database": influxdb.database}


def influx_v1(influxdb: InfluxDB) -> dict[str, object]:
    return {"kind": "influx", "api": "v1", "url": f"http://127.0.0.1:{influxdb.port}", "database": influxdb.database}


@pytest.fixture(params=["embedded", "influx v1", "influx v2"])
def stack(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Stack]:
    series: dict[str, object] = {"kind": "embedded", "path": str(tmp_path / "series.db")}
    if request.param == "influx v1":
        series = influx_v1(request.getfixturevalue("influxdb"))
    elif request.param == "influx v2":
        series = influx_v2(request.getfixturevalue("influxdb"), request.getfixturevalue("influx_v2"))
    hub = HubProcess(tmp_path, mosquitto.port, series, RULES)
    config = tmp_path / "agent.toml"
    collectors = {f"collectors.{name}": {"enabled": False} for name in ("host", "volumes", "clock")}
    config.write_text(
        toml(
            {
                "": {"site": SITE, "agent": AGENT, "state_dir": str(tmp_path / "agent")},
                "broker": {"host": "127.0.0.1", "port": mosquitto.port},
                **collectors,
                "collectors.cameras": {"interval_seconds": 0.05},
            }
        )
    )
    agent = Program(tmp_path, "agent", ["tests.e2e.numbered_agent", str(config), str(tmp_path)])
    stack = Stack(tmp_path, mosquitto, hub, agent, SeriesSettings.model_validate(series))
    hub.start()
    agent.start()
    hub.await_up()
    yield stack
    agent.stop()
    hub.stop()


def test_whatever_is_killed_every_reading_is_stored_once_and_every_fault_is_one_ticket(stack: Stack) -> None:
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # pytest shows it when this fails
    chance = random.Random(seed)
    for fault in range(1, FAULTS + 1):
        stack.flag("fault", up=True)
        _kill_at_random(stack, chance)
        wait_until(lambda: _states(stack)["open"] == 1, timeout=60, what=f"ticket {fault} to open")
        stack.flag("fault", up=False)
        _kill_at_random(stack, chance)
        _await_resolved(stack, fault)
    stack.flag("quiet", up=True)
    before = len(stack.proven())
    wait_until(stack.drained, timeout=60, what="every reading to arrive")
    assert before > 100, f"too little load to prove anything: {before} readings\n{stack.logs()}"
    proven, stored, events = set(stack.proven()), stack.stored(), stack.events()
    assert proven - stored.keys() == set(), "lost readings"
    assert proven - events.keys() == set(), "lost events"
    assert [n for n, times in stored.items() if times != 1] == [], "readings doubled"
    assert [n for n, times in events.items() if times != 1] == [], "events doubled"
    _assert_only_unproven_ends(set(stored) - proven)
    assert [t["rule"] for t in stack.hub.tickets()] == ["camera_unreachable"] * FAULTS


def _kill_at_random(stack: Stack, chance: random.Random) -> None:
    for _ in range(KILLS // FAULTS // 2):
        readings = len(stack.proven()) + chance.randrange(5, 40)
        _await_load(stack, readings)
        stack.kill(chance.choice(("broker", "hub", "agent")))


def _await_load(stack: Stack, readings: int) -> None:
    wait_until(lambda: len(stack.proven()) >= readings, timeout=30, what=f"load\n{stack.logs()}")


def _await_resolved(stack: Stack, tickets: int) -> None:
    wait_until(lambda: _states(stack)["resolved"] == tickets, timeout=60, what=f"ticket {tickets} to resolve")


def _states(stack: Stack) -> Counter[str]:
    return Counter(ticket["state"] for ticket in stack.hub.tickets())


def _assert_only_unproven_ends(extra: set[int]) -> None:
    """A number stored but not proven can only be the last of its process: spooled, then killed before the next."""
    assert len(extra) == len({number // EPOCH for number in extra})
