"""A hub that stands by knows beforehand what it would have to read when it takes over."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import foreknowledge
from hub.foreknowledge import (
    CALM_SECONDS,
    EVERY_SECONDS,
    ROUND_SECONDS,
    SOON_SECONDS,
    SUSPICION_SECONDS,
    WHOLE_SECONDS,
    Foreknowledge,
)
from hub.lateness import BEHIND_MS
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, SeriesUnavailable, Value
from hub.store.erasure import erase
from hub.store.lease import raise_epoch
from tests.hub.fleets import T0
from tests.hub.hubs import GATEWAY, Hub
from tests.waiting import wait_until
from wire.messages import Sample
from wire.topics import Address, Verb

QUAY = Address("quay", "gateway")
QUICK = {"agent_silent": {"enabled": False}}


class Passing(threading.Event):
    """Never set; time passes while it is waited for."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub

    def wait(self, timeout: float | None = None) -> bool:
        self.hub.now += round((timeout or 0.0) * 1000)
        return False


class Store(EmbeddedSeries):
    """Keeps how it was asked, and may be away."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[str] = []
        self.away = False
        self.meanwhile: Callable[[], object] = lambda: None

    def across(self, *which: Any, **how: Any) -> dict[tuple[str, str], list[Value]]:
        self._ask("from nothing")
        return super().across(*which, **how)

    def points(self, *which: Any, **how: Any) -> list[Point]:
        self._ask("on")
        return super().points(*which, **how)

    def take(self) -> list[str]:
        asked, self.asked = sorted(set(self.asked)), []
        return asked

    def _ask(self, how: str) -> None:
        if self.away:
            raise SeriesUnavailable("away")
        self.asked.append(how)
        self.meanwhile()


class Pair:
    """`first` works and hears, `second` stands by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores: list[Store] = []
        self.first, self.second = self._hub("first"), self._hub("second")
        for address in (GATEWAY, QUAY):
            self.first.announce(address=address)
        self.first.step()
        self.second.step()

    def _hub(self, name: str) -> Hub:
        (self.folder / name).mkdir()

        def store() -> Store:
            self.stores.append(Store(self.folder / "series.db"))
            return self.stores[-1]

        url = f"sqlite:///{self.folder / 'hub.db'}"
        return Hub(self.folder / name, url, store, rules=QUICK, name=name)

    @property
    def store(self) -> Store:
        """As the second sees it."""
        return self.stores[1]

    @property
    def ahead(self) -> Foreknowledge:
        assert self.second.foreknowledge is not None
        return self.second.foreknowledge

    def report(self, address: Address = GATEWAY, **values: float) -> None:
        self.first.now += 1000
        sample = Sample(device="cam-1", at=self.first.now, values=values)
        self.first.hear(Verb.REPORT, self.first.report(sample, address=address), address)
        self.first.step()
        self.second.now = self.first.now

    def step(self) -> float:
        self.second.now += 1000
        return self.ahead.step(Passing(self.second))

    def take_over(self) -> None:
        self.second.pass_time(10)
        assert self.second.lease.held

    def latest(self, address: Address = GATEWAY) -> dict[str, float]:
        latest = self.second.committer._ready.sites[address.site].devices["cam-1"].latest
        return {metric: value.value for metric, value in latest.items()}

    def known(self, address: Address = GATEWAY) -> dict[str, float]:
        found = self.ahead.known(nothing).get((address.site, "cam-1"))
        return {metric: value.value for metric, value in found.newest.items()} if found else {}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path)
    yield pair
    pair.first.close()
    pair.second.close()


def test_who_knew_reads_on_when_it_takes_over_and_forgets(pair: Pair) -> None:
    pair.report(reachable=1.0, response_seconds=0.5)
    pair.report(QUAY, reachable=1.0)
    assert pair.step() == EVERY_SECONDS
    assert pair.known() == {"reachable": 1.0, "response_seconds": 0.5}
    pair.report(reachable=0.0)
    pair.store.take()
    pair.take_over()
    assert pair.store.take() == ["on"]
    assert pair.latest() == {"reachable": 0.0, "response_seconds": 0.5}
    assert pair.latest(QUAY) == {"reachable": 1.0}
    assert pair.ahead.known(nothing) == {}


