"""The engine: what is judged, what is late, what is a consequence of what."""

from dataclasses import replace

import pytest

from hub.check import compile_check
from hub.rule import CLEAR, Judgement, Rule, Snapshot, Threshold, discover
from tests.hub.fleets import DEVICES, SITE, T0, Timeline, settings_of
from wire.messages import Device, DeviceKind, Offset, Report

SOON = {
    "camera_unreachable": {"hold_seconds": 60, "clear_seconds": 0},
    "recorder_unreachable": {"hold_seconds": 0, "clear_seconds": 0},
    "channel_offline": {"hold_seconds": 0, "clear_seconds": 0},
    "agent_silent": {"silent_seconds": 100},
}


def test_a_camera_dies_and_comes_back() -> None:
    line = Timeline(SOON)
    line.samples(range(0, 120, 30), "cam-1", reachable=1)
    assert line.log == []
    line.samples(range(120, 240, 30), "cam-1", reachable=0)
    line.sample(240, "cam-1", reachable=1)
    assert line.log == [
        "120 cam-1 camera_unreachable pending",
        "180 cam-1 camera_unreachable opened",
        "240 cam-1 camera_unreachable closed",
    ]


def test_the_same_sample_twice_is_judged_once_and_an_older_one_never() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}})
    line.sample(10, "cam-1", reachable=1)
    line.observe("cam-1", T0 + 10_000, T0 + 10_000, reachable=0)
    line.observe("cam-1", T0 + 5_000, T0 + 10_000, reachable=0)
    assert line.log == []


def hear(line: Timeline, mono: int, sent: int, received: int, reachable: float, boot: str = "b1") -> None:
    """A report of one camera sample, made and sent at the same moment of the agent's clock."""
    report = Report(id="abcdef:1", boot=boot, mono=mono, sent=T0 + sent * 1000)
    line.engine.clock_order(line.state, report, T0 + received * 1000)
    line.observe("cam-1", T0 + sent * 1000, T0 + received * 1000, reachable=reachable)


AT_ONCE = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}}


def door(line: Timeline, mono: int, at: int, offset: float, opened: float) -> None:
    """A report of a door: all times ms of the agent's own clock, which `offset` corrects."""
    sent = T0 + at
    report = Report(id="abcdef:1", boot="b1", mono=mono, sent=sent, offset=Offset(ms=offset, source="ntp"))
    line.engine.clock_order(line.state, report, sent)
    line.observe("door-1", sent + round(offset), sent, door_open=opened)


def test_what_an_agent_measured_later_is_later_though_its_clocks_offset_is_measured_a_little_less() -> None:
    line = Timeline({"door_held_open": {"hold_seconds": 10}})
    door(line, mono=1, at=0, offset=3.0, opened=1)
    door(line, mono=2, at=2, offset=-1.0, opened=0)  # corrected it was closed 2 ms before it was seen open
    door(line, mono=3, at=30_000, offset=0.0, opened=1)
    door(line, mono=4, at=30_002, offset=-2.0, opened=0)  # or at the same ms
    door(line, mono=5, at=60_000, offset=4.0, opened=0)
    assert line.log == [
        "0.003 door-1 door_held_open pending",
        "0.004 door-1 door_held_open dropped",
        "30 door-1 door_held_open pending",
        "30.001 door-1 door_held_open dropped",
    ]


def test_a_redelivery_and_a_report_made_before_are_late_whatever_their_offset() -> None:
    line = Timeline({"door_held_open": {"hold_seconds": 0}})
    door(line, mono=1, at=0, offset=9.0, opened=0)
    door(line, mono=3, at=10_000, offset=9.0, opened=0)
    door(line, mono=3, at=9_999, offset=0.0, opened=1)
    door(line, mono=2, at=9_999, offset=0.0, opened=1)
    assert line.log == []


def test_a_clock_that_is_set_back_does_not_make_everything_late() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=3_600, received=60, reachable=1)
    hear(line, mono=61_000, sent=61, received=61, reachable=0)
    assert line.log == ["61 cam-1 camera_unreachable opened"]


def test_a_clock_that_was_ahead_and_is_right_after_a_reboot_does_not_either() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=3_600, received=60, reachable=1)
    hear(line, mono=10, sent=120, received=120, reachable=0, boot="b2")
    assert line.log == ["120 cam-1 camera_unreachable opened"]


