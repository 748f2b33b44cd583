"""The journal: order, bound, damage, and what is set aside."""

import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.series.deadletters import Wanted
from hub.series.journal import Journal, JournalError
from hub.series.store import Point, SeriesRefused

T = 1_767_225_600_000
MEBIBYTE = 1024**2


def points(*at: int) -> list[Point]:
    return [Point("camera", "depot", "gate-1", "cam-1", one, {"reachable": float(one)}) for one in at]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "buffer.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path, MEBIBYTE)
    yield journal
    journal.close()


def test_batches_come_out_oldest_first_and_together_up_to_a_bound(journal: Journal) -> None:
    for number in range(5):
        assert journal.append(points(number, number), T + number)
    batches = journal.next(max_points=5)
    assert [batch.points for batch in batches] == [points(0, 0), points(1, 1)]
    journal.finish(batches)
    assert [batch.points for batch in journal.next(1)] == [points(2, 2)]
    held = journal.held()
    assert (held.batches, held.points, held.oldest, held.refused) == (3, 6, T + 2, 0)


def test_batches_that_failed_come_last_and_one_by_one(journal: Journal) -> None:
    for number in range(3):
        journal.append(points(number), T)
    journal.failed(journal.next(2))
    assert [batch.points for batch in journal.next(100)] == [points(2)]
    journal.finish(journal.next(100))
    assert [batch.points for batch in journal.next(100)] == [points(0)]


def test_an_empty_journal_has_nothing(journal: Journal) -> None:
    assert journal.next(100) == []
    held = journal.held()
    assert (held.batches, held.points, held.oldest, held.aging, held.letters) == (0, 0, None, None, 0)


def test_it_never_grows_past_its_bound_and_room_comes_back(journal: Journal, path: Path) -> None:
    taken = 0
    while journal.append(points(*range(taken * 500, taken * 500 + 500)), T):
        taken += 1
    assert taken > 10
    assert journal.held().bytes <= MEBIBYTE + 65_536  # a batch is checked by its own size; the tree above it adds pages
    while batches := journal.next(10_000):
        journal.finish(batches)
    assert journal.held().bytes < 65_536
    assert journal.append(points(1), T)
    assert path.stat().st_size < 2 * MEBIBYTE


def test_what_it_holds_survives_being_closed(path: Path) -> None:
    first = Journal(path, MEBIBYTE)
    first.append(points(1, 2), T)
    first.set_aside(points(3), SeriesRefused([0], "bad"), T)
    first.close()
    second = Journal(path, MEBIBYTE)
    held = second.held()
    assert (held.batches, held.points, held.oldest, held.refused, held.letters) == (1, 2, T, 1, 1)
    second.close()


def test_refused_points_are_bounded_and_counted_beyond(path: Path) -> None:
    journal = Journal(path, MEBIBYTE)  # for refused points a mebibyte again
    long = "field type conflict " * 10
    for number in range(0, 8000, 500):
        journal.set_aside(points(*range(number, number + 500)), SeriesRefused(range(500), long), T + number)
    held = journal.held()
    assert held.refused == 8000
    assert held.letters + held.evicted == 8000
    assert 1000 < held.evicted < 7000
    kept = journal.letters(limit=2)
    assert [(one.point, one.at, one.reason, one.tries) for one in kept] == [
        (points(7999)[0], T + 7500, long, 1),
        (points(7998)[0], T + 7500, long, 1),
    ]
    assert journal.append(points(1), T), "they take no room from what waits"
    journal.close()


def test_a_point_refused_twice_stands_there_once(journal: Journal) -> None:
    for at in (T, T + 1):  # the acknowledgement was lost: the same report again
        journal.set_aside(points(1, 2), SeriesRefused([1], "beyond retention"), at)
    (letter,) = journal.letters()
    assert (letter.point, letter.at, letter.tries) == (points(2)[0], T + 1, 1)
    assert journal.held().refused == 1


