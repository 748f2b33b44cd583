"""Live writes that nobody waits for longer than he has patience."""

import threading
from functools import partial

import pytest

from hub.series.lane import Lane, Late
from hub.series.store import SeriesUnavailable


def test_what_the_store_says_is_said() -> None:
    def refuse() -> None:
        raise SeriesUnavailable("away")

    told: list[tuple[int, Exception | None]] = []
    lane = Lane(lambda points, seconds, error: told.append((points, error)))
    with pytest.raises(SeriesUnavailable, match="away"):
        lane.start(1, refuse).wait(30.0)
    assert [(points, str(error)) for points, error in told] == [(1, "away")]
    lane.close()


def test_a_write_that_hangs_is_given_up_and_so_is_what_waits_behind_it() -> None:
    begun, release = threading.Event(), threading.Event()
    written: list[int] = []

    def write(points: int) -> None:
        begun.set()
        release.wait(60)
        written.append(points)

    lane = Lane(writers=1)
    for points in (1, 2):
        going = lane.start(points, partial(write, points))
        assert begun.wait(30)
        with pytest.raises(Late):
            going.wait(0.05)
    assert not lane.quiet(0.01)
    release.set()
    assert lane.quiet(30.0)
    lane.start(3, partial(write, 3)).wait(30.0)
    assert written == [1, 3], "what waited in vain is on disk by now: it is not written beside that"
    lane.close()


def test_two_are_written_at_a_time_and_begun_in_their_order() -> None:
    begun: list[int] = []
    both, release = threading.Barrier(3, timeout=60), threading.Event()

    def write(number: int) -> None:
        begun.append(number)
        if number < 2:
            both.wait()
            release.wait(60)

    lane = Lane()
    jobs = [lane.start(1, partial(write, number)) for number in range(4)]
    both.wait()
    assert sorted(begun) == [0, 1], "those after them wait for their turn"
    assert not lane.quiet(0.01)
    release.set()
    for job in jobs:
        job.wait(30.0)
    assert lane.quiet(30.0)
    assert sorted(begun[2:]) == [2, 3]
    lane.close()
