"""What plans and recordings come to, at chosen moments. 2026-05-25 is a Monday; the recorder's clock is at UTC+8."""

import datetime

import pytest

from agent.device.errors import BadAnswer
from agent.recorder.judgement import ages, day_values, is_stalled, kind_of, last_day, of_last_day, plan_in
from agent.recorder.model import Extent, RecordingPlan
from agent.recordings.local_time import Zone
from agent.recordings.plan import Window

ZONE = Zone.fixed(8 * 3600)
ALWAYS = RecordingPlan(True, (Window(),))
OFFICE = RecordingPlan(True, (Window.model_validate({"days": ["mon", "tue"], "from": "08:00", "to": "18:00"}),))
MOTION = RecordingPlan(True, (), (Window(),))
OFF = RecordingPlan(False, (Window(),))


def at(day: int, hour: int, minute: int = 0) -> int:
    """A moment by the recorder's wall clock, in May 2026."""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return int(datetime.datetime(2026, 5, day, hour, minute, tzinfo=zone).timestamp())


def test_plans_go_by_the_recorders_own_wall_clock() -> None:
    plan = plan_in(OFFICE, ZONE)
    assert plan.wanted(at(25, 0), at(26, 0)) == [(at(25, 8), at(25, 18))]
    assert plan.wanted(at(27, 0), at(28, 0)) == []


def test_plans_have_names() -> None:
    assert [kind_of(plan) for plan in (ALWAYS, OFFICE, MOTION, OFF, RecordingPlan(True))] == [
        "continuous",
        "scheduled",
        "motion",
        None,
        None,
    ]
    halves = RecordingPlan(
        True,
        (Window.model_validate({"to": "12:00"}), Window.model_validate({"from": "12:00"})),
    )
    assert kind_of(halves) == "continuous"


@pytest.mark.parametrize(
    ("plan", "newest", "now", "verdict"),
    [
        (ALWAYS, at(25, 9), at(25, 9, 9), False),
        (ALWAYS, at(25, 9), at(25, 9, 11), True),
        (ALWAYS, None, at(25, 9), True),
        (OFFICE, at(22, 18), at(25, 8, 5), False),  # the plan begins just now
        (OFFICE, at(22, 18), at(25, 8, 15), True),
        (OFFICE, at(25, 17), at(25, 20), False),  # it wants nothing any more
        (MOTION, at(22, 0), at(25, 9), None),
        (OFF, at(22, 0), at(25, 9), False),
    ],
)
def test_a_recording_stalls_when_nothing_new_comes_though_the_plan_wants_it(
    plan: RecordingPlan, newest: int | None, now: int, verdict: bool | None
) -> None:
    assert is_stalled(plan_in(plan, ZONE), Extent(at(1, 0), newest), now, 600) is verdict


def test_ages() -> None:
    assert ages(Extent(100.0, 200.0), 250.0) == {"recording_age_seconds": 150, "recording_newest_age_seconds": 50}
    assert ages(Extent(100.0, 260.0), 250.0)["recording_newest_age_seconds"] == 0, "it may end seconds ahead"
    assert ages(Extent(None, None), 250.0) == {}
    with pytest.raises(BadAnswer):
        ages(Extent(200.0, 100.0), 250.0)


def test_the_last_full_day_is_yesterday_once_its_last_recordings_must_be_listed() -> None:
    assert last_day(ZONE, at(26, 1, 59)) == (at(24, 0), at(25, 0))
    assert last_day(ZONE, at(26, 2)) == (at(25, 0), at(26, 0))
    assert last_day(ZONE, at(26, 23)) == (at(25, 0), at(26, 0))


def test_a_day_is_measured_against_its_plan() -> None:
    day = (at(25, 0), at(26, 0))
    covered = [(at(25, 0), at(25, 10)), (at(25, 11), at(25, 15)), (at(25, 15, 2), at(26, 0))]
    found = of_last_day(plan_in(ALWAYS, ZONE), covered, day, at(1, 0), 300)
    assert found is not None
    assert day_values(found) == {
        "recording_integrity_ratio": pytest.approx(1 - 62 / 1440),
        "recording_gaps": 1,  # two minutes are below what is listed
        "recording_longest_gap_seconds": 3600,
    }
    office = of_last_day(plan_in(OFFICE, ZONE), covered, day, at(1, 0), 60)
    assert office is not None
    assert office.ratio == pytest.approx(1 - 62 / 600)


def test_of_a_day_that_history_does_not_fill_nothing_is_said() -> None:
    day = (at(25, 0), at(26, 0))
    assert of_last_day(plan_in(ALWAYS, ZONE), [(at(25, 5), at(26, 0))], day, at(25, 5), 300) is None
    assert of_last_day(plan_in(MOTION, ZONE), [], day, at(1, 0), 300) is None
    assert of_last_day(plan_in(OFFICE, ZONE), [], (at(27, 0), at(28, 0)), at(1, 0), 300) is None
