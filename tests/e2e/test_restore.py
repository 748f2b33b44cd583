"""Back to a backup, and a site forgotten, with real agents, broker and hub under load."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.numbered import Stack
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until


@pytest.fixture
def stack(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Stack]:
    made = Stack.make(tmp_path, mosquitto, {"kind": "embedded", "path": str(tmp_path / "series.db")}, sites=2)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def command(stack: Stack, *words: str) -> Any:
    """What the hub's command line answers."""
    words = (*words, "--config", str(stack.folder / "hub.toml"), "--json")
    done = subprocess.run(
        [sys.executable, "-m", "hub", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_going_back_to_a_backup_loses_nothing_that_agents_still_hold_and_doubles_nothing(stack: Stack) -> None:
    stays, goes = stack.agents
    stack.await_load(60)
    file = str(stack.folder / "backup.zip")
    command(stack, "backup", "--to", file)  # the hub runs and commits
    saved = {agent.site: set(stack.events(agent.site)) for agent in stack.agents}
    stack.await_load(60)  # committed after the backup, mostly
    stack.hub.stop()
    committed = {agent.site: set(stack.events(agent.site)) for agent in stack.agents}
    stack.await_load(60)  # agents hold these
    outcome = command(stack, "restore", file, "--force")
    stack.flag("fault", up=True)
    stack.hub.start()
    stack.hub.await_up()
    stack.await_tickets("open", 1)
    assert all(ticket["id"] > outcome["noted"]["tickets_from"] >= 10_000 for ticket in stack.hub.tickets())
    stack.flag("quiet", up=True)
    for agent in stack.agents:
        # What was measured before the hub knew the device is none of this test's.
        held = {n for n in agent.proven() if n > min(committed[agent.site])} - committed[agent.site]
        assert len(held) > 10
        assert len(committed[agent.site] - saved[agent.site]) > 10

        def arrived(site: str = agent.site, held: set[int] = held) -> bool:
            return held <= stack.events(site).keys() & stack.stored(site).keys()

        wait_until(arrived, timeout=60, what=lambda: f"what an agent holds\n{stack.logs()}")
        events, stored = stack.events(agent.site), stack.stored(agent.site)
        in_backup = {number for number in saved[agent.site] if number in events}
        assert len(in_backup) > 10, "what was in the backup is there"
        assert set(events.values()) == set(stored.values()) == {1}, "doubled"
        assert events.keys() <= stored.keys(), "a report that SQL knows without its points"
    _forget(stack, goes.site, stays.site)


def _forget(stack: Stack, site: str, other: str) -> None:
    """The hub runs; the site's agent was stopped."""
    next(agent for agent in stack.agents if agent.site == site).stop()
    stack.flag("quiet", up=False)
    before = stack.events(other).total()
    assert command(stack, "forget", "--site", site)["found"]["rows"]["event"] > 10
    result = command(stack, "forget", "--site", site, "--yes")
    assert result["left"]["rows"] == {}
    wait_until(
        lambda: stack.events(other).total() > before + 10, what=lambda: f"the other site goes on\n{stack.logs()}"
    )
    assert [ticket["site"] for ticket in stack.hub.tickets()] == [other]
    assert not stack.events(site)
    assert not stack.stored(site)
    stack.hub.stop()
    for path in (stack.folder / "series.db", stack.folder / "hub" / "hub.db"):
        assert site.encode() not in path.read_bytes(), path
