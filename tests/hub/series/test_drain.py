"""The thread that drains the buffer: whatever fails beneath it, it neither ends nor spins, and goes on."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.series.drain import Drain
from hub.series.embedded import EmbeddedSeries
from hub.series.gate import Backoff, Gate
from hub.series.journal import Batch, Journal
from hub.series.lane import Lane
from hub.series.pace import Pace
from hub.series.store import Point, SeriesUnavailable
from tests.waiting import wait_until

T = 1_767_225_600_000
FIRST_SECONDS = 0.1


class Frail(Journal):
    """A journal whose `next` has a defect while `broken`; `asked` says when it was called."""

    broken = True

    def __init__(self, path: Path) -> None:
        super().__init__(path, 1 << 24)
        self.asked: list[float] = []

    def next(self, max_points: int, after: int = 0) -> list[Batch]:
        self.asked.append(time.monotonic())
        if self.broken:
            raise RuntimeError("no such thing")
        return super().next(max_points, after)


class Picky(EmbeddedSeries):
    """A store that is well but for a defect at one device, and asks to be left alone where told."""

    poison = ""
    alone = 0.0

    def write(self, points: Sequence[Point]) -> None:
        if self.alone:
            pause, self.alone = self.alone, 0.0
            raise SeriesUnavailable("busy", pause)
        if any(point.device == self.poison for point in points):
            raise ZeroDivisionError("a defect")
        super().write(points)


def point(device: str, at: int = 0) -> Point:
    return Point("camera", "depot", "gate-1", device, T + at, {"fps": 1.0})


class Busy(Journal):
    """A journal: while its `next` is under way for the first time, a live write is told to leave the store alone."""

    def __init__(self, path: Path, gate: Gate, alone: float) -> None:
        super().__init__(path, 1 << 24)
        self._gate, self._alone = gate, alone
        self.shut_at: float | None = None

    def next(self, max_points: int, after: int = 0) -> list[Batch]:
        batches = super().next(max_points, after)
        if self.shut_at is None:
            self._gate.shut("busy", self._alone)
            self.shut_at = time.monotonic()
        return batches


class Asked(EmbeddedSeries):
    """A store that notes when it was asked for anything."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[float] = []

    def write(self, points: Sequence[Point]) -> None:
        self.asked.append(time.monotonic())
        super().write(points)

    def ping(self) -> None:
        self.asked.append(time.monotonic())
        super().ping()


def new_gate() -> Gate:
    return Gate(1.0, Backoff(FIRST_SECONDS, 2 * FIRST_SECONDS))


@contextmanager
def draining(store: EmbeddedSeries, journal: Journal, gate: Gate | None = None) -> Iterator[Drain]:
    gate = gate or new_gate()
    lane = Lane()
    backoff = Backoff(FIRST_SECONDS, 2 * FIRST_SECONDS)
    drain = Drain(store, journal, gate, lane, Pace(), backoff, lambda: T, lambda _: None)
    drain.start()
    try:
        yield drain
    finally:
        drain.close()
        lane.close()
        journal.close()
        store.close()


def devices(store: EmbeddedSeries) -> set[str]:
    return set(store.latest("depot", "camera", T * 2, 0))


@pytest.mark.parametrize("waiting", [0, 1])
def test_a_store_that_asks_to_be_left_alone_while_the_journal_is_read_is_left_alone(
    tmp_path: Path, waiting: int
) -> None:
    gate = new_gate()
    store, journal = Asked(tmp_path / "series.db"), Busy(tmp_path / "buffer.db", gate, 3 * FIRST_SECONDS)
    for number in range(waiting):
        journal.append([point(f"cam-{number}")], T)
    with draining(store, journal, gate):
        wait_until(lambda: len(store.asked) > 0, 30, "the store is tried again")
        assert journal.shut_at is not None
        assert store.asked[0] - journal.shut_at >= 3 * FIRST_SECONDS - 0.01, "neither written to nor looked at before"


def test_a_defect_of_the_journal_is_told_once_backed_off_from_and_outlived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, journal = Picky(tmp_path / "series.db"), Frail(tmp_path / "buffer.db")
    journal.append([point("cam-1")], T)
    with caplog.at_level(logging.ERROR), draining(store, journal):
        wait_until(lambda: len(journal.asked) >= 5, 30, "it goes on")
        gaps = [later - earlier for earlier, later in zip(journal.asked, journal.asked[1:], strict=False)]
        assert min(gaps) >= FIRST_SECONDS / 2, "with a pause every time"
        assert [record.message for record in caplog.records] == ["draining the series buffer failed"]
        assert any(thread.name == "series-buffer" for thread in threading.enumerate())
        journal.broken = False
        wait_until(lambda: devices(store) == {"cam-1"}, 30, "drained")


def test_points_at_which_the_way_to_the_store_has_a_defect_hold_up_no_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, journal = Picky(tmp_path / "series.db"), Journal(tmp_path / "buffer.db", 1 << 24)
    store.poison = "cam-2"
    for number in (2, 1, 3):
        journal.append([point(f"cam-{number}", at) for at in range(3000)], T)
    with caplog.at_level(logging.ERROR), draining(store, journal) as drain:
        wait_until(lambda: devices(store) == {"cam-1", "cam-3"}, 30, "the others land")
        assert journal.held().points == 3000, "and those are kept"
        assert [record.message for record in caplog.records if record.exc_info] == [
            "writing buffered points to the series store failed"
        ]
        store.poison = ""
        drain.wake()
        wait_until(lambda: journal.held().batches == 0, 30, "mended")
    assert len(caplog.records) == 1


def test_a_store_that_asks_to_be_left_alone_is(tmp_path: Path) -> None:
    store, journal = Picky(tmp_path / "series.db"), Frail(tmp_path / "buffer.db")
    journal.broken = False
    store.alone = 0.6
    journal.append([point("cam-1")], T)
    with draining(store, journal) as drain:
        wait_until(lambda: not store.alone, 30, "it was tried")
        tried = len(journal.asked)
        since = time.monotonic()
        for _ in range(5):
            drain.wake()
        wait_until(lambda: journal.held().batches == 0, 30, "drained")
    assert time.monotonic() - since > 0.5
    assert journal.asked[tried] - journal.asked[tried - 1] > 0.5
