"""The engine: what is judged, silence, what is a consequence of what."""

from dataclasses import replace

import pytest

from hub.check import compile_check
from hub.rule import CLEAR, Judgement, Rule, Snapshot, Threshold, discover
from tests.hub.fleets import DEVICES, SITE, T0, Timeline, settings_of
from wire.messages import Device, DeviceKind

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