def test_who_knew_nothing_reads_all_of_it(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.take_over()
    assert pair.store.take() == ["from nothing"]
    assert pair.latest() == {"reachable": 1.0}


def test_round_after_round_it_reads_on_and_learns_of_who_is_new(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.step()
    assert pair.store.take() == ["from nothing"]
    pair.step()
    assert pair.store.take() == []
    pair.report(reachable=0.0)
    pair.step()
    assert pair.store.take() == ["on"]
    assert (pair.known(), pair.known(QUAY)) == ({"reachable": 0.0}, {})
    pair.report(QUAY, reachable=1.0)
    pair.step()
    assert pair.store.take() == ["from nothing"]
    assert (pair.known(), pair.known(QUAY)) == ({"reachable": 0.0}, {"reachable": 1.0})


def test_of_a_device_that_is_gone_nothing_is_kept(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.step()
    assert pair.known()
    pair.first.announce([])
    pair.first.step()
    pair.step()
    assert not pair.known()


@pytest.mark.parametrize(("seconds", "asked"), [(BEHIND_MS / 1000, ["from nothing", "on"]), (100.0, ["on"])])
def test_while_the_store_is_away_it_keeps_what_it_knew_and_after_long_it_reads_all_again(
    pair: Pair, caplog: pytest.LogCaptureFixture, seconds: float, asked: list[str]
) -> None:
    pair.report(reachable=1.0)
    pair.step()
    pair.report(reachable=0.0)
    pair.store.away = True
    thread, stop = started(pair)
    wait_until(lambda: "can't be read: away" in caplog.text, what="the complaint")
    stop.set()
    thread.join()
    assert pair.known() == {"reachable": 1.0}
    pair.store.away = False
    pair.store.take()
    pair.second.now += round(seconds * 1000)
    pair.step()
    assert pair.store.take() == asked
    assert pair.known() == {"reachable": 0.0}
    pair.step()
    assert pair.store.take() == []
    pair.second.now += round(SOON_SECONDS * 1000)
    pair.step()
    assert pair.store.take() == asked[:-1]  # what had waited has come by now


def test_what_came_long_after_its_time_is_read_once_no_more_of_it_comes(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.step()
    for hour in (3, 2):
        at = pair.first.now - hour * 3_600_000
        late = Sample(device="cam-1", at=at, values={"response_seconds": float(hour)})
        pair.report(reachable=1.0)
        pair.first.hear(Verb.REPORT, pair.first.report(late))
        pair.first.step()
        pair.store.take()
        pair.step()
        assert pair.store.take() == []
    pair.step()
    assert pair.store.take() == ["from nothing"]
    assert pair.known() == {"reachable": 1.0, "response_seconds": 2.0}


def test_a_site_that_was_forgotten_and_comes_back_is_known_anew(pair: Pair) -> None:
    pair.report(response_seconds=1.0)
    pair.step()
    with pair.first.database.begin() as connection:
        raise_epoch(connection)
        erase(connection, GATEWAY.site)
    pair.stores[0].erase(GATEWAY.site)
    pair.first.step()
    pair.report(QUAY, reachable=1.0)
    pair.first.announce()
    pair.report(reachable=1.0)
    pair.step()
    assert pair.known() == {}
    pair.step()
    assert pair.known() == {"reachable": 1.0}


def test_with_the_store_away_it_takes_over_with_what_it_knew(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.step()
    pair.report(reachable=0.0)
    pair.store.away = True
    pair.take_over()
    assert pair.latest() == {"reachable": 1.0}


def test_every_few_hours_all_is_read_again(pair: Pair) -> None:
    pair.report(reachable=1.0)
    pair.step()
    pair.second.now += round(WHOLE_SECONDS * 1000)
    pair.store.take()
    pair.step()
    assert pair.store.take() == ["from nothing"]
    pair.step()
    assert pair.store.take() == []


def test_a_part_of_the_fleet_at_a_time_and_what_is_known_is_read_on_before_the_rest(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreknowledge, "PART_DEVICES", 1)
    pair.report(reachable=1.0)
    pair.report(QUAY, reachable=1.0)

    def slow() -> None:
        pair.second.now += round(ROUND_SECONDS * 1000)
        pair.store.meanwhile = nothing

    pair.store.meanwhile = slow
    assert pair.step() == 0.0
    assert sorted((bool(pair.known()), bool(pair.known(QUAY)))) == [False, True]
    pair.step()
    assert (bool(pair.known()), bool(pair.known(QUAY))) == (True, True)


def test_who_has_to_work_in_the_middle_of_it_reads_no_further(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreknowledge, "PART_DEVICES", 1)
    pair.report(reachable=1.0)
    pair.report(QUAY, reachable=1.0)
    pair.store.meanwhile = lambda: release(pair)
    assert pair.step() == 0.0
    assert pair.ahead.known(nothing) == {}
    pair.second.step()
    assert (pair.latest(), pair.latest(QUAY)) == ({"reachable": 1.0}, {"reachable": 1.0})
    assert pair.ahead.known(nothing) == {}


def test_a_holder_whose_commits_take_long_is_suspected_now_and_then_and_all_becomes_known(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreknowledge, "PART_DEVICES", 1)
    monkeypatch.setattr(pair.ahead, "_quiet", lambda: SUSPICION_SECONDS)
    pair.report(reachable=1.0)
    pair.report(QUAY, reachable=1.0)

    def slow() -> None:
        pair.second.now += 4000

    pair.store.meanwhile = slow
    while not (pair.known() and pair.known(QUAY)):
        assert pair.second.now < T0 + 3_600_000
        pair.step()
    pair.store.meanwhile = nothing
    pair.step()
    pair.second.now += round(CALM_SECONDS * 1000) - 1000
    assert not pair.ahead._urgent()
    pair.second.now += 1000
    assert pair.ahead._urgent()


def test_who_is_stopped_in_the_middle_of_it_reads_no_further(pair: Pair) -> None:
    pair.report(reachable=1.0)
    stop = threading.Event()
    pair.store.meanwhile = stop.set
    pair.ahead.run(stop)
    assert pair.store.asked == ["from nothing"]
    assert not pair.known()


def test_whoever_takes_over_waits_for_what_is_being_read_and_looks_alive(pair: Pair) -> None:
    pair.report(reachable=1.0)
    waited = threading.Event()
    pair.store.meanwhile = lambda: waited.wait(20)
    thread, stop = started(pair)
    wait_until(lambda: bool(pair.store.asked), what="a question")
    assert pair.ahead.known(waited.set)[GATEWAY.site, "cam-1"].newest == {"reachable": Value(T0 + 1000, 1.0)}
    stop.set()
    thread.join()


def test_without_a_sign_of_life_from_the_holder_it_reads_on_at_once(pair: Pair) -> None:
    pair.report(reachable=1.0)
    thread, stop = started(pair)
    wait_until(lambda: pair.known() == {"reachable": 1.0}, what="the first round")
    pair.report(reachable=0.0)  # and now the first hub is killed
    pair.second.lease.step()
    while pair.second.lease.quiet < SUSPICION_SECONDS:
        assert pair.known() == {"reachable": 1.0}
        pair.second.now += 500
        pair.second.lease.step()
    wait_until(lambda: pair.known() == {"reachable": 0.0}, what="what was committed last")
    stop.set()
    thread.join()
    pair.store.take()
    pair.take_over()
    assert pair.store.take() == []
    assert pair.latest() == {"reachable": 0.0}


def nothing() -> None:
    """While somebody waits."""


def started(pair: Pair) -> tuple[threading.Thread, threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=pair.ahead.run, args=(stop,), daemon=True)
    thread.start()
    return thread, stop


def release(pair: Pair) -> None:
    """The first hub is stopped, and the second takes the lease."""
    pair.first.lease.release()
    if not pair.second.lease.held:
        pair.second.lease.step()
