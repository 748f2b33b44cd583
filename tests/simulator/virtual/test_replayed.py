"""A generated site played through a hub's own intake, engine and tickets: the tickets its faults must lead to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from hub.recording import read
from hub.replay import Replay, Summary, tickets
from hub.rule import discover
from simulator.__main__ import DEMO_SCRIPT
from simulator.scenario import Scenario, load, parse
from simulator.virtual.recording import lines
from tests.databases import prepare
from tests.hub.fleets import settings_of

SITE = """
site: riverside
start: 2027-01-04T00:00:00Z
agents:
  - id: gate-1
    cameras: [cam-1, cam-2]
    door_controllers: [{ id: access-1, doors: [door-1] }]
    volumes: [{ id: footage, size: 8TB, fill: 0.99, role: recording, overwrites: true }, { id: system }]
  - id: gate-2
    recorders: [{ id: nvr-1, channels: 2, speaks: isapi }]
"""


class Ticket(NamedTuple):
    """When it was opened and resolved, seconds from the start."""

    device: str
    rule: str
    opened: float
    resolved: float | None
    hides: int
    late: bool


def play(script: Scenario) -> tuple[Summary, list[Ticket]]:
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    prepare(database)
    rules = discover()
    summary = Replay(database, rules, settings_of(rules, script.rules)).play(read(lines(script)))
    found = [_ticket(script, ticket) for ticket in tickets(database)]
    database.dispose()
    return summary, found


def _ticket(script: Scenario, row: Mapping[str, Any]) -> Ticket:
    start = round(script.start.timestamp() * 1000)
    resolved = (row["resolved"] - start) / 1000 if row["resolved"] else None
    late = row["detail"].get("case") == "late"
    return Ticket(row["device"], row["rule"], (row["opened"] - start) / 1000, resolved, len(row["hides"]), late)


def test_a_healthy_school_day_leads_to_no_ticket_and_nothing_is_rejected() -> None:
    summary, found = play(parse(f"{SITE}length: 12h\ninterval: 2m\n"))
    assert not found
    assert (summary.refused, summary.rejected) == (0, {})
    assert summary.committed == 2 * 360


def test_the_demos_faults_lead_to_the_tickets_it_expects() -> None:
    script = load(DEMO_SCRIPT).model_copy(update={"interval": 1.0})
    _, found = play(script)
    assert sorted((one.device, one.rule) for one in found) == sorted(
        (fault.expect.device, fault.expect.rule) for fault in script.faults if fault.expect
    )
    for fault in script.faults:
        (ticket,) = [one for one in found if fault.expect and one.device == fault.expect.device]
        assert fault.at < ticket.opened <= fault.end + 1.0
        assert ticket.resolved is not None
        assert fault.end <= ticket.resolved


HOURS = f"""{SITE}
length: 4h
faults:
  - {{ at: 10m, for: 30m, kind: camera_off, device: cam-1 }}
  - {{ at: 20m, for: 30m, kind: recorder_off, device: nvr-1 }}
  - {{ at: 1h, for: 10m, kind: agent_silent, device: gate-1 }}
  - {{ at: 90m, for: 1m, kind: door_forced, device: door-1 }}
  - {{ at: 2h, for: 30m, kind: agent_clock_jump, device: gate-1, by: -2h }}
  - {{ at: 2h5m, for: 20m, kind: camera_off, device: cam-2 }}
"""
EXPECTED = {
    *(("cam-1", "camera_unreachable"), ("nvr-1", "recorder_unreachable"), ("gate-1", "agent_silent")),
    *(("door-1", "door_forced"), ("gate-1-host", "clock_drift"), ("cam-2", "camera_unreachable")),
}


def test_tickets_open_after_their_hold_and_resolve_after_the_fault() -> None:
    _, found = play(parse(HOURS))
    told = {(one.device, one.rule): one for one in found}
    assert set(told) == EXPECTED
    camera = told["cam-1", "camera_unreachable"]
    assert 600 + 300 <= camera.opened <= 600 + 420
    assert camera.resolved is not None
    assert 2400 <= camera.resolved <= 2400 + 240
    assert told["door-1", "door_forced"].opened < 5400 + 120
    assert all(one.resolved is not None for one in found)


def test_delivered_twice_and_late_it_comes_to_the_same_tickets() -> None:
    summary, found = play(parse(HOURS).model_copy(update={"duplicates": 0.1, "reorders": 0.03}))
    assert {(one.device, one.rule) for one in found} == EXPECTED
    assert len(found) == len(EXPECTED)
    assert (summary.refused, summary.rejected) == (0, {})
    assert summary.committed > 2 * 240 - 12


def test_what_came_late_opens_no_ticket_about_the_past_but_for_what_must_be_known() -> None:
    faults = """
faults:
  - { at: 20m, for: 2h, kind: uplink_down, device: gate-1 }
  - { at: 40m, for: 30m, kind: camera_off, device: cam-1 }
  - { at: 1h, for: 1m, kind: door_forced, device: door-1 }
"""
    _, found = play(parse(f"{SITE}length: 3h\n{faults}"))
    assert {(one.device, one.rule) for one in found} == {("gate-1", "agent_silent"), ("door-1", "door_forced")}
    (door,) = [one for one in found if one.device == "door-1"]
    assert door.late
    assert door.opened >= 140 * 60


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_from_command_to_command(tmp_path: Path, suffix: str) -> None:
    from hub.__main__ import main as hub
    from simulator.__main__ import main as sim

    script, recording, out = tmp_path / "site.yaml", tmp_path / f"reports{suffix}", tmp_path / "tickets.jsonl"
    script.write_text(f"{SITE}length: 1h\nfaults: [{{ at: 10m, for: 20m, kind: camera_off, device: cam-2 }}]\n")
    assert sim(["generate", str(script), "-o", str(recording)]) == 0
    assert hub(["replay", str(recording), "--tickets", str(out)]) == 0
    assert out.read_text().count("camera_unreachable") == 1
