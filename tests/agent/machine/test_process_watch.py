"""One watched process over time, as timelines of what is seen once a minute."""

import pytest

from agent.machine.process_table import Process
from agent.machine.process_watch import ProcessWatch, Restart

HOUR = 3600.0
BOOTED_BEFORE = 1000.0
"""The monotonic clock was so far behind the machine's uptime."""


class Timeline:
    """Looks at a watch once a minute, from half a minute on."""

    def __init__(self) -> None:
        self.watch = ProcessWatch(6 * HOUR)
        self.mono = -30.0
        self.restart: Restart | None = None

    def look(self, *matching: Process, below: tuple[Process, ...] = ()) -> dict[str, float]:
        self.mono += 60.0
        values, self.restart = self.watch.look(matching, [*matching, *below], self.mono, self.mono + BOOTED_BEFORE)
        return values


def process(pid: int, started: float, *, parent: int = 1, cpu: float = 0.0, rss: int = 100) -> Process:
    """One that started at this moment of the monotonic clock."""
    return Process(pid=pid, parent=parent, name="nvr", start=started + BOOTED_BEFORE, cpu=cpu, rss=rss)


def test_one_that_was_there_before_us_is_running_and_no_restart() -> None:
    line = Timeline()
    values = line.look(process(7, -500.0))
    assert values["process_running"] == 1
    assert values["process_restarts"] == 0
    assert values["process_uptime_seconds"] == pytest.approx(530.0)
    assert line.restart is None
    assert "process_cpu_ratio" not in values


def test_none_is_said_of_a_process_that_does_not_run_but_that() -> None:
    assert Timeline().look() == {"process_running": 0.0, "process_count": 0.0, "process_restarts": 0.0}


def test_one_that_starts_after_us_for_the_first_time_is_no_restart() -> None:
    line = Timeline()
    line.look()
    assert line.look(process(7, 60.0))["process_restarts"] == 0
    assert line.restart is None


def test_a_restart_between_two_looks_is_noticed_by_pid_and_start() -> None:
    line = Timeline()
    line.look(process(7, 0.0))
    values = line.look(process(9, 70.0))
    assert line.restart == Restart(count=1, down=None)
    assert values["process_restarts"] == 1
    assert values["process_uptime_seconds"] == pytest.approx(20.0)
    assert line.look(process(9, 70.0))["process_restarts"] == 1
    assert line.restart is None


def test_a_process_id_used_again_is_still_a_restart() -> None:
    line = Timeline()
    line.look(process(7, 0.0))
    line.look(process(7, 80.0))
    assert line.restart == Restart(count=1, down=None)


def test_a_gap_that_was_seen_tells_how_long_it_was_down() -> None:
    line = Timeline()
    line.look(process(7, 0.0))
    assert line.look()["process_running"] == 0
    line.look()
    values = line.look(process(9, 200.0))
    assert line.restart is not None
    assert line.restart.count == 1
    assert line.restart.down == pytest.approx(110.0)
    assert values["process_restarts"] == 1


def test_of_several_each_replaced_one_counts_and_a_new_one_beside_them_does_not() -> None:
    line = Timeline()
    a, b = process(7, 0.0), process(8, 1.0)
    line.look(a, b)
    line.look(a, b, process(9, 70.0))
    assert line.restart is None
    line.look(process(9, 70.0))
    assert line.restart is None
    values = line.look(process(9, 70.0), process(20, 190.0), process(21, 191.0), process(22, 192.0))
    assert line.restart == Restart(count=2, down=None)
    assert values["process_count"] == 4


def test_workers_of_a_matching_parent_may_come_and_go() -> None:
    line = Timeline()
    main = process(7, 0.0)
    line.look(main, process(8, 1.0, parent=7))
    values = line.look(main, process(9, 70.0, parent=7))
    assert values["process_restarts"] == 0
    assert values["process_count"] == 2


def test_memory_and_processor_time_are_those_of_the_whole_family() -> None:
    line = Timeline()
    line.look(process(7, 0.0, cpu=100.0), below=(process(8, 1.0, parent=7, cpu=50.0, rss=40),))
    values = line.look(
        process(7, 0.0, cpu=106.0),
        below=(
            process(8, 1.0, parent=7, cpu=62.0, rss=40),
            process(9, 70.0, parent=7, cpu=3.0, rss=60),
            # Older than the look before and new to us: what it spent, it spent before.
            process(10, 5.0, parent=7, cpu=900.0, rss=0),
        ),
    )
    assert values["process_rss_bytes"] == 200
    assert values["process_cpu_ratio"] == pytest.approx((6 + 12 + 3) / 60)


def test_growth_is_told_after_hours_and_begins_anew_with_a_restart() -> None:
    line = Timeline()
    told = [line.look(process(7, 0.0, rss=1000 * minute)) for minute in range(180)]
    growing = [values.get("process_rss_growth_bytes_per_hour") for values in told]
    assert growing[:125] == [None] * 125
    assert growing[-1] == pytest.approx(60_000)
    assert "process_rss_growth_bytes_per_hour" not in line.look(process(9, line.mono, rss=5))
