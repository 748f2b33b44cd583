"""Minutes of load while everything that can fails: nothing lost, nothing doubled, one ticket a fault.

Run by `make endurance`; each test prints what it counted.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.numbered import Stack, influx_v1, seeded
from tests.e2e.stack import Program
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until

pytestmark = pytest.mark.endurance

SITES = 3
KILLS = 50
"""Of each."""
FAULT_EVERY = 20
PAUSE_SECONDS = 30


@pytest.fixture
def stack(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> Iterator[Stack]:
    stack = Stack.make(tmp_path, mosquitto, influx_v1(influxdb), SITES, influxdb=influxdb)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def test_each_is_killed_fifty_times_at_random(stack: Stack) -> None:
    chance = seeded()
    deaths = [name for name in ("broker", "hub", "influxdb", "school-1") for _ in range(KILLS)]
    chance.shuffle(deaths)
    faults, lasting = 0, False
    for number, name in enumerate(deaths, 1):
        stack.await_load(chance.randrange(5, 60), timeout=60)
        stack.kill(name)
        if number % FAULT_EVERY == 0:
            lasting = not lasting
            stack.flag("fault", up=lasting)
            faults += lasting
            stack.await_tickets("open", 1) if lasting else stack.await_tickets("resolved", faults)
    stack.flag("fault", up=False)
    stack.await_tickets("resolved", faults)
    readings = stack.count()
    print(f"{len(deaths)} kills, {faults} faults at {SITES} sites, {readings} readings: none lost, none doubled")
    assert len(stack.hub.tickets()) == faults * SITES
    assert readings > 10 * len(deaths)


@pytest.mark.parametrize("name", ["broker", "influxdb", "hub", "school-1"])
def test_each_stands_still_for_half_a_minute(stack: Stack, name: str) -> None:
    stack.await_load(100)
    others = [agent for agent in stack.agents if agent.site != name]
    before = len(others[0].proven())
    victim = stack.victims[name]
    victim.pause()
    wait_until(
        lambda: len(others[0].proven()) > before + PAUSE_SECONDS * 15, timeout=90, what="half a minute of readings"
    )
    victim.resume()
    stack.flag("fault", up=True)
    stack.await_tickets("open", 1)
    stack.flag("fault", up=False)
    stack.await_tickets("resolved", 1)
    print(f"{name} stood still for {PAUSE_SECONDS} s: {stack.count()} readings, none lost, none doubled")
    assert [ticket["rule"] for ticket in stack.hub.tickets()] == ["camera_unreachable"] * SITES


def test_influxdb_refuses_for_a_while(stack: Stack) -> None:
    """Its database is gone: what comes meanwhile waits on the hub's disk, tickets open all the same."""
    influxdb = stack.others["influxdb"]
    stack.flag("quiet", up=True)
    wait_until(stack.drained, timeout=60, what="what was sent before to arrive")
    early = {agent.site: stack.stored(agent.site) for agent in stack.agents}
    influxdb.query(f'DROP DATABASE "{influxdb.database}"')
    stack.flag("quiet", up=False)
    stack.await_load(300, timeout=60)
    stack.flag("fault", up=True)
    stack.await_tickets("open", 1)
    stack.flag("fault", up=False)
    stack.await_tickets("resolved", 1)
    influxdb.query(f'CREATE DATABASE "{influxdb.database}"')
    stack.flag("quiet", up=True)

    def arrived() -> bool:
        return all(
            set(agent.proven()) - early[agent.site].keys() <= stack.stored(agent.site).keys() for agent in stack.agents
        )

    wait_until(arrived, timeout=120, what=lambda: f"the buffer to drain\n{stack.logs()}")
    assert all(max(stack.stored(agent.site).values()) == 1 for agent in stack.agents)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB for the hub's state."""
    folder = tmp_path / "hub"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "watchkeeper-test", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_the_hubs_disk_is_full_for_a_while(
    small_disk: Path, tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    stack = Stack.make(tmp_path, mosquitto, influx_v1(influxdb), SITES, influxdb=influxdb)
    stack.start()
    try:
        stack.await_load(100)
        _fill(small_disk / "ballast")
        stack.await_load(600, timeout=60)
        stack.kill("hub")  # nor must a start on a full disk break anything
        stack.await_load(300, timeout=60)
        (small_disk / "ballast").unlink()
        _await_up(stack.hub)
        stack.flag("fault", up=True)
        stack.await_tickets("open", 1)
        stack.flag("fault", up=False)
        stack.await_tickets("resolved", 1)
        print(f"the hub's disk was full: {stack.count()} readings, none lost, none doubled")
        assert len(stack.hub.tickets()) == SITES
    finally:
        stack.stop()


def _await_up(hub: Program) -> None:
    """A hub that could not start on a full disk has ended with an error; whoever supervises it starts it again."""
    if not hub.running():
        hub.start()


def _fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
