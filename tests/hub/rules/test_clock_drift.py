"""Wrong clocks, as timelines: a step, a slide, and one ticket for one clock."""

import pytest
from pydantic import ValidationError

from hub.rule import Severity
from hub.rules.clock_drift import ClockDriftSettings
from tests.hub.fleets import SITE, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "clock_drift"
AT_ONCE = {RULE: {"hold_seconds": 0}}


def severity(line: Timeline, device: str = "cam-1") -> Severity:
    return line.engine.sites[SITE].devices[device].findings[RULE].severity


def slide(line: Timeline, days: float, a_day: float, start: float = 0.0, begin: float = 0.0) -> None:
    """A clock that loses so many seconds a day, measured every ten minutes to half a second."""
    for second in range(round(begin * DAY), round((begin + days) * DAY), 10 * MINUTE):
        offset = start + (second / DAY - begin) * a_day
        line.sample(second, "cam-1", clock_offset_seconds=offset, clock_offset_error_seconds=0.3)


@pytest.mark.parametrize(
    ("offset", "expected"), [(6, Severity.INFO), (12, Severity.WARNING), (-12, Severity.WARNING), (31, "critical")]
)
def test_a_notice_at_five_seconds_a_ticket_at_ten_a_breach_at_thirty(offset: float, expected: Severity) -> None:
    line = timeline(rules=AT_ONCE)
    line.sample(0, "cam-1", clock_offset_seconds=offset, clock_offset_error_seconds=0.5)
    assert severity(line) == expected


def test_it_becomes_worse_on_the_same_ticket_and_never_better() -> None:
    line = timeline(rules=AT_ONCE)
    for second, offset in enumerate([6, 12, 35, 12, 6]):
        line.sample(second * MINUTE, "cam-1", clock_offset_seconds=offset)
    assert lives(line, RULE) == ["0 opened", "60 worsened", "120 worsened"]
    assert severity(line) is Severity.CRITICAL
    line.samples([300, 360], "cam-1", clock_offset_seconds=0.1)
    assert lives(line, RULE)[3:] == ["300 clearing", "360 closed"]


def test_four_seconds_are_nothing() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "cam-1", clock_offset_seconds=4, clock_offset_error_seconds=0.1)
    assert line.log == []


def test_a_slow_slide_is_a_ticket_before_it_passes_the_limit() -> None:
    line = timeline()
    slide(line, 5, a_day=2.0)
    opened = next(entry.split() for entry in line.log if entry.endswith("opened"))
    assert 1.5 * DAY <= float(opened[0]) < 5 * DAY, "not yet ten seconds off"
    finding = line.engine.sites[SITE].devices["cam-1"].findings[RULE]
    assert finding.detail["case"] == "sliding_behind"
    assert finding.detail["rate_seconds"] == pytest.approx(2.0, abs=0.1)
    slide(line, 1, a_day=0.0, begin=5)
    changes = [entry.split()[-1] for entry in line.log if entry.split()[2] == RULE]
    assert changes[-2:] == ["clearing", "closed"]
    assert changes.count("opened") == 1


def test_a_slide_that_is_let_run_becomes_a_breach_on_the_same_ticket() -> None:
    line = timeline()
    slide(line, 8, a_day=5.0)
    changes = [entry.split()[-1] for entry in line.log]
    assert changes.count("opened") == 1
    assert "closed" not in changes
    assert severity(line) is Severity.CRITICAL


def test_a_clock_that_is_set_right_once_a_day_does_not_slide() -> None:
    line = timeline()
    for day in range(6):
        slide(line, 1, a_day=4.0, begin=day)
    assert line.log == []


def test_a_clock_that_stands_still_or_slides_too_slowly_to_matter_is_left_alone() -> None:
    line = timeline()
    slide(line, 6, a_day=0.0, start=4.0)
    slide(line, 6, a_day=0.3, start=0.5, begin=6)
    assert line.log == []


def test_cameras_that_get_their_time_from_their_recorder_have_one_ticket() -> None:
    cameras = [Device(device=f"cam-{n}", kind=DeviceKind.CAMERA, parent="nvr-1") for n in range(4)]
    line = timeline(Device(device="nvr-1", kind=DeviceKind.RECORDER), *cameras)
    for second in range(0, 20 * MINUTE, MINUTE):
        for camera in cameras:  # whoever is measured first
            line.sample(second, camera.device, clock_offset_seconds=-3600.2)
        line.sample(second + 1, "nvr-1", clock_offset_seconds=-3600.0)
    assert [entry.split()[1] for entry in line.log if entry.endswith("opened")] == ["nvr-1"]


def test_all_clocks_at_once_are_the_agents_own() -> None:
    line = timeline(*(Device(device=f"cam-{n}", kind=DeviceKind.CAMERA) for n in range(5)))
    for second in range(0, 20 * MINUTE, MINUTE):
        for n in range(5):
            line.sample(second + n, f"cam-{n}", clock_offset_seconds=500.0)
    open_findings = [f for f in line.engine.sites[SITE].live() if f.life.state == "open"]
    assert {f.rule for f in open_findings if f.cause is None} == {"agent_clock_wrong"}
    assert len(open_findings) == 6


def test_levels_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="in this order"):
        ClockDriftSettings(notice_offset_seconds=20)
