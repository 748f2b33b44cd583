"""What many devices have in common has the ticket: uplink, switch, power over Ethernet, circuit; as timelines."""

import pytest

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, standing, timeline
from wire.messages import Device, DeviceKind

SWITCH = Device(device="sw", kind=DeviceKind.SWITCH)
PORTS = [Device(device=f"p{n}", kind=DeviceKind.NETWORK, parent="sw", facts={"port": f"{n}"}) for n in range(1, 6)]
CAMERAS = [Device(device=f"c{n}", kind=DeviceKind.CAMERA, parent=f"p{n}") for n in range(1, 5)]  # p5 is free
LOOSE = [Device(device=f"d{n}", kind=DeviceKind.CAMERA) for n in range(1, 6)]


def play(line: Timeline, minutes: range, switch: float, ports: int, cameras: int) -> None:
    """So many ports have a link and so many cameras answer; a switch that is off tells nothing of its ports."""
    for minute in minutes:
        line.sample(minute * MINUTE, "sw", reachable=switch)
        for number, port in enumerate(PORTS if switch else [], 1):
            line.sample(minute * MINUTE, port.device, link_up=float(number <= ports or number == 5))
        for number, camera in enumerate(CAMERAS, 1):
            line.sample(minute * MINUTE + 1, camera.device, reachable=float(number <= cameras))


def test_a_dead_switch_hides_what_hangs_on_it_and_what_stays_dead_is_a_ticket_then() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, range(10), 1, 4, 4)
    play(line, range(10, 30), 0, 4, 0)
    assert standing(line) == ["sw switch_unreachable"]
    assert lives(line, "switch_unreachable") == ["600 pending", "720 opened"]
    play(line, range(30, 40), 1, 4, 3)
    line.tick(39 * MINUTE + 90)
    assert lives(line, "switch_unreachable")[-1] == "1860 closed"
    assert standing(line) == ["c4 camera_unreachable"]


def test_ports_that_lose_their_links_together_are_power_and_one_ticket() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, range(10), 1, 4, 4)
    play(line, range(10, 30), 1, 0, 0)
    assert standing(line) == ["sw poe_lost"]
    play(line, range(30, 40), 1, 4, 4)
    line.tick(39 * MINUTE + 90)
    assert standing(line) == []


def test_one_port_without_a_link_has_the_ticket_of_its_camera() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, range(10), 1, 4, 4)
    play(line, range(10, 30), 1, 3, 3)
    assert standing(line) == ["p4 link_down"]
    assert case(line, "p4", "link_down") == "link"


def test_a_port_at_which_nothing_hangs_that_is_watched_may_lose_its_link() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    for hour, up in ((0, 1), (8, 0), (20, 1)):  # somebody's computer
        line.samples(range(hour * HOUR, hour * HOUR + 2 * HOUR, MINUTE), "p5", link_up=up)
    assert line.log == []


def test_a_port_that_had_no_link_for_a_day_is_just_free() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    line.samples(range(0, 2 * DAY, 10 * MINUTE), "p1", link_up=0)
    assert line.log == []


def test_a_port_that_refuses_power_is_a_ticket_that_says_so() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    line.samples(range(0, 10 * MINUTE, MINUTE), "p1", link_up=1, poe_fault=0)
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "p1", link_up=0, poe_fault=1)
    assert case(line, "p1", "link_down") == "power"
    line.samples(range(20 * MINUTE, 30 * MINUTE, MINUTE), "p1", link_up=1, poe_fault=0)
    assert lives(line, "link_down") == ["600 pending", "840 opened", "1200 clearing", "1260 closed"]


def test_cameras_of_one_circuit_are_one_ticket_where_they_are_most_of_what_hangs_there() -> None:
    line = timeline(*LOOSE)
    for minute in range(20):
        for number, camera in enumerate(LOOSE):
            line.sample(minute * MINUTE + number, camera.device, reachable=float(minute < 10 or number == 0))
    assert standing(line) == ["gateway cameras_down"]
    for minute in range(20, 30):
        for number, camera in enumerate(LOOSE):
            line.sample(minute * MINUTE + number, camera.device, reachable=1)
    line.tick(29 * MINUTE + 90)
    assert standing(line) == []


def test_two_of_five_cameras_are_two_tickets() -> None:
    line = timeline(*LOOSE)
    for minute in range(10):
        for number, camera in enumerate(LOOSE):
            line.sample(minute * MINUTE + number, camera.device, reachable=float(number > 1))
    assert standing(line) == ["d1 camera_unreachable", "d2 camera_unreachable"]


def test_a_site_whose_agents_all_fall_silent_has_lost_its_uplink() -> None:
    line = timeline()
    line.engine.hear(SITE, "other", T0)
    line.take()
    line.sample(60, "cam-1", reachable=1)
    for second in range(60, 600, 30):
        line.tick(second)
    assert standing(line) == ["site site_uplink_down"]
    line.sample(660, "cam-1", reachable=1)
    line.engine.hear(SITE, "other", T0 + 661_000)
    line.take()
    for second in range(660, 800, 30):
        line.tick(second)
    assert standing(line) == []


