"""Every rule as a timeline: the silence before, the finding, the recovery."""

import pytest

from hub.rule import Runbook, discover, parse_runbook
from tests.hub.fleets import Timeline

MINUTE = 60


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_rule_has_a_runbook(name: str) -> None:
    runbook = discover()[name].runbook
    assert isinstance(runbook, Runbook)
    assert runbook.first_step.endswith(".")


def test_a_runbook_without_a_first_step_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks First step"):
        parse_runbook("It broke.\n\nMeaning: It is broken.\n\nWhy it matters: It does.")


@pytest.mark.parametrize(
    ("rule", "device", "metric"),
    [
        ("camera_unreachable", "cam-1", "reachable"),
        ("recorder_unreachable", "nvr-1", "reachable"),
        ("channel_offline", "nvr-1-ch1", "online"),
    ],
)
def test_gone_for_five_minutes_and_back_for_two(rule: str, device: str, metric: str) -> None:
    line = Timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), device, **{metric: 1})
    line.samples(range(10 * MINUTE, 14 * MINUTE, MINUTE), device, **{metric: 0})
    line.samples(range(14 * MINUTE, 20 * MINUTE, MINUTE), device, **{metric: 1})
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]
    line.log.clear()
    line.samples(range(20 * MINUTE, 26 * MINUTE, MINUTE), device, **{metric: 0})
    line.samples(range(26 * MINUTE, 30 * MINUTE, MINUTE), device, **{metric: 1})
    assert line.log == [
        f"1200 {device} {rule} pending",
        f"1500 {device} {rule} opened",
        f"1560 {device} {rule} clearing",
        f"1680 {device} {rule} closed",
    ]


def test_a_system_volume_fills_and_is_cleared() -> None:
    line = Timeline()
    line.samples(range(0, 300, 60), "vol-system", fill_ratio=0.89)
    line.samples(range(300, 600, 60), "vol-system", fill_ratio=0.91)
    line.samples(range(600, 900, 60), "vol-system", fill_ratio=0.87)  # between the levels: still open
    line.samples(range(900, 1020, 60), "vol-system", fill_ratio=0.5)
    assert line.log == [
        "300 vol-system volume_filling pending",
        "420 vol-system volume_filling opened",
        "900 vol-system volume_filling clearing",
        "960 vol-system volume_filling closed",
    ]


def test_a_recording_volume_that_overwrites_is_full_by_design() -> None:
    line = Timeline()
    line.samples(range(0, 1200, 60), "vol-rec", fill_ratio=1.0)
    assert line.log == []


@pytest.mark.parametrize("offset", [95.0, -95.0])
def test_a_clock_jumps_either_way_and_is_set_right(offset: float) -> None:
    line = Timeline()
    line.samples(range(0, 300, 60), "cam-1", clock_offset_seconds=0.4, clock_offset_error_seconds=0.5)
    line.samples(range(300, 600, 60), "cam-1", clock_offset_seconds=offset, clock_offset_error_seconds=0.5)
    line.samples(range(600, 720, 60), "cam-1", clock_offset_seconds=1.0, clock_offset_error_seconds=0.5)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "opened", "clearing", "closed"]


def test_a_coarse_measurement_accuses_nobody() -> None:
    line = Timeline()
    line.samples(range(0, 600, 60), "cam-1", clock_offset_seconds=12, clock_offset_error_seconds=8)
    assert line.log == []


@pytest.mark.parametrize(
    ("offset", "case"), [(95, "behind"), (-95, "ahead"), (-7199, "zone_ahead"), (28_801, "zone_behind")]
)
def test_a_wrong_clock_is_told_as_ahead_or_behind_and_whole_hours_as_a_time_zone(offset: float, case: str) -> None:
    line = Timeline({"clock_drift": {"hold_seconds": 0}})
    line.sample(0, "cam-1", clock_offset_seconds=offset)
    finding = line.engine.sites["school"].devices["cam-1"].findings["clock_drift"]
    assert finding.detail == {"offset_seconds": abs(offset), "case": case}
    assert case in discover()["clock_drift"].cases


def test_a_door_is_held_open_for_over_a_minute() -> None:
    line = Timeline()
    line.samples(range(0, 60, 5), "door-1", door_open=0)
    line.samples(range(60, 90, 5), "door-1", door_open=1)
    line.samples(range(90, 120, 5), "door-1", door_open=0)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]
    line.log.clear()
    line.samples(range(120, 200, 5), "door-1", door_open=1)
    line.samples(range(200, 215, 5), "door-1", door_open=0)
    assert line.log == [
        "120 door-1 door_held_open pending",
        "180 door-1 door_held_open opened",
        "200 door-1 door_held_open clearing",
        "205 door-1 door_held_open closed",
    ]


def test_an_agent_is_silent_after_three_minutes() -> None:
    line = Timeline()
    line.tick(179)
    assert line.log == []
    line.tick(181)
    line.sample(300, "cam-1", reachable=1)
    assert line.log == ["181 gateway agent_silent opened", "300 gateway agent_silent closed"]
