"""What comes back soon is the same ticket; what flaps stays open until it has been quiet for long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import schema
from tests.hub.fleets import DEVICES, T0, Timeline
from tests.hub.hubs import Hub
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, standing, timeline
from wire.messages import Device, DeviceKind, Event, Sample
from wire.topics import Verb

FLAP: dict[str, object] = {"hold_seconds": 0, "clear_seconds": 0, "flap_seconds": 600}
QUICK: dict[str, dict[str, object]] = {
    "camera_unreachable": FLAP,
    "recorder_unreachable": {**FLAP, "hold_seconds": 30},
    "channel_offline": FLAP,
    "agent_silent": {"enabled": False},
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=QUICK)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def see(hub: Hub, second: float, reachable: float, device: str = "cam-1") -> None:
    hub.now = T0 + round(second * 1000)
    hub.hear(Verb.REPORT, hub.report(Sample(device=device, at=hub.now, values={"reachable": reachable})))
    hub.step()


def story(hub: Hub) -> list[str]:
    return [row.what for row in hub.rows(schema.timeline)]


def test_a_camera_that_comes_and_goes_is_one_ticket_that_counts(hub: Hub) -> None:
    for second, reachable in ((0, 0), (60, 1), (120, 0), (180, 1)):
        see(hub, second, reachable)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert story(hub) == ["opened", "resolved", "reopened", "resolved"]
    (finding,) = hub.rows(schema.finding)
    assert (finding.flaps, finding.since, finding.returned) == (1, T0, T0 + 120_000)


def test_from_the_third_time_on_it_stays_open_until_it_was_quiet_for_long(hub: Hub) -> None:
    for second, reachable in ((0, 0), (60, 1), (120, 0), (180, 1), (240, 0), (300, 1), (360, 0), (420, 1)):
        see(hub, second, reachable)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    assert story(hub)[4:] == ["reopened", "clearing", "relapsed", "clearing"]
    for second in range(480, 1020, 60):
        see(hub, second, 1)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    see(hub, 1020, 1)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]


def test_what_comes_back_later_than_that_is_another_ticket(hub: Hub) -> None:
    for second, reachable in ((0, 0), (60, 1), (660, 0)):
        see(hub, second, reachable)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved"), ("cam-1", "camera_unreachable", "open")]


def test_a_rule_may_be_told_to_make_each_a_ticket_of_its_own(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules={**QUICK, "camera_unreachable": {**FLAP, "flap_seconds": 0}})
    hub.announce()
    hub.step()
    for second, reachable in ((0, 0), (60, 1), (120, 0), (180, 1), (240, 0)):
        see(hub, second, reachable)
    assert [state for _, _, state in hub.tickets()] == ["resolved", "resolved", "open"]
    hub.close()


def test_it_is_the_same_ticket_after_a_restart_and_a_redelivery(hub: Hub, tmp_path: Path) -> None:
    for second, reachable in ((0, 0), (60, 1), (120, 0), (180, 1)):
        see(hub, second, reachable)
    (tmp_path / "again").mkdir()
    again = Hub(tmp_path / "again", url=str(hub.database.url), rules=QUICK)
    for second, reachable in ((0, 0), (120, 0), (240, 0), (300, 1)):
        see(again, second, reachable)
    assert again.tickets() == [("cam-1", "camera_unreachable", "open")]
    (finding,) = again.rows(schema.finding)
    assert finding.flaps == 2
    assert story(again)[4:] == ["reopened", "clearing"]
    again.close()


def test_what_was_pending_is_gone_when_the_old_one_is_back(hub: Hub) -> None:
    for second, reachable in ((0, 0), (30, 0), (60, 1), (90, 0), (100, 0)):
        see(hub, second, reachable, "nvr-1")
    assert [row.state for row in hub.rows(schema.finding)] == ["closed", "pending"]
    see(hub, 120, 0, "nvr-1")
    assert [(row.state, row.flaps) for row in hub.rows(schema.finding)] == [("open", 1)]
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "open")]


def test_a_consequence_that_opened_just_before_its_cause_is_explained_by_it() -> None:
    line = Timeline({**QUICK, "agent_silent": {"enabled": False}})
    line.sample(0, "nvr-1", reachable=0)
    line.sample(10, "nvr-1-ch1", online=0)
    assert line.log[-1] == "10 nvr-1-ch1 channel_offline opened"
    line.sample(40, "nvr-1", reachable=0)
    assert line.log[-2:] == ["40 nvr-1 recorder_unreachable opened", "40 nvr-1-ch1 channel_offline explained"]


def test_one_that_was_there_long_before_keeps_its_ticket() -> None:
    line = Timeline({**QUICK, "agent_silent": {"enabled": False}})
    line.sample(0, "nvr-1-ch1", online=0)
    line.sample(600, "nvr-1", reachable=0)
    line.sample(640, "nvr-1", reachable=0)
    assert line.log[-1] == "640 nvr-1 recorder_unreachable opened"


def test_a_ticket_follows_its_root_cause_and_what_outlasts_that_has_its_own(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(Sample(device="nvr-1-ch1", at=T0, values={"online": 0})))
    hub.step()
    assert hub.tickets() == [("nvr-1-ch1", "channel_offline", "open")]
    see(hub, 10, 0, "nvr-1")
    see(hub, 40, 0, "nvr-1")
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "open")]
    assert story(hub) == ["opened", "moved", "consequence"]
    assert hub.rows(schema.timeline)[1].data == {"device": "nvr-1-ch1", "rule": "channel_offline"}
    see(hub, 60, 1, "nvr-1")
    hub.pass_time(60)
    assert hub.tickets() == [
        ("nvr-1", "recorder_unreachable", "resolved"),
        ("nvr-1-ch1", "channel_offline", "open"),
    ]


def test_of_several_tickets_the_oldest_is_the_root_causes_and_the_others_resolve(hub: Hub) -> None:
    hub.announce([*DEVICES, Device(device="nvr-1-ch2", kind=DeviceKind.CHANNEL, parent="nvr-1")])
    for second, device in ((0, "nvr-1-ch2"), (5, "nvr-1-ch1")):
        hub.now = T0 + second * 1000
        hub.hear(Verb.REPORT, hub.report(Sample(device=device, at=hub.now, values={"online": 0})))
        hub.step()
    see(hub, 10, 0, "nvr-1")
    see(hub, 40, 0, "nvr-1")
    assert hub.tickets() == [
        ("nvr-1", "recorder_unreachable", "open"),
        ("nvr-1-ch1", "channel_offline", "resolved"),
    ]
    assert story(hub) == ["opened", "opened", "moved", "explained", "consequence", "consequence"]


def test_what_a_cause_explains_within_the_same_report_never_has_a_ticket(hub: Hub) -> None:
    see(hub, 10, 0, "nvr-1")
    hub.now = T0 + 40_000
    child = Sample(device="nvr-1-ch1", at=hub.now, values={"online": 0})
    hub.hear(Verb.REPORT, hub.report(child, Sample(device="nvr-1", at=hub.now, values={"reachable": 0})))
    hub.step()
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "open")]
    assert story(hub) == ["opened", "consequence"]


# --- the hub's own clock was ahead ---

DAY_MS = 86_400_000
FORCED = Event(device="door-1", at=T0 + 10 * DAY_MS, type="door.alarm", data={"state": "DoorForcedOpen"})


@pytest.mark.parametrize("restarted", [False, True])
def test_what_happened_while_the_hubs_clock_was_ahead_is_over_in_time(tmp_path: Path, restarted: bool) -> None:
    rules: dict[str, dict[str, object]] = {**QUICK, "door_forced": {"clear_seconds": 120}}
    hub = Hub(tmp_path, rules=rules)
    hub.announce()
    hub.step()
    hub.now = FORCED.at
    hub.tell(FORCED)
    if restarted:
        hub.close()
        hub = Hub(tmp_path, rules=rules)
    hub.now = T0 + DAY_MS
    hub.step()
    hub.pass_time(60)
    assert hub.tickets() == [("door-1", "door_forced", "open")]
    hub.pass_time(65)
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]
    hub.close()


def test_what_was_over_while_the_hubs_clock_was_ahead_does_not_come_back_days_later(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    for day in (10, 1):
        hub.now = T0 + day * DAY_MS
        hub.announce()
        hub.step()
        hub.pass_time(300)
        assert hub.tickets()[-1] == ("gateway", "agent_silent", "open")
        hub.hear(Verb.REPORT, hub.report())
        hub.step()
    assert hub.tickets() == [("gateway", "agent_silent", "resolved")] * 2
    hub.close()


# --- what a group explains ---

NVR = Device(device="nvr-1", kind=DeviceKind.RECORDER)
DISK = Device(device="disk-1", kind=DeviceKind.DISK, parent="nvr-1")
CHANNELS = [
    Device(device=f"nvr-1-ch{n}", kind=DeviceKind.CHANNEL, parent="nvr-1", facts={"recording_since": 0})
    for n in range(1, 5)
]
LOOSE = [Device(device=f"cam-{n}", kind=DeviceKind.CAMERA) for n in range(1, 6)]
GATEWAY = [Device(device="gateway", kind=DeviceKind.AGENT), Device(device="gateway-host", kind=DeviceKind.HOST)]


def test_cameras_that_went_down_together_hide_nothing_else_of_their_agent() -> None:
    line = timeline(*GATEWAY, NVR, DISK, Device(device="door-1", kind=DeviceKind.DOOR), *LOOSE)
    for minute in (*range(10), *range(2 * DAY // MINUTE, 2 * DAY // MINUTE + 15)):
        second, later = minute * MINUTE, minute >= 2 * DAY // MINUTE
        for camera in LOOSE[: 5 if later else 3]:
            line.sample(second + 1, camera.device, reachable=float(camera.device == "cam-4"))
        if later:
            line.sample(second + 5, "nvr-1", reachable=0)
            line.sample(second + 6, "disk-1", present=0)
            line.sample(second + 7, "door-1", door_reachable=0)
        line.tick(second + 10)
    assert standing(line) == [
        "cam-5 camera_unreachable",  # by itself, two days later
        "door-1 door_silent",
        "gateway cameras_down",
        "nvr-1 recorder_unreachable",
    ]


def test_clocks_that_went_wrong_together_explain_clocks_alone() -> None:
    line = timeline(*GATEWAY, *LOOSE)
    for minute in (*range(10), *range(2 * DAY // MINUTE, 2 * DAY // MINUTE + 15)):
        for camera in LOOSE[: 4 if minute < 10 else 5]:  # one more is no news
            line.sample(
                minute * MINUTE, camera.device, clock_offset_seconds=60, reachable=float(camera is not LOOSE[0])
            )
        line.sample(minute * MINUTE + 1, "gateway-host", clock_offset_seconds=60)
        line.tick(minute * MINUTE + 10)
    assert standing(line) == ["cam-1 camera_unreachable", "gateway agent_clock_wrong"]


def test_a_store_too_small_explains_what_is_kept_too_short_and_takes_no_other_ticket_over() -> None:
    line = timeline(*GATEWAY, NVR, DISK, *CHANNELS)
    retention = {"nvr-1-ch1": (29, 28), "nvr-1-ch2": (31, 29)}
    for second in range(0, HOUR, 600):
        for channel, (before, _) in retention.items():
            line.sample(second, channel, recording_retention_days=before)
    for second in range(DAY, DAY + 600, MINUTE):
        line.sample(second, "nvr-1-ch3", online=0)
    line.sample(DAY + 700, "disk-1", disk_healthy=0)
    others = ["disk-1 disk_failing", "nvr-1-ch3 channel_offline"]
    assert standing(line) == sorted([*others, "nvr-1-ch1 retention_below_target"])
    for second in range(2 * DAY, 2 * DAY + HOUR, 600):
        for channel, (_, after) in retention.items():
            line.sample(second, channel, recording_retention_days=after)
    assert standing(line) == sorted([*others, "nvr-1 store_too_small"])
    for second in range(3 * DAY, 3 * DAY + 600, MINUTE):
        for channel in ("nvr-1-ch1", "nvr-1-ch2", "nvr-1-ch4"):
            line.sample(second, channel, online=1, video_loss=1)
    assert standing(line) == sorted([*others, "nvr-1 store_too_small", "nvr-1 recorder_channels_down"])


# --- when the cause has gone ---

SWITCHES = [Device(device=name, kind=DeviceKind.SWITCH) for name in ("sw-a", "sw-b")]


def test_what_could_not_be_heard_is_no_time_to_recover_in() -> None:
    line = timeline()
    for second in range(0, 900, MINUTE):
        line.sample(second, "nvr-1", reachable=0)
        line.sample(second + 1, "nvr-1-ch1", online=0)
        line.tick(second + 5)
    line.samples((900, 960, 1020), "nvr-1", reachable=1)
    assert line.log[-1] == "1020 nvr-1 recorder_unreachable closed"
    line.engine.blindness.begin(T0 + 1_030_000, "broker")
    line.engine.blindness.end(T0 + 2_800_000)
    for second in (2800, 2900, 3000, 3100, 3140, 3160):  # five minutes and a look more, of which 10 s were heard before
        line.sample(second, "nvr-1-ch1", online=0)
        line.tick(second)
        promoted = [entry for entry in line.log if "promoted" in entry]
        assert promoted == (["3160 nvr-1-ch1 channel_offline promoted"] if second == 3160 else [])


def boot(cameras: int, lit: float) -> Timeline:
    """A switch is away for 170 s; its cameras answer again at a second of the timeline."""
    names = [f"cam-{n}" for n in range(1, cameras + 1)]
    line = timeline(*GATEWAY, *SWITCHES, *[Device(device=n, kind=DeviceKind.CAMERA, parent="sw-a") for n in names])
    for second in range(-60, 900, 30):
        line.sample(second, "sw-a", reachable=float(not 0 <= second < 170))
        for name in names:
            line.sample(second + 10, name, reachable=float(not 0 <= second < lit))
        line.tick(second + 15)
    return line


@pytest.mark.parametrize("cameras", [1, 4])
def test_what_boots_on_after_its_cause_has_gone_has_its_hold_time_whether_it_was_open_or_not(cameras: int) -> None:
    line = boot(cameras, 315)
    assert next(entry for entry in line.log if "closed" in entry) == "240 sw-a switch_unreachable closed"
    assert next(entry for entry in line.log if "camera_unreachable opened" in entry).startswith("310")
    assert [entry for entry in line.log if "promoted" in entry or "cameras_down" in entry] == []


@pytest.mark.parametrize(("cameras", "ticket"), [(1, "cam-1 camera_unreachable"), (4, "sw-a cameras_down")])
def test_what_does_not_come_back_after_its_cause_is_one_ticket(cameras: int, ticket: str) -> None:
    assert standing(boot(cameras, 900)) == [ticket]


def test_that_has_no_ticket_meanwhile_and_is_listed_on_its_causes(hub: Hub) -> None:
    see(hub, 0, 0, "nvr-1")
    see(hub, 30, 0, "nvr-1")
    see(hub, 60, 1, "nvr-1")
    late = T0 + 55_000
    hub.now = T0 + 70_000
    hub.hear(Verb.REPORT, hub.report(Sample(device="nvr-1-ch1", at=late, values={"online": 0})))
    hub.step()
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "resolved")]
    assert story(hub)[-1] == "consequence"
    hub.pass_time(120)
    assert hub.tickets()[1:] == [("nvr-1-ch1", "channel_offline", "open")]


def test_a_camera_moved_from_a_dead_switch_to_a_healthy_one_and_dead_there_too_has_a_ticket() -> None:
    def hung(on: str) -> list[Device]:
        return [*GATEWAY, *SWITCHES, Device(device="cam-1", kind=DeviceKind.CAMERA, parent=on)]

    line = timeline(*hung("sw-a"))
    for minute in range(60):
        for device, reachable in (("sw-a", 0), ("sw-b", 1), ("cam-1", 0)):
            line.sample(minute * MINUTE, device, reachable=reachable)
        if minute == 15:
            assert standing(line) == ["sw-a switch_unreachable"]
            line.engine.inventory(line.state, hung("sw-b"), T0 + minute * 60_000)
        line.tick(minute * MINUTE + 5)
    assert standing(line) == ["cam-1 camera_unreachable", "sw-a switch_unreachable"]


def test_what_hangs_on_one_of_a_group_is_no_consequence_of_it_when_that_one_is_back() -> None:
    ports = [
        Device(device=f"p{n}", kind=DeviceKind.NETWORK, parent="sw-a", facts={"connected": "x"}) for n in range(1, 5)
    ]
    volume = Device(device="vol-1", kind=DeviceKind.VOLUME, parent="p1", facts={"role": "system"})
    line = timeline(*GATEWAY, *SWITCHES, *ports, volume, rules={"volume_filling": {"hold_seconds": 300}})
    for minute in range(-5, 120):
        for port in ports:
            line.sample(minute * MINUTE, port.device, link_up=float(minute < 0 or (minute >= 30 and port is ports[0])))
        line.sample(minute * MINUTE + 1, "vol-1", fill_ratio=0.99 if minute > 1 else 0.1)
        line.tick(minute * MINUTE + 5)
        if minute == 29:
            assert standing(line) == ["sw-a poe_lost"]
    assert standing(line) == ["sw-a poe_lost", "vol-1 volume_filling"]


def test_a_rule_that_is_switched_off_lets_its_consequences_stand_once(tmp_path: Path) -> None:
    before = {"agent_silent": {"enabled": False}}
    hub = Hub(tmp_path, rules=before)
    hub.announce()
    hub.step()
    for _ in range(12):
        samples = [("nvr-1", {"reachable": 0}), ("nvr-1-ch1", {"online": 0})]
        hub.hear(Verb.REPORT, hub.report(*[Sample(device=name, at=hub.now, values=told) for name, told in samples]))
        hub.step()
        hub.pass_time(60)
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "open")]
    hub.close()
    again = Hub(tmp_path, rules={**before, "recorder_unreachable": {"enabled": False}})
    again.now = hub.now + 1000
    for _ in range(12):
        again.hear(Verb.REPORT, again.report(Sample(device="nvr-1-ch1", at=again.now, values={"online": 0})))
        again.step()
        again.pass_time(60)
    assert again.tickets()[1:] == [("nvr-1-ch1", "channel_offline", "open")]
    assert story(again).count("promoted") == 1
    again.close()
