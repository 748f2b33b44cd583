"""What is late: repeated, overtaken, measured by a clock that was set back, or days ago."""

import pytest

from hub.fleet import AgentState
from hub.lateness import BEHIND_MS, CLOCK_STEP_MS, LATE_MS, REACH_MS, STALE_MS, bounds, news_of, note_order
from hub.newest import Newest
from tests.hub.fleets import SITE, T0, Timeline
from wire.messages import Offset, Report

AT_ONCE = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}}


def hear(line: Timeline, mono: int, sent: int, received: int, reachable: float, boot: str = "b1") -> None:
    """A report of one camera sample, made and sent at the same moment of the agent's clock."""
    report = Report(id="abcdef:1", boot=boot, mono=mono, sent=T0 + sent * 1000)
    line.engine.clock_order(line.state, report, T0 + received * 1000)
    line.observe("cam-1", T0 + sent * 1000, T0 + received * 1000, reachable=reachable)


def door(line: Timeline, mono: int, at: int, offset: float, opened: float) -> None:
    """A report of a door: all times ms of the agent's own clock, which `offset` corrects."""
    sent = T0 + at
    report = Report(id="abcdef:1", boot="b1", mono=mono, sent=sent, offset=Offset(ms=offset, source="ntp"))
    line.engine.clock_order(line.state, report, sent)
    line.observe("door-1", sent + round(offset), sent, door_open=opened)


def test_the_same_sample_twice_is_judged_once_and_an_older_one_never() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}})
    line.sample(10, "cam-1", reachable=1)
    line.observe("cam-1", T0 + 10_000, T0 + 10_000, reachable=0)
    line.observe("cam-1", T0 + 5_000, T0 + 10_000, reachable=0)
    assert line.log == []


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


def test_a_sample_that_comes_long_after_its_time_revises_what_its_agents_past_was() -> None:
    line = Timeline()
    line.sample(0, "cam-1", reachable=1)
    line.sample(3600, "cam-1", reachable=1)
    before = line.state.revised
    line.sample(3660, "vol-rec", used_ratio=0.5)
    line.observe("cam-1", T0 + 3_660_000 - BEHIND_MS + 1, T0 + 3_660_000, response_seconds=1)
    line.observe("cam-1", T0, T0 + 3_660_000, reachable=1)  # again: it is known
    assert line.state.revised == before
    line.observe("cam-1", T0 + 3_660_000 - BEHIND_MS, T0 + 3_660_000, authenticated=1)
    assert line.state.revised != before


def test_a_clock_that_is_set_back_revises_it_as_well() -> None:
    line = Timeline()
    line.sample(3600, "cam-1", reachable=1)
    before = line.state.revised
    line.sample(0, "cam-1", reachable=1)
    assert line.state.revised != before


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


def test_a_value_that_newer_ones_have_overtaken_shows_that_what_they_show_began_after_it() -> None:
    line = Timeline()
    line.sample(0, "cam-1", reachable=0)
    line.sample(120, "cam-1", reachable=0)
    line.observe("cam-1", T0 + 60_000, T0 + 130_000, reachable=1)
    line.samples(range(180, 421, 60), "cam-1", reachable=0)
    assert line.log == [
        "0 cam-1 camera_unreachable pending",
        "60 cam-1 camera_unreachable dropped",
        "120 cam-1 camera_unreachable pending",
        "420 cam-1 camera_unreachable opened",
    ]


def test_one_from_before_it_began_or_that_shows_the_same_changes_nothing() -> None:
    line = Timeline()
    line.sample(60, "cam-1", reachable=0)
    line.sample(180, "cam-1", reachable=0)
    line.observe("cam-1", T0 + 30_000, T0 + 190_000, reachable=1)
    line.observe("cam-1", T0 + 120_000, T0 + 190_000, reachable=0)
    line.samples(range(240, 361, 60), "cam-1", reachable=0)
    assert line.log == ["60 cam-1 camera_unreachable pending", "360 cam-1 camera_unreachable opened"]


def test_a_redelivery_by_a_clock_that_is_ahead_is_judged_once() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=3_600, received=60, reachable=0)
    hear(line, mono=2_000, sent=3_601, received=61, reachable=1)
    hear(line, mono=1_000, sent=3_600, received=90, reachable=0)
    assert [entry.split()[-1] for entry in line.log] == ["opened", "closed"]


def test_a_backlog_without_a_measured_time_is_late_by_its_agents_newest_report() -> None:
    line = Timeline(AT_ONCE)
    line.sample(0, "cam-1", reachable=1)
    hour = T0 + 3_600_000
    line.engine.clock_order(line.state, Report(id="abcdef:9", boot="b1", mono=3_600_000, sent=hour), hour)
    line.observe("cam-1", T0 + 1_800_000, hour, reachable=0)
    assert line.log == [], "half an hour old when the agent itself says it is an hour later"
    line.observe("cam-1", hour - LATE_MS, hour, reachable=0)
    assert line.log == ["2700 cam-1 camera_unreachable opened"]