def test_a_report_from_before_the_clock_was_set_back_is_late() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=3_600, received=60, reachable=1)
    hear(line, mono=61_000, sent=61, received=61, reachable=1)
    hear(line, mono=1_000, sent=3_600, received=62, reachable=0)
    hear(line, mono=71_000, sent=71, received=71, reachable=0)
    assert line.log == ["71 cam-1 camera_unreachable opened"]


def test_a_late_report_is_not_taken_for_a_clock_set_back() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=61_000, sent=3_600, received=3_600, reachable=1)
    hear(line, mono=1_000, sent=0, received=3_601, reachable=0)
    hear(line, mono=500, sent=10, received=3_602, reachable=0, boot="b0")
    assert line.log == []


def test_a_backlog_of_days_opens_no_ticket_about_a_device_that_says_nothing_now() -> None:
    line = Timeline(AT_ONCE)
    line.sample(3 * 86_400, "door-1", door_open=0)
    line.observe("cam-1", T0, T0 + 3 * 86_400_000, reachable=0)
    assert line.log == []
    line.sample(3 * 86_400 + 60, "cam-1", reachable=0)
    assert line.log == ["259260 cam-1 camera_unreachable opened"]


def test_a_redelivery_by_a_clock_that_is_ahead_is_judged_once() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=3_600, received=60, reachable=0)
    hear(line, mono=2_000, sent=3_601, received=61, reachable=1)
    hear(line, mono=1_000, sent=3_600, received=90, reachable=0)
    assert [entry.split()[-1] for entry in line.log] == ["opened", "closed"]


def test_a_hub_clock_that_was_ahead_does_not_hide_silence() -> None:
    line = Timeline(SOON)
    line.sample(1_000_000, "cam-1", reachable=1)
    line.engine.clock_set_back(T0)
    line.tick(101)
    assert line.log == ["101 gateway agent_silent opened"]


def test_silence_is_judged_by_time_alone_and_ends_with_the_first_word() -> None:
    line = Timeline(SOON)
    line.tick(99)
    assert line.log == []
    line.tick(100.5)
    line.tick(500)
    line.sample(600, "cam-1", reachable=1)
    assert line.log == ["100.5 gateway agent_silent opened", "600 gateway agent_silent closed"]


@pytest.mark.parametrize(("waiting", "patience"), [(4, 100), (5, 200)])
def test_an_agent_is_given_longer_where_more_reports_waited_than_are_on_their_way_at_any_time(
    waiting: int, patience: int
) -> None:
    line = Timeline(SOON)
    line.sample(10, "gateway", spool_reports=waiting)
    line.tick(10 + patience - 1)
    assert line.log == []
    line.tick(10 + patience)
    assert line.log == [f"{10 + patience} gateway agent_silent opened"]


def test_silence_began_with_the_last_word() -> None:
    line = Timeline(SOON)
    line.sample(30, "cam-1", reachable=1)
    line.tick(140)
    finding = line.engine.sites[SITE].devices["gateway"].findings["agent_silent"]
    assert (finding.life.since, finding.life.opened) == (T0 + 30_000, T0 + 140_000)


def test_silence_does_not_count_while_the_hub_was_blind() -> None:
    line = Timeline(SOON)
    line.engine.blindness.begin(T0 + 10_000, "broker")
    line.tick(1_000)
    line.engine.blindness.end(T0 + 1_000_000)
    line.tick(1_050)
    assert line.log == []
    line.tick(1_095)
    assert line.log == ["1095 gateway agent_silent opened"]


def test_an_agent_that_speaks_and_falls_silent_again_is_noticed_again() -> None:
    line = Timeline(SOON)
    line.tick(150)
    line.sample(160, "cam-1", reachable=1)
    line.tick(200)
    line.tick(261)
    assert [entry.split()[-1] for entry in line.log] == ["opened", "closed", "reopened"]


def test_a_consequence_hangs_on_its_cause_and_stands_for_itself_when_the_cause_is_gone() -> None:
    line = Timeline(SOON)
    line.sample(10, "nvr-1", reachable=0)
    line.sample(11, "nvr-1-ch1", online=0)
    place = line.engine.sites[SITE]
    consequence = place.devices["nvr-1-ch1"].findings["channel_offline"]
    assert consequence.cause is place.devices["nvr-1"].findings["recorder_unreachable"]
    line.sample(20, "nvr-1", reachable=1)
    line.tick(79)
    assert line.log[-1] == "20 nvr-1 recorder_unreachable closed"
    line.tick(80)
    assert line.log[-1] == "80 nvr-1-ch1 channel_offline promoted"
    assert consequence.cause is None


