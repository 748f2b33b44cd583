"""What was recalled once is read on from there, and is then what reading from nothing would have brought."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.lateness import BEHIND_MS
from hub.recalled import DEVICES_AT_ONCE, SPAN_MS, STEP_MS, recall
from hub.recollection import LOOKBACK_MS, Key, Owed
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, Value
from hub.window import Window

MINUTE = 60_000
HOUR = 60 * MINUTE
T0 = 1_790_000_000_000 // STEP_MS * STEP_MS + 30_000
COARSE = Window("response_seconds", 4 * HOUR, 10 * MINUTE)
FINE = Window("reachable", 12 * MINUTE, 0)
CAM: Key = ("depot", "cam-1")


class Counted(EmbeddedSeries):
    """A store that keeps how it was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []
        self.pieces: list[int] = []

    def across(self, *which: Any, **how: Any) -> dict[tuple[str, str], list[Value]]:
        self.asked.append("across")
        return super().across(*which, **how)

    def points(self, kind: str, scope: Any, metrics: Any, since: int, until: int) -> list[Point]:
        self.asked.append("points")
        self.pieces.append(sum(map(len, scope.values())))
        return super().points(kind, scope, metrics, since, until)

    def take(self) -> set[str]:
        asked, self.asked = set(self.asked), []
        return asked


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Counted]:
    series = Counted(tmp_path / "series.db")
    yield series
    series.close()


def told(series: EmbeddedSeries, at: int, key: Key = CAM, kind: str = "camera", **values: float) -> None:
    series.write([Point(kind, key[0], "gateway", key[1], at, values)])


def owed(
    mark: int,
    heard: int = 0,
    kind: str = "camera",
    windows: tuple[Window, ...] = (COARSE, FINE),
    revised: int = 7,
    agent: str = "gateway",
) -> Owed:
    return Owed(kind, agent, heard or mark, revised, mark, windows)


def test_who_was_not_heard_since_is_not_asked_about(series: Counted) -> None:
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    assert series.take() == {"across"}
    assert recall({CAM: owed(T0)}, series, T0, known) == known
    assert series.take() == set()


def test_what_was_judged_since_is_read_on_and_what_was_not_is_left_out(series: Counted) -> None:
    told(series, T0 - HOUR, authenticated=1.0)
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    series.take()
    told(series, T0 + MINUTE, reachable=0.0, response_seconds=0.5)
    told(series, T0 + 2 * MINUTE, reachable=1.0)
    now = recall({CAM: owed(T0 + MINUTE)}, series, T0 + 2 * MINUTE, known)[CAM]
    assert series.take() == {"points"}
    assert now.newest == {
        "authenticated": Value(T0 - HOUR, 1.0),
        "reachable": Value(T0 + MINUTE, 0.0),
        "response_seconds": Value(T0 + MINUTE, 0.5),
    }
    assert now.windows[FINE] == (Value(T0, 1.0), Value(T0 + MINUTE, 0.0))
    assert known[CAM].newest["reachable"] == Value(T0, 1.0)  # it may be read on from there once more


def test_what_came_late_is_found_behind_the_mark(series: Counted) -> None:
    told(series, T0 - HOUR, response_seconds=9.0)
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    told(series, T0 - BEHIND_MS + 1, response_seconds=0.5)
    now = recall({CAM: owed(T0, heard=T0 + MINUTE)}, series, T0 + MINUTE, known)[CAM]
    assert now.newest["response_seconds"] == Value(T0 - BEHIND_MS + 1, 0.5)
    assert now.windows[COARSE][-1] == Value(T0 - BEHIND_MS + 1, 0.5)


def test_what_is_older_than_two_days_before_the_last_word_is_forgotten(series: Counted) -> None:
    told(series, T0 - LOOKBACK_MS + MINUTE, authenticated=1.0)
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    told(series, T0 + MINUTE, reachable=1.0)
    assert recall({CAM: owed(T0 + MINUTE)}, series, T0, known)[CAM].newest == {"reachable": Value(T0 + MINUTE, 1.0)}