def test_refused_points_wait_again_as_a_batch_and_tell_how_often_they_were_refused(journal: Journal) -> None:
    journal.append(points(9), T)
    journal.set_aside(points(1, 2, 3), SeriesRefused([0, 2], "bad", ["bad", "worse"]), T)
    assert [letter.reason for letter in journal.letters()] == ["worse", "bad"]
    chosen = journal.letters(Wanted(reason="WORSE"))
    resent = journal.retry(chosen, T + 5)
    assert resent is not None
    again, count = resent
    assert count == 1
    assert journal.fate([again]) == (1, 0)
    assert journal.retry(chosen, T + 5) == (0, 0), "they are gone"
    batches = journal.next(100)
    assert [batch.points for batch in batches] == [points(9), points(3)], "behind what waits already"
    journal.finish(batches, SeriesRefused([1], "still bad"), points(9, 3), T + 6)
    assert journal.fate([again]) == (0, 1)
    assert [(one.reason, one.tries) for one in journal.letters()] == [("still bad", 2), ("bad", 1)]
    assert journal.held().refused == 3


def test_refused_points_stay_where_they_are_when_the_buffer_is_full(path: Path) -> None:
    journal = Journal(path, MEBIBYTE, max_age=1000)
    journal.set_aside(points(1), SeriesRefused([0], "bad"), T)
    journal.append(points(2), T)
    assert journal.retry(journal.letters(), T + 1001) is None
    assert len(journal.letters()) == 1
    journal.close()


def test_nothing_more_is_taken_once_the_oldest_waits_for_too_long(path: Path) -> None:
    journal = Journal(path, MEBIBYTE, max_age=1000)
    assert journal.append(points(1), T)
    assert journal.append(points(2), T + 1000)
    assert not journal.append(points(3), T + 1001)
    journal.finish(journal.next(1))
    assert journal.append(points(3), T + 1001)
    # One that the store fails at while it takes others does not stop the whole fleet.
    journal.failed(journal.next(1))
    journal.finish([journal.next(1)[0]])
    assert journal.append(points(4), T + 90_000)
    assert journal.held().oldest == T + 1000
    journal.close()


def test_a_file_of_the_first_version_keeps_what_it_holds(path: Path) -> None:
    old = sqlite3.connect(path)
    old.executescript(
        """
        CREATE TABLE batch (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, points INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
        CREATE INDEX batch_turn ON batch (failures, id);
        CREATE TABLE refused (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, reason TEXT NOT NULL,
            point TEXT NOT NULL);
        CREATE TABLE refusals (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
        INSERT INTO refusals VALUES (1, 7);
        PRAGMA user_version = 1;
        """
    )
    (one, two) = points(1, 2)
    body = zlib.compress(json.dumps([(*one[:-1], dict(one.values))]).encode())
    old.execute("INSERT INTO batch (at, points, body) VALUES (?, 1, ?)", (T, body))
    old.execute(
        "INSERT INTO refused (at, reason, point) VALUES (?, 'bad', ?)", (T, json.dumps((*two[:-1], two.values)))
    )
    old.commit()
    old.close()
    journal = Journal(path, MEBIBYTE)
    held = journal.held()
    assert (held.batches, held.points, held.oldest, held.refused, held.letters) == (1, 1, T, 7, 1)
    assert [batch.points for batch in journal.next(10)] == [[one]]
    assert [letter.point for letter in journal.letters()] == [two]
    journal.finish(journal.next(10))
    assert journal.held().batches == 0
    journal.close()


def test_a_damaged_batch_is_told_from_a_whole_one(journal: Journal, path: Path) -> None:
    journal.append(points(1), T)
    other = sqlite3.connect(path)
    other.execute("UPDATE batch SET body = x'00'")
    other.commit()
    other.close()
    assert [batch.points for batch in journal.next(1)] == [None]


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("no database " * 1000)
    with pytest.raises(JournalError, match=r"buffer\.db"):
        Journal(path, MEBIBYTE)


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    Journal(path, MEBIBYTE).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 9")
    other.close()
    with pytest.raises(JournalError, match="later version"):
        Journal(path, MEBIBYTE)


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), max_size=12),
    bound=st.integers(1, 40),
)
def test_whatever_goes_in_comes_out_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], bound: int
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "buffer.db", MEBIBYTE)
    try:
        for batch in batches:
            assert journal.append(points(*batch), T)
        out: list[Point] = []
        while taken := journal.next(bound):
            for one in taken:
                out += one.points or []
            journal.finish(taken)
        assert out == [point for batch in batches for point in points(*batch)]
    finally:
        journal.close()
