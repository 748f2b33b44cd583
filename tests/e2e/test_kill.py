"""SIGKILL of broker, hub and agent at random moments under load: nothing lost, nothing doubled, one ticket a fault."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.numbered import Stack, influx_v1, influx_v2, seeded
from tests.servers.mosquitto import Mosquitto

FAULTS = 3
KILLS = 12


@pytest.fixture(params=["embedded", "influx v1", pytest.param("influx v2", marks=pytest.mark.endurance)])
def stack(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Stack]:
    series: dict[str, object] = {"kind": "embedded", "path": str(tmp_path / "series.db")}
    if request.param == "influx v1":
        series = influx_v1(request.getfixturevalue("influxdb"))
    elif request.param == "influx v2":
        series = influx_v2(request.getfixturevalue("influxdb"), request.getfixturevalue("influx_v2"))
    stack = Stack.make(tmp_path, mosquitto, series)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def test_whatever_is_killed_every_reading_is_stored_once_and_every_fault_is_one_ticket(stack: Stack) -> None:
    chance = seeded()
    for fault in range(1, FAULTS + 1):
        stack.flag("fault", up=True)
        _kill_at_random(stack, chance)
        stack.await_tickets("open", 1)
        stack.flag("fault", up=False)
        _kill_at_random(stack, chance)
        stack.await_tickets("resolved", fault)
    assert stack.count() > 100, f"too little load to prove anything\n{stack.logs()}"
    assert [t["rule"] for t in stack.hub.tickets()] == ["camera_unreachable"] * FAULTS


def _kill_at_random(stack: Stack, chance: random.Random) -> None:
    for _ in range(KILLS // FAULTS // 2):
        stack.await_load(chance.randrange(5, 40))
        stack.kill(chance.choice(("broker", "hub", "school-1")))
