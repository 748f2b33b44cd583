"""Doors that are forced, held, silent together, or turn cards away, as timelines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.fleets import SITE
from tests.hub.hubs import Hub
from tests.hub.rules.timelines import MINUTE, timeline
from wire.messages import Device, DeviceKind, Event, Sample
from wire.topics import Verb

RULES: dict[str, dict[str, object]] = {
    "agent_silent": {"enabled": False},
    "door_forced": {"clear_seconds": 120},
    "door_denied": {"clear_seconds": 60, "refusals": 3, "within_seconds": 30},
}


def event(at: int, kind: str, **data: str) -> Event:
    return Event(device="door-1", at=at, type=kind, data=data)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def tell(hub: Hub, seconds: int, door_open: float) -> None:
    """How it stands, every ten seconds for so long."""
    for _ in range(0, seconds, 10):
        hub.pass_time(10)
        hub.hear(Verb.REPORT, hub.report(Sample(device="door-1", at=hub.now, values={"door_open": door_open})))
        hub.step()


def test_a_forced_door_that_stands_open_has_one_ticket_until_it_is_closed(hub: Hub) -> None:
    tell(hub, 60, 0)
    hub.tell(event(hub.now, "door.alarm", state="DoorForcedOpen"))
    tell(hub, 600, 1)
    assert hub.tickets() == [("door-1", "door_forced", "open")]
    tell(hub, 300, 0)
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]


def test_a_door_that_is_held_open_without_force_is_only_that(hub: Hub) -> None:
    tell(hub, 120, 1)
    assert hub.tickets() == [("door-1", "door_held_open", "open")]
    tell(hub, 60, 0)
    assert hub.tickets() == [("door-1", "door_held_open", "resolved")]


def test_one_card_turned_away_is_nothing_three_in_a_row_are_a_ticket(hub: Hub) -> None:
    hub.tell(event(hub.now, "door.access_denied", credential="card-7"))
    hub.pass_time(60)
    hub.tell(event(hub.now, "door.access_denied", credential="card-7"))
    hub.pass_time(5)
    hub.tell(event(hub.now, "door.access_denied", credential="card-7"))
    assert hub.tickets() == []
    hub.pass_time(5)
    hub.tell(event(hub.now, "door.access_denied", credential="card-8"))
    assert hub.tickets() == [("door-1", "door_denied", "open")]
    hub.pass_time(65)
    assert hub.tickets() == [("door-1", "door_denied", "resolved")]


def test_doors_of_one_controller_that_is_gone_have_one_ticket() -> None:
    doors = [Device(device=f"door-{n}", kind=DeviceKind.DOOR, facts={"controller": "access-1"}) for n in range(1, 5)]
    other = Device(device="door-9", kind=DeviceKind.DOOR, facts={"controller": "access-2"})
    line = timeline(*doors, other)
    for second in range(0, 20 * MINUTE, MINUTE):
        for n, door in enumerate([other, *reversed(doors)]):
            line.sample(second + n, door.device, door_reachable=0, door_silence_seconds=second)
    assert {f.device for f in line.engine.sites[SITE].live()} == {"door-1", "door-9"}
