"""The operation log: every line once, whatever happens to the agent and to the recorder's clock."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.collector import Happening
from agent.memory import Memory
from agent.recorder.model import LogEntry, Operation
from agent.recorder.operations import LogNote, Operations, of_others

NOW = 1_780_000_000.0
HOUR = 3600.0


class World:
    """A recorder with a log, our clocks, and an agent that looks into it and may be restarted."""

    def __init__(self, folder: Path | None) -> None:
        self.wall, self.mono, self.ahead = NOW, 1000.0, 0.0
        self.log: list[LogEntry] = []
        self._folder = folder
        self.restart()

    def restart(self) -> None:
        self.mono += 5000.0
        self.operations = Operations(
            "nvr", Memory(self._folder, "nvr-log", LogNote), wall=lambda: self.wall, monotonic=lambda: self.mono
        )

    @property
    def shows(self) -> float:
        return self.wall + self.ahead

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def write(self, detail: str, at: float | None = None, operation: Operation = Operation.PLAYED_BACK) -> None:
        self.log.append(LogEntry(at if at is not None else float(int(self.shows)), operation, "li", detail=detail))

    def look(self) -> list[Happening]:
        begin, end = self.operations.span(self.shows)
        found = sorted((one for one in self.log if begin <= one.at <= end), key=lambda one: one.at)
        return self.operations.learn(found, self.shows, lambda token: f"nvr-{token}")

    def told(self) -> list[str]:
        return [str(one.data.get("detail", "")) for one in self.look()]


def test_the_first_look_tells_nothing_older_than_an_hour(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("old", NOW - HOUR - 10)
    world.write("young", NOW - HOUR + 10)
    assert world.told() == ["young"]
    assert world.told() == []


def test_a_line_is_an_event_with_who_what_where_and_when() -> None:
    world = World(None)
    world.log.append(LogEntry(NOW - 60, Operation.DOWNLOADED, "li", "10.0.0.9", "3", "2026-01-01 10:00 to 11:00"))
    (event,) = world.look()
    assert (event.device, event.type) == ("nvr", "footage.downloaded")
    assert event.data == {
        "user": "li",
        "address": "10.0.0.9",
        "channel": "nvr-3",
        "detail": "2026-01-01 10:00 to 11:00",
        "device_time": "2026-05-28T20:25:40+00:00",
    }
    assert event.mono == world.mono - 60, "it happened a minute ago"


def test_nothing_is_told_twice_over_restarts_nor_left_out(tmp_path: Path) -> None:
    world = World(tmp_path)
    told = world.told()
    for number in range(6):
        world.write(f"before {number}")
        world.wait(300)
        told += world.told()
        world.write(f"after {number}")
        world.restart()
        world.wait(4 * HOUR)  # the agent is away
        world.write(f"meanwhile {number}", world.shows - 2 * HOUR)
        told += world.told()
    assert sorted(told) == sorted(f"{word} {n}" for n in range(6) for word in ("before", "after", "meanwhile"))


def test_lines_of_the_same_second_are_all_told_and_each_once() -> None:
    world = World(None)
    world.write("a", NOW)
    assert world.told() == ["a"]
    world.write("b", NOW)
    world.write("b", NOW)
    assert world.told() == ["b", "b"], "two that are alike are two"
    world.write("b", NOW)
    assert world.told() == ["b"]
    assert world.told() == []


def test_a_line_that_is_written_late_is_told() -> None:
    world = World(None)
    world.write("first")
    assert world.told() == ["first"]
    world.wait(300)
    world.write("late", NOW - 200)
    assert world.told() == ["late"]


def test_a_clock_set_back_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    told: list[str] = []
    for step in range(40):
        if step == 10:
            world.ahead = -2 * HOUR  # it passes through two hours again
        if step == 20:
            world.restart()
        world.write(f"line {step}")
        world.wait(600)
        told += world.told()
    assert sorted(told) == sorted(f"line {step}" for step in range(40))


def test_a_clock_set_back_by_less_than_the_time_between_two_looks_is_noticed_too() -> None:
    world = World(None)
    world.look()
    world.wait(10)
    world.ahead = -50 * 60.0
    world.write("just after")
    world.wait(HOUR - 10)
    assert world.told() == ["just after"]


def test_a_clock_that_was_a_year_ahead_and_is_set_right_goes_on() -> None:
    world = World(None)
    world.ahead = 365 * 86_400.0
    world.write("ahead")
    assert world.told() == ["ahead"]
    world.wait(600)
    world.ahead = 0.0
    world.write("right")
    assert world.told() == ["right"]
    world.wait(600)
    assert world.told() == []


def test_our_own_clock_from_1970_digs_up_no_history(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("ancient", NOW - 90 * 86_400)
    world.wall, world.ahead = 1000.0, NOW - 1000.0
    world.look()
    world.restart()
    world.wall, world.ahead = NOW, 60.0
    world.write("new")
    assert world.told() == ["new"]


def test_a_flood_tells_the_newest_and_remembers_a_bounded_number(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(3000):
        world.write(f"{number}", NOW - 10)
    assert world.told() == [f"{number}" for number in range(2500, 3000)]
    assert (tmp_path / "nvr-log.json").stat().st_size < 30_000
    assert world.told() == []


def test_the_disk_is_spared_while_nothing_happens(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("a")
    world.look()
    file = tmp_path / "nvr-log.json"
    before = file.read_bytes()
    for _ in range(5):
        world.wait(600)
        world.look()
    assert file.read_bytes() == before
    world.wait(600)
    world.look()
    assert file.read_bytes() != before


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 600),
            st.booleans(),
            st.sampled_from([0.0, 0.0, 0.0, 3600.0, -1800.0, -86_400.0]),
            st.integers(0, 3),
        ),
        max_size=25,
    )
)
def test_whatever_clocks_and_restarts_do_each_line_is_told_once(
    steps: Sequence[tuple[float, bool, float, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        told = world.told()
        written = 0
        for pause, restarts, jump, lines in steps:
            world.ahead += jump
            for _ in range(lines):
                world.write(f"{written}")
                written += 1
            if restarts:
                world.restart()
            world.wait(pause)
            told += world.told()
    assert sorted(told, key=int) == [f"{number}" for number in range(written)]


def test_the_traces_of_our_own_questions_are_left_out_and_nobody_elses() -> None:
    ours = LogEntry(1.0, Operation.LOGIN, "watchkeeper", "10.0.0.2")
    logout = LogEntry(1.0, Operation.OTHER, "watchkeeper", "10.0.0.2", detail="logout")
    thief = LogEntry(1.0, Operation.LOGIN, "watchkeeper", "10.0.0.77")
    taken = LogEntry(1.0, Operation.DOWNLOADED, "watchkeeper", "10.0.0.2")
    failed = LogEntry(1.0, Operation.LOGIN_FAILED, "watchkeeper", "10.0.0.2")
    admin = LogEntry(1.0, Operation.LOGIN, "admin", "10.0.0.2")
    lines = [ours, logout, thief, taken, failed, admin]
    assert of_others(lines, "watchkeeper", "10.0.0.2") == [thief, taken, failed, admin]
    assert of_others(lines, None, "10.0.0.2") == lines
    assert of_others(lines, "watchkeeper", "") == lines