def test_a_machine_set_back_to_a_snapshot_is_judged_again_once_what_it_told_before_is_old() -> None:
    line = Timeline(AT_ONCE)
    day = 86_400_000
    hear(line, mono=2 * day, sent=0, received=0, reachable=1)
    for minute in range(10, 15):
        hear(line, mono=minute * 60_000, sent=minute * 60, received=minute * 60, reachable=0)
    assert line.log == []
    for minute in range(16, 19):
        hear(line, mono=minute * 60_000, sent=minute * 60, received=minute * 60, reachable=0)
    assert line.log == ["960 cam-1 camera_unreachable opened"]
    assert line.state.sent == T0 + 18 * 60_000


def test_one_made_before_a_small_step_back_of_the_clock_does_not_pass_for_such_a_machine() -> None:
    line = Timeline(AT_ONCE)
    hear(line, mono=1_000, sent=90, received=60, reachable=1)
    hear(line, mono=31_000, sent=61, received=61, reachable=1)
    hear(line, mono=900, sent=89, received=70, reachable=0)
    assert (line.log, line.state.sent) == ([], T0 + 61_000)


def test_values_of_a_clock_that_was_ahead_leave_the_windows_of_rules() -> None:
    line = Timeline()
    said = {0: 0, 14_400: 14_400, 14_460: 72_000, 28_800: 28_800}
    for mono, (received, sent) in enumerate(said.items(), 1):
        report = Report(id="abcdef:1", boot="b1", mono=mono, sent=T0 + sent * 1000)
        line.engine.clock_order(line.state, report, T0 + received * 1000)
        line.observe("cam-1", T0 + sent * 1000, T0 + received * 1000, clock_offset_seconds=0)
    windows = line.engine.sites[SITE].devices["cam-1"].windows
    (values,) = [values for window, values in windows.items() if window.metric == "clock_offset_seconds"]
    assert [value.at - T0 for value in values] == [0, 14_400_000, 28_800_000]


def agent(*reports: Report) -> AgentState:
    """What is known of an agent after these reports, each heard when it was sent."""
    state = AgentState(SITE, "gateway", T0)
    for report in reports:
        note_order(state, report, report.sent)
    return state


def report(number: int, sent: int = T0, boot: str = "b1", offset: float | None = None) -> Report:
    """The spool's report of this number, made as many ms after the boot."""
    return Report(id=f"abcdef:{number}", boot=boot, mono=number, sent=sent, offset=Offset(ms=offset))


@pytest.mark.parametrize(("numbers", "hole"), [((1, 2, 3), 0), ((1, 2, 4), T0 + 2), ((1, 4, 3), T0 + 1), ((2, 1), 0)])
def test_a_number_left_out_is_a_hole_after_the_report_before_it(numbers: tuple[int, ...], hole: int) -> None:
    assert agent(*(report(number, T0 + number) for number in numbers)).hole == hole


def test_where_a_clock_was_set_back_is_told_and_nothing_later_counts_as_judged() -> None:
    state = agent(report(1))
    state.mark = state.floor = T0
    back = T0 - CLOCK_STEP_MS - 1
    assert note_order(state, report(2, back + 1), T0) is None
    assert note_order(state, report(3, back - CLOCK_STEP_MS), T0) == back - CLOCK_STEP_MS - REACH_MS
    assert state.mark == state.floor == back - CLOCK_STEP_MS - REACH_MS


def test_a_time_that_was_measured_is_held_against_the_hubs_and_one_that_was_not_only_against_itself() -> None:
    received = T0 + STALE_MS
    assert bounds(agent(report(1)), received) == (T0 - STALE_MS, T0 + CLOCK_STEP_MS, T0 - LATE_MS)
    assert bounds(agent(report(1, offset=0)), received) == (T0, T0 + CLOCK_STEP_MS, received - LATE_MS)


def test_of_a_sample_that_is_overtaken_only_what_nobody_else_told_is_news() -> None:
    latest = Newest(T0, {"a": 1.0}, {})
    assert news_of(T0, {"a": 0.0, "b": 2.0}, latest, 0)[:2] == (T0, {"b": 2.0})
    assert news_of(T0 - 3, {"a": 1.0, "b": 2.0}, latest, 4)[:2] == (T0 + 1, {"b": 2.0})
    assert not news_of(T0 - 4, {"a": 0.0}, latest, 4)[1]