def test_one_agent_of_two_that_falls_silent_is_its_own_ticket() -> None:
    line = timeline()
    line.engine.hear(SITE, "other", T0)
    line.take()
    for second in range(60, 600, 60):
        line.sample(second, "cam-1", reachable=1)
        line.tick(second)
    assert standing(line) == ["other agent_silent"]


def test_a_port_that_never_had_a_link_is_no_trouble() -> None:
    line = timeline(SWITCH, *PORTS)
    line.samples(range(0, DAY, HOUR), "p1", link_up=0)
    assert line.log == []


def test_a_port_that_refuses_power_from_the_start_is_told_at_once() -> None:
    line = timeline(SWITCH, *PORTS)
    line.samples(range(0, HOUR, MINUTE), "p1", link_up=0, poe_fault=1)
    assert case(line, "p1", "link_down") == "power"


def test_a_cause_is_known_to_its_consequence_and_ends_with_its_link() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, range(60), 1, 4, 4)
    play(line, range(60, 120), 1, 3, 3)
    devices = line.engine.sites[SITE].devices
    down = devices["p4"].findings["link_down"]
    assert down.cause is None
    assert devices["c4"].findings["camera_unreachable"].cause is down
    play(line, range(120, 180), 1, 4, 4)
    assert lives(line, "link_down")[-1].endswith("closed")


def test_a_camera_that_stays_down_after_its_circuit_is_back_is_a_ticket_of_its_own() -> None:
    line = timeline(*LOOSE[:4])
    for minute in range(60, 120):
        for camera in LOOSE[:4]:
            line.sample(minute * MINUTE, camera.device, reachable=0)
    assert standing(line) == ["gateway cameras_down"]
    for minute in range(120, 240):
        for camera in LOOSE[:4]:
            line.sample(minute * MINUTE, camera.device, reachable=float(camera.device != "d1"))
        line.tick(minute * MINUTE + 1)
    assert standing(line) == ["d1 camera_unreachable"]


@pytest.mark.parametrize("behind", ["ports", "switch"])
def test_power_lost_at_a_switch_is_one_ticket_whether_its_cameras_hang_on_its_ports_or_on_itself(behind: str) -> None:
    cameras = CAMERAS if behind == "ports" else [c.model_copy(update={"parent": "sw"}) for c in CAMERAS]
    ports = (
        PORTS if behind == "ports" else [p.model_copy(update={"facts": {**p.facts, "connected": "x"}}) for p in PORTS]
    )
    line = timeline(SWITCH, *ports, *cameras)
    play(line, range(10), 1, 4, 4)
    play(line, range(10, 40), 1, 0, 0)
    assert standing(line) == ["sw poe_lost"]
    play(line, range(40, 60), 1, 4, 4)
    line.tick(59 * MINUTE + 90)
    assert standing(line) == []
    assert {entry.split()[2] for entry in line.log if entry.endswith("promoted")} == set()


def test_what_hangs_on_one_of_many_ports_without_power_lands_on_the_one_ticket() -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS)
    play(line, range(10), 1, 4, 4)
    play(line, range(10, 40), 1, 0, 0)
    devices = line.engine.sites[SITE].devices
    group = devices["sw"].findings["poe_lost"]
    assert all(devices[camera.device].findings["camera_unreachable"].cause is group for camera in CAMERAS)


@pytest.mark.parametrize("kind", ["cameras", "ports"])
def test_one_that_answers_once_does_not_break_its_group_up(kind: str) -> None:
    line = timeline(SWITCH, *PORTS, *CAMERAS) if kind == "ports" else timeline(*LOOSE[:3])
    names, metric = (PORTS[:4], "link_up") if kind == "ports" else (LOOSE[:3], "reachable")
    for minute in range(60):
        for second, device in enumerate(names, minute * MINUTE):
            up = minute < 5 or (minute == 25 and device is not names[0])
            line.sample(second, device.device, **{metric: float(up)})
        line.tick(minute * MINUTE + 10)
    assert standing(line) == ["sw poe_lost" if kind == "ports" else "gateway cameras_down"]
    assert [entry for entry in line.log if "promoted" in entry or "closed" in entry] == []


def test_what_is_left_of_a_group_that_ended_is_the_same_ticket_again() -> None:
    line = timeline(*LOOSE[:3], rules={"cameras_down": {"clear_seconds": 0}})
    for minute in range(60):
        for camera in LOOSE[:3]:
            line.sample(minute * MINUTE, camera.device, reachable=float(minute == 25 and camera is LOOSE[1]))
        line.tick(minute * MINUTE + 10)
    assert standing(line) == ["gateway cameras_down"]
    assert [change.split()[1] for change in lives(line, "cameras_down")] == ["opened", "closed", "reopened"]
    assert [entry for entry in line.log if "promoted" in entry] == []
