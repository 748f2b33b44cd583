"""The journal: order, bound, damage, and what is set aside."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.series import journal as journal_module
from hub.series.journal import Held, Journal, JournalError, RefusedPoint
from hub.series.store import Point

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
    assert journal.held() == Held(batches=3, points=6, oldest=T + 2, refused=0)


def test_batches_that_failed_come_last_and_one_by_one(journal: Journal) -> None:
    for number in range(3):
        journal.append(points(number), T)
    journal.failed(journal.next(2))
    assert [batch.points for batch in journal.next(100)] == [points(2)]
    journal.finish(journal.next(100))
    assert [batch.points for batch in journal.next(100)] == [points(0)]


def test_an_empty_journal_has_nothing(journal: Journal) -> None:
    assert journal.next(100) == []
    assert journal.held() == Held(batches=0, points=0, oldest=None, refused=0)


def test_it_never_grows_past_its_bound_and_room_comes_back(journal: Journal, path: Path) -> None:
    taken = 0
    while journal.append(points(*range(taken * 500, taken * 500 + 500)), T):
        taken += 1
    assert taken > 10
    assert journal.used() <= MEBIBYTE + 65_536  # a batch is checked by its own size; the tree above it adds pages
    while batches := journal.next(10_000):
        journal.finish(batches)
    assert journal.used() < 65_536
    assert journal.append(points(1), T)
    assert path.stat().st_size < 2 * MEBIBYTE


def test_what_it_holds_survives_being_closed(path: Path) -> None:
    first = Journal(path, MEBIBYTE)
    first.append(points(1, 2), T)
    first.set_aside(points(3), "bad", T)
    first.close()
    second = Journal(path, MEBIBYTE)
    assert second.held() == Held(batches=1, points=2, oldest=T, refused=1)
    second.close()


def test_refused_points_are_bounded_and_counted_beyond(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_REFUSED", 3)
    journal.append(points(0), T)
    journal.finish(journal.next(1), points(0), "first", T)
    for number in range(1, 5):
        journal.set_aside(points(number), "field type conflict", T + number)
    assert journal.held().refused == 5
    kept = journal.refused()
    assert [one.point for one in kept] == points(4, 3, 2)
    assert kept[0] == RefusedPoint(T + 4, "field type conflict", points(4)[0])


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
