"""Many children of one parent that fail together are one ticket of the parent's; and what is no group stays apart."""

from dataclasses import dataclass, field

import pytest

from hub.fleet import LiveFinding, Subject
from hub.rule import CLEAR, UNKNOWN, Judgement, Rule, Settings, Snapshot, Together, discover
from hub.series.store import Point
from tests.hub.fleets import SITE, T0, Changes, Timeline
from wire.messages import Device, DeviceKind, Report

CAMERAS = [Device(device=f"cam-{n}", kind=DeviceKind.CAMERA, parent="poe-1") for n in range(1, 6)]
DEVICES = [
    Device(device="gateway", kind=DeviceKind.AGENT),
    Device(device="poe-1", kind=DeviceKind.SWITCH),
    *CAMERAS,
    Device(device="cam-9", kind=DeviceKind.CAMERA),
]
SOON: dict[str, dict[str, object]] = {
    "camera_unreachable": {"hold_seconds": 60, "clear_seconds": 60},
    "agent_silent": {"silent_seconds": 100},
}


def levels(_: Settings) -> tuple[int, float, float]:
    return 3, 0.6, 120.0


POWER = Rule(
    "power_lost",
    frozenset({DeviceKind.SWITCH}),
    Together(frozenset({"camera_unreachable"}), levels),
    "{number} of {of} went dark together",
    hides_children=True,
)
UPLINK = Rule(
    "uplink_down",
    frozenset({DeviceKind.SITE}),
    Together(frozenset({"agent_silent"}), lambda _: (2, 1.0, 120.0)),
    "all agents silent",
    hides_children=True,
)


ALONE = {name: rule for name, rule in discover().items() if not isinstance(rule.condition, Together)}
"""The hub's own rules, but for those that group: these here are on trial."""


@dataclass
class Room(Timeline):
    """Five cameras on one switch, one elsewhere."""

    rules: dict[str, Rule] = field(default_factory=lambda: {**ALONE, "power_lost": POWER, "uplink_down": UPLINK})
    changes: Changes = field(default_factory=lambda: SOON)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.engine.inventory(self.state, DEVICES, T0)
        self.take()
        self.log.clear()

    def dark(self, second: float, *cameras: int) -> None:
        for camera in cameras:
            self.sample(second, f"cam-{camera}", reachable=0)

    def lit(self, second: float, *cameras: int) -> None:
        for camera in cameras:
            self.sample(second, f"cam-{camera}", reachable=1)

    def subject(self, device: str) -> Subject:
        return self.engine.sites[SITE].devices[device]

    def tickets(self) -> list[str]:
        """What stands for itself now."""
        live = self.engine.sites[SITE].live()
        return sorted(f"{f.device} {f.rule}" for f in live if f.life.state == "open" and f.cause is None)

    def finding(self, device: str, rule: str) -> LiveFinding:
        return self.subject(device).findings[rule]


def test_cameras_that_go_dark_together_are_one_ticket_of_their_switch() -> None:
    room = Room()
    room.dark(0, 1, 2, 3, 9)
    room.dark(30, 4)
    assert room.tickets() == []
    room.dark(60, 1)
    assert room.tickets() == ["poe-1 power_lost"]
    assert room.finding("poe-1", "power_lost").detail == {"number": 4, "of": 5}
    assert room.finding("poe-1", "power_lost").life.since == T0
    room.dark(60, 2, 3, 9)
    room.dark(90, 4)
    assert room.tickets() == ["cam-9 camera_unreachable", "poe-1 power_lost"]
    opened = [entry for entry in room.log if entry.endswith("opened")]
    assert opened[0] == "60 poe-1 power_lost opened"


def test_it_ends_with_them_and_leaves_no_ticket_behind() -> None:
    room = Room()
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2, 3)
    room.lit(100, 1)
    assert room.tickets() == []
    assert room.log[-1] == "100 poe-1 power_lost closed"
    room.lit(110, 2, 3)
    room.lit(170, 1, 2, 3)
    room.tick(240)
    assert [entry for entry in room.log if "promoted" in entry] == []
    assert room.tickets() == []
    assert not room.subject("cam-3").findings


