"""The rules about the hub itself as timelines: the silence before, the finding, the recovery."""

from collections.abc import Iterable

import pytest

from hub.fleet import Subject
from tests.hub.fleets import SITE, Timeline
from wire.messages import DeviceKind

MINUTE, HOUR = 60, 3600


@pytest.fixture
def line() -> Timeline:
    line = Timeline()
    line.engine.add_subject(Subject(SITE, "hub", DeviceKind.HUB, "gateway"))
    return line


def seconds(start: float, end: float) -> Iterable[float]:
    return [start + 15 * n for n in range(int((end - start) / 15))]


def store(line: Timeline, start: float, end: float, *, there: int = 1, fill: float = 0.0, oldest: float = 0.0) -> None:
    """The series store fares so for a while."""
    values = {"series_available": there, "buffer_fill_ratio": fill, "buffer_oldest_seconds": oldest}
    line.samples(seconds(start, end), "hub", **values)


def case(line: Timeline, rule: str) -> str:
    return str(line.engine.sites[SITE].devices["hub"].findings[rule].detail["case"])


def test_a_store_that_is_restarted_is_no_ticket(line: Timeline) -> None:
    store(line, 0, 5 * MINUTE)
    store(line, 5 * MINUTE, 9 * MINUTE, there=0, fill=0.01, oldest=240)
    store(line, 9 * MINUTE, 20 * MINUTE)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]


def test_a_store_that_stays_away_is_one_ticket_until_the_buffer_has_drained(line: Timeline) -> None:
    store(line, 0, 10 * MINUTE)
    store(line, 10 * MINUTE, 2 * HOUR, there=0, fill=0.1, oldest=1000)
    assert case(line, "hub_storage_lagging") == "away"
    store(line, 2 * HOUR, 2 * HOUR + 10 * MINUTE, fill=0.08, oldest=7_000)  # back, and draining
    store(line, 2 * HOUR + 10 * MINUTE, 2 * HOUR + 20 * MINUTE)
    assert line.log == [
        "600 hub hub_storage_lagging pending",
        "900 hub hub_storage_lagging opened",
        "7800 hub hub_storage_lagging clearing",
        "7920 hub hub_storage_lagging closed",
    ]


@pytest.mark.parametrize(
    ("fill", "oldest", "told"), [(0.5, 60, "filling"), (0.02, HOUR, "old"), (0.49, 59 * MINUTE, "")]
)
def test_a_store_too_slow_to_empty_its_buffer_is_told_by_fill_or_age(
    line: Timeline, fill: float, oldest: float, told: str
) -> None:
    store(line, 0, 10 * MINUTE, fill=fill, oldest=oldest)
    findings = line.engine.sites[SITE].devices["hub"].findings
    assert [str(finding.detail["case"]) for finding in findings.values()] == ([told] if told else [])


def test_messages_that_wait_long_for_their_commit(line: Timeline) -> None:
    def fares(start: float, end: float, wait: float, queue: float) -> None:
        line.samples(seconds(start, end), "hub", commit_wait_seconds=wait, queue_fill_ratio=queue)

    fares(0, 10 * MINUTE, 0.4, 0.01)
    fares(10 * MINUTE, 13 * MINUTE, 45, 1.0)  # the crowd after an outage
    fares(13 * MINUTE, 20 * MINUTE, 0.4, 0.01)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]
    line.log.clear()
    fares(20 * MINUTE, 30 * MINUTE, 31, 0.4)
    assert case(line, "hub_behind") == "slow"
    fares(30 * MINUTE, 40 * MINUTE, 20, 0.95)  # better, but not well
    fares(40 * MINUTE, 50 * MINUTE, 9, 0.2)
    assert line.log == [
        "1200 hub hub_behind pending",
        "1500 hub hub_behind opened",
        "2400 hub hub_behind clearing",
        "2520 hub hub_behind closed",
    ]


def test_a_queue_that_stays_full_though_commits_are_quick(line: Timeline) -> None:
    line.samples(seconds(0, 10 * MINUTE), "hub", commit_wait_seconds=2.0, queue_fill_ratio=0.97)
    assert case(line, "hub_behind") == "full"


def test_much_that_can_not_be_taken_for_a_quarter_of_an_hour(line: Timeline) -> None:
    line.samples(seconds(0, 10 * MINUTE), "hub", rejects_per_second=0.0)
    line.samples(seconds(10 * MINUTE, 20 * MINUTE), "hub", rejects_per_second=50.0)
    line.samples(seconds(20 * MINUTE, 30 * MINUTE), "hub", rejects_per_second=0.1)
    assert [entry.split()[-1] for entry in line.log] == ["pending", "dropped"]
    line.log.clear()
    line.samples(seconds(30 * MINUTE, 50 * MINUTE), "hub", rejects_per_second=3.0)
    line.samples(seconds(50 * MINUTE, 60 * MINUTE), "hub", rejects_per_second=0.0)
    assert line.log == [
        "1800 hub hub_rejecting pending",
        "2700 hub hub_rejecting opened",
        "3000 hub hub_rejecting clearing",
        "3300 hub hub_rejecting closed",
    ]


def test_values_refused_for_good_are_a_ticket_until_none_is_kept_aside(line: Timeline) -> None:
    for second, letters in ((0, 0), (15, 3), (30, 5), (45, 1), (60, 0)):
        line.sample(second, "hub", dead_letters=letters)
    assert line.log == ["15 hub hub_dead_letters opened", "60 hub hub_dead_letters closed"]


def test_when_no_further_series_can_be_learnt_that_is_a_ticket_until_there_is_room(line: Timeline) -> None:
    line.samples(seconds(0, HOUR), "hub", learned_fill_ratio=0.999)
    assert line.log == []
    line.samples(seconds(HOUR, 2 * HOUR), "hub", learned_fill_ratio=1.0)
    line.samples(seconds(2 * HOUR, 3 * HOUR), "hub", learned_fill_ratio=0.98)
    assert line.log == [
        "3600 hub hub_learning_full pending",
        "4500 hub hub_learning_full opened",
        "7200 hub hub_learning_full clearing",
        "8100 hub hub_learning_full closed",
    ]
