"""Ports, switches and what many devices have in common, as timelines."""

from collections.abc import Sequence

from tests.hub.fleets import SITE, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

SWITCH = Device(device="switch", kind=DeviceKind.SWITCH)
PORTS = [Device(device=f"p{n}", kind=DeviceKind.NETWORK, parent="switch") for n in range(1, 5)]
CAMERAS = [Device(device=f"c{n}", kind=DeviceKind.CAMERA, parent=f"p{n}") for n in range(1, 5)]


def play(line: Timeline, start: int, end: int, ports: Sequence[int], up: float) -> None:
    """So stand these ports and their cameras, a look a minute."""
    for second in range(start, end, MINUTE):
        for number in ports:
            line.sample(second, f"p{number}", link_up=up)
            line.sample(second, f"c{number}", reachable=up)


def test_a_port_that_loses_its_link_explains_its_camera() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, 0, HOUR, (1, 2, 3, 4), 1)
    assert line.log == []
    for second in range(HOUR, 2 * HOUR, MINUTE):
        play(line, second, second + MINUTE, (1,), 0)
        play(line, second, second + MINUTE, (2, 3, 4), 1)
    devices = line.engine.sites[SITE].devices
    down = devices["p1"].findings["link_down"]
    assert down.cause is None
    assert devices["c1"].findings["camera_unreachable"].cause is down
    play(line, 2 * HOUR, 3 * HOUR, (1, 2, 3, 4), 1)
    assert lives(line, "link_down")[-1].endswith("closed")


def test_a_port_that_is_free_is_no_trouble() -> None:
    line = timeline(SWITCH, *PORTS)
    line.samples(range(0, DAY, HOUR), "p1", link_up=0)
    assert line.log == []


def test_a_port_that_refuses_power_says_so() -> None:
    line = timeline(SWITCH, *PORTS)
    line.samples(range(0, HOUR, MINUTE), "p1", link_up=0, poe_fault=1)
    assert case(line, "p1", "link_down") == "power"


def test_a_switch_that_feeds_nobody_any_more_is_one_ticket() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, 0, HOUR, (1, 2, 3, 4), 1)
    play(line, HOUR, 2 * HOUR, (1, 2, 3, 4), 0)
    place = line.engine.sites[SITE]
    lost = place.devices["switch"].findings["poe_lost"]
    assert [finding for finding in place.live() if finding.cause is None] == [lost]


def test_cameras_that_go_down_together_are_one_ticket_and_those_that_stay_down_afterwards_their_own() -> None:
    cameras = [Device(device=f"c{n}", kind=DeviceKind.CAMERA) for n in range(1, 5)]
    line = timeline(*cameras)
    names = [camera.device for camera in cameras]
    for name in names:
        line.samples(range(0, HOUR, MINUTE), name, reachable=1)
    for second in range(HOUR, 2 * HOUR, MINUTE):
        for name in names:
            line.sample(second, name, reachable=0)
    place = line.engine.sites[SITE]
    group = place.devices["gateway"].findings["cameras_down"]
    assert [finding for finding in place.live() if finding.cause is None] == [group]
    for second in range(2 * HOUR, 4 * HOUR, MINUTE):
        for name in names:
            line.sample(second, name, reachable=0 if name == "c1" else 1)
        line.tick(second + 1)
    assert "cameras_down" not in place.devices["gateway"].findings
    assert [finding.device for finding in place.live() if not finding.explained] == ["c1"]
