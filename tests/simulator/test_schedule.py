"""The schedule of a script, by a clock that is only told."""

from simulator.scenario import parse
from simulator.schedule import Schedule

SCRIPT = """\
site: s
agents: [{id: gw, cameras: 2}]
faults:
  - {at: 10, for: 10, kind: camera_off, device: cam-01}
  - {at: 5, for: 20, kind: clock_jump, device: cam-02}
  - {at: 20, for: 5, kind: camera_off, device: cam-01}
"""


def steps(schedule: Schedule, elapsed: float) -> list[tuple[float, str, int]]:
    return [(step.at, step.what, step.number) for step in schedule.due(elapsed)]


def test_each_step_is_handed_out_once_and_in_order() -> None:
    schedule = Schedule(parse(SCRIPT).faults)
    assert schedule.next_at == 5
    assert steps(schedule, 4.9) == []
    assert steps(schedule, 5.0) == [(5, "begin", 1)]
    assert steps(schedule, 5.0) == []
    assert steps(schedule, 12.0) == [(10, "begin", 0)]
    assert schedule.next_at == 20


def test_what_ends_makes_way_for_what_begins_at_the_same_moment() -> None:
    schedule = Schedule(parse(SCRIPT).faults)
    schedule.due(19.0)
    assert steps(schedule, 20.0) == [(20, "end", 0), (20, "begin", 2)]


def test_a_late_look_misses_nothing() -> None:
    schedule = Schedule(parse(SCRIPT).faults)
    assert steps(schedule, 1000.0) == [
        (5, "begin", 1),
        (10, "begin", 0),
        (20, "end", 0),
        (20, "begin", 2),
        (25, "end", 1),
        (25, "end", 2),
    ]
    assert schedule.next_at is None


def test_a_quiet_script_has_no_steps() -> None:
    schedule = Schedule([])
    assert schedule.next_at is None
    assert schedule.due(100.0) == []