def test_a_loop_in_the_inventory_does_not_hang_the_engine() -> None:
    line = Timeline(SOON)
    looped = [
        Device(device="a", kind=DeviceKind.CAMERA, parent="b"),
        Device(device="b", kind=DeviceKind.SWITCH, parent="a"),
    ]
    line.engine.inventory(line.state, [*DEVICES, *looped], T0)
    line.sample(1, "a", reachable=0)
    line.sample(100, "a", reachable=0)
    assert line.log[-1] == "100 a camera_unreachable opened"


def test_a_device_that_leaves_the_inventory_takes_its_findings_along() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0}})
    line.sample(1, "cam-1", reachable=0)
    taken = line.engine.inventory(line.state, [d for d in DEVICES if d.device != "cam-1"], T0 + 5_000)
    line.take()
    assert taken.vanished == ["cam-1"]
    assert line.log == ["1 cam-1 camera_unreachable opened", "5 cam-1 camera_unreachable closed"]


def test_a_rule_that_no_longer_applies_closes_its_finding() -> None:
    line = Timeline({"volume_filling": {"hold_seconds": 0}})
    line.sample(1, "vol-system", fill_ratio=0.95)
    facts = {"role": "recording", "overwrites": True}
    changed = [d.model_copy(update={"facts": facts}) if d.device == "vol-system" else d for d in DEVICES]
    line.engine.inventory(line.state, changed, T0 + 2_000)
    line.take()
    line.sample(3, "vol-system", fill_ratio=0.97)
    assert line.log == ["1 vol-system volume_filling opened", "2 vol-system volume_filling closed"]


def test_a_device_another_agent_has_claimed_stays_with_it() -> None:
    line = Timeline()
    other = line.engine.hear(SITE, "intruder", T0)
    claimed = [Device(device="cam-1", kind=DeviceKind.CAMERA), Device(device="gateway", kind=DeviceKind.AGENT)]
    taken = line.engine.inventory(other, claimed, T0)
    assert taken.accepted == []
    assert taken.conflicts == ["cam-1", "gateway"]
    assert line.engine.sites[SITE].devices["cam-1"].agent == "gateway"


def test_a_rule_with_a_lookback_sees_its_window_and_no_more() -> None:
    seen: list[list[float]] = []

    def judge(snapshot: Snapshot, settings: object, now: int) -> Judgement:
        seen.append([value.value for value in snapshot.windows["reachable"]])
        return CLEAR

    rules = discover()
    cameras = frozenset({DeviceKind.CAMERA})
    rules["windowed"] = Rule("windowed", cameras, judge, "", metrics=("reachable",), lookback_seconds=20)
    line = Timeline(rules=rules)
    for second in (0, 10, 20, 30):
        line.sample(second, "cam-1", reachable=second)
    assert seen == [[0], [0, 10], [10, 20], [20, 30]]


def test_levels_that_are_equal_are_refused() -> None:
    rules = discover()
    bad = replace(rules["camera_unreachable"], condition=Threshold("reachable", lambda _: (1.0, 1.0)))
    with pytest.raises(ValueError, match="both"):
        compile_check(bad, settings_of(rules)["camera_unreachable"])


def test_a_rule_with_a_defect_stops_neither_the_others_nor_the_data() -> None:
    def judge(snapshot: Snapshot, settings: object, now: int) -> Judgement:
        raise KeyError("a defect")

    rules = discover()
    rules["broken"] = Rule("broken", frozenset({DeviceKind.CAMERA}), judge, "", metrics=("reachable",))
    line = Timeline({"camera_unreachable": {"hold_seconds": 0}}, rules=rules)
    line.sample(1, "cam-1", reachable=0)
    assert line.log == ["1 cam-1 camera_unreachable opened"]


def test_a_device_of_a_kind_from_a_later_version_is_left_out_and_named() -> None:
    line = Timeline()
    taken = line.engine.inventory(line.state, [*DEVICES, Device(device="drone-1", kind="drone")], T0)
    assert taken.unknown_kinds == ["drone-1"]
    assert len(taken.accepted) == len(DEVICES)