def test_a_camera_that_is_looked_at_seldom_is_looked_at_once_more_before_it_stands_for_itself() -> None:
    room = Room()
    for second in (0, 300, 600):
        room.dark(second, 1, 2, 3)
    room.lit(900, 1, 2)
    room.dark(900, 3)
    room.tick(1201)
    room.lit(1201, 1, 2, 3)
    room.tick(1300)
    assert room.tickets() == []
    assert [entry for entry in room.log if "promoted" in entry] == []


def test_a_camera_that_stays_dark_when_power_is_back_is_a_ticket_then() -> None:
    room = Room()
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2, 3)
    room.lit(100, 1, 2)
    room.dark(130, 3)
    room.tick(159)
    assert room.tickets() == []
    room.tick(160)
    assert room.tickets() == ["cam-3 camera_unreachable"]
    assert room.log[-1] == "160 cam-3 camera_unreachable promoted"


def test_two_of_five_are_no_group() -> None:
    room = Room()
    room.dark(0, 1, 2)
    room.dark(60, 1, 2)
    assert room.tickets() == ["cam-1 camera_unreachable", "cam-2 camera_unreachable"]


def test_nor_are_those_that_began_at_other_times() -> None:
    room = Room()
    for start, camera in ((0, 1), (200, 2), (400, 3), (600, 4)):
        room.dark(start, camera)
        room.dark(start + 60, camera)
    assert len(room.tickets()) == 4


def test_tickets_from_just_before_the_group_was_seen_are_explained_older_ones_are_not() -> None:
    room = Room(changes={**SOON, "camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}})
    room.dark(0, 5)
    room.dark(300, 1)
    room.dark(310, 2)
    assert room.tickets() == [f"cam-{n} camera_unreachable" for n in (1, 2, 5)]
    room.dark(320, 3)
    assert room.log[-4:] == [
        "320 poe-1 power_lost opened",
        "320 cam-1 camera_unreachable explained",
        "320 cam-2 camera_unreachable explained",
        "320 cam-3 camera_unreachable opened",
    ]
    assert room.tickets() == ["cam-5 camera_unreachable", "poe-1 power_lost"]


def test_a_root_cause_that_shows_later_takes_the_group_over() -> None:
    room = Room()
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2, 3)
    room.tick(161)
    assert room.tickets() == ["gateway agent_silent"]
    assert next(entry for entry in room.log if "explained" in entry) == "161 poe-1 power_lost explained"
    room.lit(170, 1, 2)
    room.tick(240)
    assert room.tickets() == ["cam-3 camera_unreachable"]


def test_cameras_on_the_ports_of_one_switch_are_one_ticket_of_the_switch() -> None:
    room = Room()
    ports = [Device(device=f"poe-1-p{n}", kind=DeviceKind.NETWORK, parent="poe-1") for n in range(1, 6)]
    plugged = [camera.model_copy(update={"parent": f"poe-1-p{n}"}) for n, camera in enumerate(CAMERAS, 1)]
    others = [device for device in DEVICES if device not in CAMERAS]
    room.engine.inventory(room.state, [*others, *ports, *plugged], T0)
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2, 3)
    assert room.tickets() == ["poe-1 power_lost"]
    room.lit(120, 1, 2, 3)
    room.lit(180, 1, 2, 3)
    room.tick(250)
    assert room.tickets() == []


def two_agents(room: Room) -> None:
    room.engine.hear(SITE, "nvr-box", T0)
    room.take()


def test_a_site_with_two_agents_is_a_device_of_its_own_and_nobody_elses() -> None:
    room = Room()
    assert "site" not in room.engine.sites[SITE].devices
    two_agents(room)
    assert room.subject("site").kind is DeviceKind.SITE
    claims = [*DEVICES, Device(device="site", kind=DeviceKind.SITE), Device(device="all", kind=DeviceKind.SITE)]
    assert room.engine.inventory(room.state, claims, T0).conflicts == ["site", "all"]
    assert room.subject("site").agent != "gateway"