@pytest.mark.parametrize(
    "after",
    [
        owed(T0 - MINUTE),
        owed(T0 + SPAN_MS + 1),
        owed(T0 + MINUTE, revised=8),
        owed(T0, kind="channel"),
        owed(T0, agent="spare"),
        owed(T0, windows=(COARSE,)),
    ],
    ids=["clock set back", "silent for long", "long late", "another kind", "another agent", "other windows"],
)
def test_what_does_not_lead_there_is_read_from_nothing(series: Counted, after: Owed) -> None:
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    series.take()
    told(series, T0 - MINUTE, reachable=0.0)
    told(series, T0 - BEHIND_MS - MINUTE, response_seconds=3.0)
    now = recall({CAM: after}, series, T0, known)
    assert series.take() == {"across"}
    assert now == recall({CAM: after}, series, T0, {})


def test_of_two_agents_that_had_a_device_both_are_read_in_order(series: Counted) -> None:
    told(series, T0, reachable=1.0)
    known = recall({CAM: owed(T0)}, series, T0, {})
    for agent, at, value in (("spare", 2 * MINUTE, 0.0), ("gateway", MINUTE, 1.0)):
        series.write([Point("camera", "depot", agent, "cam-1", T0 + at, {"reachable": value})])
    now = recall({CAM: owed(T0 + 2 * MINUTE)}, series, T0, known)[CAM]
    assert [value.value for value in now.windows[FINE]] == [1.0, 1.0, 0.0]


def test_so_many_devices_are_in_a_question_of_their_kind(series: Counted) -> None:
    keys: list[Key] = [(f"s{number // 10}", f"cam-{number}") for number in range(DEVICES_AT_ONCE + 1)]
    known = recall({key: owed(T0) for key in keys} | {CAM: owed(T0, kind="channel")}, series, T0, {})
    later = {key: owed(T0 + MINUTE) for key in keys} | {CAM: owed(T0 + MINUTE, kind="channel")}
    recall(later, series, T0, known)
    assert sorted(series.pieces) == [1, 1, DEVICES_AT_ONCE]


METRICS = ("reachable", "response_seconds")
STEP = st.tuples(
    st.integers(1, SPAN_MS // 3),
    st.sampled_from("ab"),
    st.sets(st.sampled_from(METRICS)),
    st.integers(0, BEHIND_MS - 1),
)
"""How much later than the one before it comes, of which device, what it tells, and how late another number came."""
ROUNDS = st.lists(st.tuples(st.lists(STEP, max_size=3), st.booleans()), min_size=2, max_size=4)
"""What comes between two readings, and whether something was stored then that no rule has judged."""


@given(ROUNDS)
@settings(max_examples=80, deadline=None)
def test_read_on_in_any_number_of_steps_it_is_what_there_is(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[tuple[int, str, set[str], int]], bool]]
) -> None:
    series = Counted(tmp_path_factory.mktemp("series") / "series.db")
    mark, value, heard = T0, 0.0, T0
    known = recall({("depot", device): owed(T0) for device in "ab"}, series, T0, {})
    for steps, unjudged in rounds:
        for gap, device, metrics, late in steps:
            mark, value, heard = mark + gap, value + 1, heard + gap
            values = {metric: value for metric in METRICS if metric in metrics}
            key = ("depot", device)
            series.write([Point("camera", "depot", "gateway", device, mark, values)] if values else [])
            told(series, mark - late, key, authenticated=float(mark - late))
        if unjudged:
            told(series, mark + 1, ("depot", "a"), reachable=-1.0)
        wanted = {("depot", device): owed(mark, heard + 1) for device in "ab"}
        series.take()
        known = recall(wanted, series, heard, known)
        assert series.take() <= {"points"}
        assert known == recall(wanted, series, heard, {})
    series.close()
