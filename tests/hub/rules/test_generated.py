"""Pairs of rules that one cause could wake, end to end: a generated site, replayed, one ticket for each fault."""

import pytest
import sqlalchemy as sa

from hub.recording import read
from hub.replay import Replay, tickets
from hub.rule import discover
from simulator.scenario import parse
from simulator.virtual.recording import lines
from tests.databases import prepare
from tests.hub.fleets import settings_of

SCRIPT = """
site: school
start: 2027-01-04T00:00:00+08:00
length: 34h
interval: 120
agents:
  - id: gateway
    cameras: 6
    recorders: [{ id: nvr-1, channels: 5, speaks: isapi }]
    door_controllers: [{ id: access-1, doors: [door-1, door-2, door-3] }]
faults:
  - { at: 2h, for: 2h, kind: camera_off, device: cam-01 }
  - { at: 2h, for: 2h, kind: camera_hang, device: cam-02 }
  - { at: 2h, for: 3h, kind: camera_password, device: cam-03 }
  - { at: 2h, for: 2h, kind: stream_lost, device: cam-04 }
  - { at: 2h, for: 29h, kind: picture_spoilt, how: taped, device: cam-05 }
  - { at: 9h, for: 22h, kind: picture_spoilt, how: underexposed, device: cam-06 }
  - { at: 2h, for: 2h, kind: video_loss, device: nvr-1-ch1 }
  - { at: 2h, for: 2h, kind: recording_stopped, device: nvr-1-ch2 }
  - { at: 2h, for: 2h, kind: plan_off, device: nvr-1-ch3 }
  - { at: 3h, for: 2h, kind: channel_off, device: nvr-1-ch4 }
  - { at: 26h, for: 2h, kind: channel_gone, device: nvr-1-ch5 }
  - { at: 6h, for: 3h, kind: recorder_password, device: nvr-1 }
  - { at: 12h, for: 1h, kind: recorder_off, device: nvr-1 }
  - { at: 16h, for: 1h, kind: clock_jump, by: 28800, device: nvr-1 }
  - { at: 20h, for: 2h, kind: account_added, device: nvr-1 }
  - { at: 2h, for: 3h, kind: door_forced, device: door-1 }
  - { at: 8h, for: 1h, kind: door_silent, device: door-1 }
  - { at: 8h, for: 1h, kind: door_silent, device: door-2 }
  - { at: 8h, for: 1h, kind: door_silent, device: door-3 }
"""

TICKETS = {
    ("cam-01", "camera_unreachable"),
    ("cam-02", "camera_unreachable"),
    ("cam-03", "camera_unauthenticated"),
    ("cam-04", "camera_not_streaming"),
    ("cam-05", "picture_infrared_dead"),
    ("cam-06", "picture_dark"),
    ("nvr-1-ch1", "channel_video_loss"),
    ("nvr-1-ch2", "channel_not_recording"),
    ("nvr-1-ch3", "channel_plan_off"),
    ("nvr-1-ch4", "channel_offline"),
    ("nvr-1-ch5", "channel_vanished"),
    ("nvr-1", "recorder_unauthenticated"),
    ("nvr-1", "recorder_unreachable"),
    ("nvr-1", "clock_drift"),
    ("nvr-1", "unknown_account"),
    ("door-1", "door_forced"),
    ("door-1", "door_silent"),
}


@pytest.fixture(scope="module")
def found() -> list[dict[str, object]]:
    """Every ticket of a day and a half."""
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    prepare(database)
    rules = discover()
    Replay(database, rules, settings_of(rules)).play(read(lines(parse(SCRIPT))))
    told = list(tickets(database))
    database.dispose()
    return told


def test_each_fault_is_one_ticket_and_what_it_brings_along_none(found: list[dict[str, object]]) -> None:
    told = [(str(ticket["device"]), str(ticket["rule"])) for ticket in found]
    assert sorted(told) == sorted(TICKETS)


def test_each_is_over_when_its_fault_is(found: list[dict[str, object]]) -> None:
    # Whether infra-red shines again only the next night can tell.
    still = {(ticket["device"], ticket["rule"]) for ticket in found if ticket["state"] == "open"}
    assert still == {("cam-05", "picture_infrared_dead")}