def test_all_agents_silent_is_one_ticket_of_the_site_though_they_were_heard_at_different_times() -> None:
    room = Room()
    two_agents(room)
    room.lit(30, 1)  # the gateway
    room.tick(101)
    room.tick(129)
    assert room.tickets() == []
    room.tick(131)
    assert room.tickets() == ["site uplink_down"]
    assert room.finding("site", "uplink_down").life.since == T0
    room.tick(140)
    hidden = room.finding("nvr-box", "agent_silent")
    assert hidden.cause is room.finding("site", "uplink_down")
    room.lit(200, 1)
    room.engine.hear(SITE, "nvr-box", T0 + 201_000)
    room.take()
    room.tick(280)
    assert room.tickets() == []
    opened = [entry for entry in room.log if "opened" in entry]
    assert len([entry for entry in opened if "agent_silent" in entry]) == 2


def test_one_of_two_agents_silent_is_its_own_ticket_as_soon_as_the_other_has_spoken() -> None:
    room = Room()
    two_agents(room)
    room.lit(30, 1)
    room.tick(101)
    assert room.tickets() == []
    room.lit(120, 1)
    room.tick(131)
    assert room.tickets() == ["nvr-box agent_silent"]
    room.tick(221)
    assert room.tickets() == ["site uplink_down"]
    assert "221 nvr-box agent_silent explained" in room.log


def test_an_agent_that_has_just_spoken_keeps_nobody_waiting() -> None:
    room = Room()
    two_agents(room)
    room.lit(80, 1)
    room.tick(100)
    assert room.tickets() == ["nvr-box agent_silent"]


def test_the_silence_of_an_agent_heard_long_after_waits_for_nobody() -> None:
    room = Room(changes={**SOON, "agent_silent": {"silent_seconds": 600}})
    two_agents(room)
    room.lit(500, 1)
    room.tick(601)
    assert room.tickets() == ["nvr-box agent_silent"]


def test_a_rule_sees_what_is_open_on_a_device_and_on_those_around_it() -> None:
    seen: list[object] = []

    def judge(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
        parent = snapshot.relatives.parent()
        below = {child.device: sorted(child.findings) for child in snapshot.relatives.children()}
        seen.append((sorted(snapshot.findings), parent.device if parent else None, below))
        return CLEAR if parent else UNKNOWN

    looks = Rule("looks", frozenset({DeviceKind.SWITCH}), judge, "", metrics=("reachable",))
    room = Room(rules={**ALONE, "power_lost": POWER, "looks": looks})
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2)
    room.sample(61, "poe-1", reachable=1)
    dark: list[str] = ["camera_unreachable"]
    assert seen == [(["power_lost"], "gateway", {"cam-1": dark, "cam-2": dark, "cam-3": [], "cam-4": [], "cam-5": []})]


@pytest.mark.parametrize("gone", ["cam-3", "poe-1"])
def test_what_leaves_the_inventory_is_counted_no_longer(gone: str) -> None:
    room = Room()
    room.dark(0, 1, 2, 3)
    room.dark(60, 1, 2, 3)
    room.engine.inventory(room.state, [device for device in DEVICES if device.device != gone], T0 + 61_000)
    room.take()
    assert "61 poe-1 power_lost closed" in room.log


def test_a_backlog_that_is_late_groups_no_worse() -> None:
    room = Room()
    report = Report(id="abcdef:1", boot="b1", mono=1, sent=T0 + 600_000)
    room.engine.hear(SITE, "gateway", T0 + 600_000)
    room.engine.clock_order(room.state, report, T0 + 600_000)
    for second in range(0, 600, 60):
        for camera in (1, 2, 3, 4):
            subject = room.subject(f"cam-{camera}")
            point = Point(subject.kind, SITE, "gateway", subject.device, T0 + second * 1000, {"reachable": 0.0})
            room.engine.observe(room.state, [(subject, point)], T0 + 600_000)
    room.take()
    assert room.tickets() == ["poe-1 power_lost"]
