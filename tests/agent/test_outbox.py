"""What is sent when: the window, live before backlog, resending, the measured round trip."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from agent.outbox import LIVE_SECONDS, LONGEST_WAIT, SHORTEST_WAIT, Outbox, RoundTrip
from agent.spool import Spool
from tests.agent.drafts import draft


class Still(random.Random):
    """No jitter."""

    def uniform(self, a: float, b: float) -> float:
        return 1.0


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db", 1 << 26)


def names(outbox: Outbox, now: float) -> list[str]:
    return [kept.id for kept in outbox.due(now)]


def test_live_reports_go_before_the_backlog_which_goes_oldest_first(spool: Spool) -> None:
    old = spool.put_many([draft(first=n) for n in range(100)])
    outbox = Outbox(spool, jitter=Still())
    live = spool.put_many([draft(first=n) for n in range(2)])
    assert names(outbox, 100.0) == live + old[:46]


def test_a_backlog_leaves_a_quarter_of_the_window_to_live_reports(spool: Spool) -> None:
    spool.put_many([draft(first=n) for n in range(100)])
    outbox = Outbox(spool, jitter=Still())
    assert len(names(outbox, 0.0)) == 48
    live = spool.put_many([draft(first=n) for n in range(30)])
    assert names(outbox, 0.5) == live[:16]


def test_the_window_is_bounded_in_bytes(spool: Spool) -> None:
    spool.put_many([draft(1000, first=n) for n in range(10)])
    size = len(spool.take(0, 1, 1, 1 << 30)[0].body)
    outbox = Outbox(spool, max_bytes=4 * size + 4 * 100, jitter=Still())
    assert len(names(outbox, 0.0)) == 3


def test_a_report_stops_being_live_after_a_while(spool: Spool) -> None:
    outbox = Outbox(spool, reports=4, jitter=Still())
    first = spool.put_many([draft(first=n) for n in range(10)])
    assert names(outbox, 0.0) == first[:4]
    for second in range(1, int(LIVE_SECONDS) + 5):
        outbox.acknowledged([], float(second))
        outbox.due(float(second))
    newer = spool.put(draft(first=99))
    outbox.acknowledged(first[:4], 100.0)
    assert names(outbox, 100.0) == newer + first[4:6]


def test_what_is_not_answered_is_sent_again_later_and_later(spool: Spool) -> None:
    (name,) = spool.put(draft())
    outbox = Outbox(spool, jitter=Still())
    sendings = []
    now = 0.0
    for _ in range(12):
        assert names(outbox, now) == [name]
        sendings.append(now)
        assert names(outbox, now + outbox.wait(now) - 0.01) == []
        now += outbox.wait(now)
    gaps = [b - a for a, b in pairwise(sendings)]
    assert gaps[:4] == [2.0, 4.0, 8.0, 16.0]
    assert gaps[-1] == LONGEST_WAIT


def test_nothing_in_flight_means_nothing_to_wait_for(spool: Spool) -> None:
    assert Outbox(spool).wait(5.0) == float("inf")


def test_after_a_new_connection_all_in_flight_is_due_at_once(spool: Spool) -> None:
    sent = spool.put_many([draft(first=n) for n in range(3)])
    outbox = Outbox(spool, jitter=Still())
    assert names(outbox, 0.0) == sent
    outbox.reconnected()
    assert names(outbox, 0.1) == sent


def test_when_the_hub_is_back_what_waited_long_is_due_at_once(spool: Spool) -> None:
    sent = spool.put_many([draft(first=n) for n in range(3)])
    outbox = Outbox(spool, jitter=Still())
    now = 0.0
    for _ in range(8):
        outbox.due(now)
        now += outbox.wait(now)
    outbox.due(now)
    assert outbox.wait(now) > 200
    (new,) = spool.put(draft(first=9))
    assert names(outbox, now + 10) == [new]
    assert outbox.acknowledged([new], now + 11) == 1
    assert names(outbox, now + 11) == sent


def test_a_refused_report_leaves_the_window(spool: Spool) -> None:
    (name,) = spool.put(draft())
    outbox = Outbox(spool, jitter=Still())
    outbox.due(0.0)
    assert outbox.refused(name, "poison", 1.0, 1)
    assert not outbox.refused(name, "poison", 1.0, 1)
    assert names(outbox, 1000.0) == []
    assert spool.stats().refused == 1


def test_the_wait_follows_the_hubs_round_trip_within_bounds() -> None:
    trip = RoundTrip()
    for _ in range(50):
        trip.measured(0.01)
    assert trip.wait == SHORTEST_WAIT
    for _ in range(50):
        trip.measured(10.0)
    assert 10.0 < trip.wait < 30.0
    for _ in range(50):
        trip.measured(10_000.0)
    assert trip.wait == LONGEST_WAIT


def test_a_hub_that_is_only_slow_is_measured_after_a_few_misses(spool: Spool) -> None:
    """Answers take 10 s: resending every 2 s would never let a first sending be answered."""
    outbox = Outbox(spool, jitter=Still())
    answers: list[tuple[float, str]] = []
    sent: dict[str, int] = {}
    now = 0.0
    while now < 400:
        if now % 5 == 0:
            spool.put(draft(first=int(now)))
        for name in names(outbox, now):
            sent[name] = sent.get(name, 0) + 1
            answers.append((now + 10, name))
        for moment, name in answers:
            if moment == now:
                outbox.acknowledged([name], now)
        now += 1
    assert list(sent.values())[-20:-3] == [1] * 17
