"""Two committers on one database and one series store: what either takes in is stored once, whoever is stopped when."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.series.embedded import EmbeddedSeries
from hub.series.store import Across, Point
from hub.store import lease, schema
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.messages import Event, Report, Sample
from wire.topics import Verb

QUICK = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}, "agent_silent": {"silent_seconds": 20}}


class Interrupted(EmbeddedSeries):
    """Between the series and SQL, something happens once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.meanwhile: list[Callable[[], object]] = []
        self.asked = 0

    def across(self, *which: Any, **how: Any) -> Across:
        self.asked += 1
        return super().across(*which, **how)

    def write(self, points: Sequence[Point]) -> None:
        super().write(points)
        while self.meanwhile:
            self.meanwhile.pop()()


@dataclass
class Pair:
    """`first` works, `second` stands by."""

    folder: Path
    url: str
    stores: list[Interrupted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first, self.second = self._hub("first"), self._hub("second")
        self.first.announce()
        self.first.step()
        self.second.step()
        assert self.first.lease.held
        assert not self.second.lease.held

    def _hub(self, name: str) -> Hub:
        folder = self.folder / name
        folder.mkdir()

        def store() -> Interrupted:
            self.stores.append(Interrupted(self.folder / "series.db"))
            return self.stores[-1]

        return Hub(folder, self.url, store, rules=QUICK, name=name)

    def let_second_take_over(self) -> None:
        self.second.pass_time(10)
        assert self.second.lease.held

    def values(self) -> list[float]:
        found = self.second.series.window(SITE, "camera", "cam-1", "reachable", T0 - 1, T0 + 3_600_000)
        return [value.value for value in found]

    def events(self) -> int:
        return len(self.second.rows(schema.event))


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_tables_url") if on_postgresql else f"sqlite:///{tmp_path / 'hub.db'}"
    made = Pair(tmp_path, str(url))
    yield made
    made.first.close()
    made.second.close()


def fault(hub: Hub, second: float = 1) -> Report:
    """A camera is down, and a door was opened."""
    at = T0 + round(second * 1000)
    event = Event(device="door-1", at=at, type="door.opened", data={})
    return hub.report(Sample(device="cam-1", at=at, values={"reachable": 0}), events=[event])


def test_a_standby_takes_nothing_in_and_says_nothing(pair: Pair) -> None:
    report = fault(pair.second)
    pair.second.hear(Verb.REPORT, report)
    pair.second.pass_time(3)
    assert pair.second.mail.sent == []
    assert (pair.values(), pair.events()) == ([], 0)
    assert pair.second.intake.depth == 0


def test_the_lease_lost_in_the_middle_of_a_batch_acknowledges_nothing_and_the_other_commits_it_once(pair: Pair) -> None:
    first, second = pair.first, pair.second
    report = fault(first)
    first.hear(Verb.REPORT, report)
    pair.stores[0].meanwhile.append(pair.let_second_take_over)
    assert not first.step()
    assert first.mail.committed() == []
    assert not first.lease.held
    assert pair.events() == 0
    second.hear(Verb.REPORT, report)
    second.step()
    assert second.mail.committed() == [report.id]
    assert (pair.values(), pair.events()) == ([0], 1)
    assert second.tickets() == [("cam-1", "camera_unreachable", "open")]


def test_a_holder_that_wakes_up_drops_what_it_has_and_what_comes(pair: Pair) -> None:
    first, second = pair.first, pair.second
    first.hear(Verb.REPORT, fault(first))
    pair.let_second_take_over()
    first.now += 10_000
    assert not first.committer.step(wait=0)  # as if its lease's thread had not had its turn yet
    first.hear(Verb.REPORT, fault(first, second=2))
    first.step()
    assert first.mail.committed() == []
    assert (pair.values(), pair.events()) == ([], 0)
    assert first.lease.standing.holder == "second"
    second.step()
    assert second.lease.held


def test_a_ticket_goes_on_with_the_other_hub(pair: Pair) -> None:
    pair.first.hear(Verb.REPORT, fault(pair.first))
    pair.first.step()
    pair.let_second_take_over()
    second = pair.second
    second.hear(Verb.REPORT, fault(second, second=11))
    second.step()
    assert second.tickets() == [("cam-1", "camera_unreachable", "open")]
    second.hear(Verb.REPORT, second.report(Sample(device="cam-1", at=T0 + 12_000, values={"reachable": 1})))
    second.step()
    assert second.tickets() == [("cam-1", "camera_unreachable", "resolved")]


def test_nobody_is_blamed_for_the_time_between_the_two(pair: Pair) -> None:
    pair.first.pass_time(15)
    pair.second.now = pair.first.now
    died = pair.first.now
    pair.let_second_take_over()
    intervals = [(row.start, row.end, row.reason) for row in pair.second.rows(schema.blindness)]
    assert [reason for _, _, reason in intervals if reason == "hub"]
    start, end, _ = next(one for one in intervals if one[2] == "hub")
    assert start <= died
    assert end is not None
    assert end >= died + 8_000
    assert pair.second.tickets() == []
    pair.second.pass_time(20)
    assert pair.second.tickets() == [("gateway", "agent_silent", "open")]


def test_a_commit_that_another_process_has_overtaken_is_dropped_and_comes_again(pair: Pair) -> None:
    first = pair.first
    first.hear(Verb.REPORT, fault(first))
    first.step()
    assert first.tickets() == [("cam-1", "camera_unreachable", "open")]

    def forget() -> None:
        """As `watchkeeper-hub forget` does it: what the engine has in mind is gone from SQL."""
        with first.database.begin() as connection:
            lease.raise_epoch(connection)
            for table in (schema.timeline, schema.ticket, schema.finding):
                connection.execute(sa.delete(table))

    pair.stores[0].meanwhile.append(forget)
    pair.stores[0].asked = 0
    report = fault(first, second=2)
    first.hear(Verb.REPORT, report)
    first.step()
    assert report.id not in first.mail.committed()
    assert first.tickets() == []
    first.hear(Verb.REPORT, report)
    assert first.step()
    assert report.id in first.mail.committed()
    assert first.tickets() == [("cam-1", "camera_unreachable", "open")]
    assert pair.events() == 2
    assert not pair.second.lease.held
    assert pair.stores[0].asked == 0  # devices' values are kept: to read them takes minutes of a large fleet
