"""Windows are read for a whole fleet at once, and are what they were before the start."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.fleet import AgentState, Site, Subject
from hub.lookback import TURN_SECONDS, UNKNOWN, VALUES_AT_ONCE, WAITING, Lookback, Past, read_windows
from hub.recollection import owed
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Pick, Point, SeriesUnavailable, Spans, Value
from hub.window import Window
from tests.waiting import wait_until
from wire.messages import DeviceKind

T0 = 1_790_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
COARSE = Window("recording_retention_days", 4 * HOUR, HOUR)
FINE = Window("picture_infrared", 40 * MINUTE, 0)


class Counted(EmbeddedSeries):
    """A store that keeps what it was asked: which sites, and how many spans."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[Collection[str] | None, int]] = []

    def across(
        self, kind: str, metric: str, spans: Spans, *, sites: Collection[str] | None = None, pick: Pick = "every"
    ) -> dict[tuple[str, str], list[Value]]:
        self.asked.append((sites, len(spans)))
        return super().across(kind, metric, spans, sites=sites, pick=pick)


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Counted]:
    series = Counted(tmp_path / "series.db")
    yield series
    series.close()


def site(name: str, mark: int, cameras: int = 1, windows: tuple[Window, ...] = (COARSE, FINE)) -> Site:
    place = Site()
    place.agents["gateway"] = AgentState(name, "gateway", heard=mark, mark=mark)
    for number in range(cameras):
        camera = Subject(name, f"cam-{number}", DeviceKind.CAMERA, "gateway")
        camera.windows = dict.fromkeys(windows, ())
        place.devices[camera.device] = camera
    return place


def told(name: str, since: int, until: int, every: int, camera: int = 0, **first: float) -> list[Point]:
    """Values that count up from the first one."""
    return [
        Point(
            "camera", name, "gateway", f"cam-{camera}", at, {metric: value + index for metric, value in first.items()}
        )
        for index, at in enumerate(range(since, until, every))
    ]


def fill(places: Mapping[str, Site], series: EmbeddedSeries) -> None:
    for (name, device), windows in read_windows(owed(places), series).items():
        places[name].devices[device].windows = windows


def test_each_device_is_looked_back_on_from_what_rules_have_seen_of_it(series: Counted) -> None:
    live, silent = T0 + 20 * MINUTE, T0 - 30 * HOUR
    places = {"depot": site("depot", live), "quay": site("quay", silent)}
    for name in places:
        series.write(told(name, T0 - 48 * HOUR, live + HOUR, 10 * MINUTE, recording_retention_days=0))
    fill(places, series)
    for name, mark in (("depot", live), ("quay", silent)):
        past = places[name].devices["cam-0"].windows[COARSE]
        begun = [at for at in range(T0 - 48 * HOUR, mark + 1, 10 * MINUTE) if mark - 4 * HOUR < at <= mark]
        firsts = [at for at in begun if (at - 10 * MINUTE) // HOUR != at // HOUR]
        assert [value.at for value in past] == firsts
        assert len(past) == 4
        assert all(value.value == (value.at - T0 + 48 * HOUR) / (10 * MINUTE) for value in past)


def test_a_window_of_every_value_has_every_value_once(series: Counted) -> None:
    places = {"depot": site("depot", T0)}
    series.write(told("depot", T0 - 2 * HOUR, T0 + HOUR, MINUTE, picture_infrared=0))
    fill(places, series)
    past = places["depot"].devices["cam-0"].windows[FINE]
    assert [value.at for value in past] == list(range(T0 - 39 * MINUTE, T0 + 1, MINUTE))


def test_a_value_that_no_rule_has_seen_is_left_out_though_it_is_the_first_of_its_slice(series: Counted) -> None:
    hour = T0 // HOUR * HOUR
    places = {"depot": site("depot", hour - MINUTE)}
    series.write(told("depot", hour - MINUTE, hour + HOUR, 2 * MINUTE, recording_retention_days=5))
    fill(places, series)
    assert places["depot"].devices["cam-0"].windows[COARSE] == (Value(hour - MINUTE, 5.0),)


def test_a_device_that_is_new_to_the_hub_or_of_another_kind_has_none(series: Counted) -> None:
    place = site("depot", T0, cameras=3)
    place.devices["cam-1"].agent = "nobody"
    place.devices["cam-2"].kind = DeviceKind.CHANNEL
    for camera in range(4):
        series.write(told("depot", T0 - HOUR, T0, 10 * MINUTE, camera, recording_retention_days=0))
    series.write(told("gone", T0 - HOUR, T0, 10 * MINUTE, recording_retention_days=0))
    fill({"depot": place}, series)
    assert [len(place.devices[f"cam-{number}"].windows[COARSE]) for number in range(3)] == [2, 0, 0]


def test_an_agent_that_never_reported_is_not_asked_about(series: Counted) -> None:
    fill({"depot": site("depot", 0)}, series)
    assert series.asked == []


def test_questions_do_not_grow_with_the_fleet(series: Counted) -> None:
    few = {f"s{number}": site(f"s{number}", T0, windows=(COARSE,)) for number in range(2)}
    fill(few, series)
    assert series.asked == [(["s0", "s1"], 5)], "five hours begin or end within four"
    series.asked.clear()
    cameras = VALUES_AT_ONCE // 8
    many = {f"s{number}": site(f"s{number}", T0, cameras, (COARSE,)) for number in range(2)}
    fill(many, series)
    assert series.asked == [(["s0", "s1"], 4), (["s0", "s1"], 1)], "answers are bounded: four slices of all cameras"


def test_who_was_silent_for_long_is_asked_about_alone(series: Counted) -> None:
    places = {f"s{number}": site(f"s{number}", T0, windows=(COARSE,)) for number in range(3)}
    places["s0"].agents["gateway"].mark = T0 - 48 * HOUR
    fill(places, series)
    assert series.asked == [(["s0"], 5), (["s1", "s2"], 5)]


class Moody(Counted):
    """A store that can be unplugged."""

    away = True

    def across(
        self, kind: str, metric: str, spans: Spans, *, sites: Collection[str] | None = None, pick: Pick = "every"
    ) -> dict[tuple[str, str], list[Value]]:
        if self.away:
            self.asked.append((sites, len(spans)))
            raise SeriesUnavailable("unplugged")
        return super().across(kind, metric, spans, sites=sites, pick=pick)


class Turns(threading.Event):
    """Counts how often somebody waited for a turn."""

    turns = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.turns += timeout == TURN_SECONDS
        return super().wait(timeout)


@contextmanager
def working(lookback: Lookback) -> Iterator[Turns]:
    stop = Turns()
    thread = threading.Thread(target=lookback.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)


def taken(lookback: Lookback) -> Mapping[tuple[str, str], Past]:
    found: dict[tuple[str, str], Past] = {}

    def look() -> bool:
        found.update(lookback.take())
        return bool(found)

    wait_until(look, what="something is found")
    return found


def test_a_store_that_is_away_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    series = Moody(tmp_path / "series.db")
    series.write(told("depot", T0 - 2 * HOUR, T0, 10 * MINUTE, recording_retention_days=0))
    lookback = Lookback(series, lambda: T0, pause=0.01)
    assert lookback.done
    with working(lookback):
        lookback.ask(owed({"depot": site("depot", T0)}))
        wait_until(lambda: len(series.asked) > 2, what="it is asked again and again")
        assert lookback.take() == {}
        assert not lookback.done
        series.away = False
        assert len(taken(lookback)["depot", "cam-0"].windows[COARSE]) == 3
        wait_until(lambda: lookback.done, what="all is read and taken")
    series.close()


def test_of_a_store_that_stays_away_rules_are_told_that_nothing_is_known(tmp_path: Path) -> None:
    series = Moody(tmp_path / "series.db")
    lookback = Lookback(series, lambda: T0, patience=0.0)
    with working(lookback):
        lookback.ask(owed({"depot": site("depot", T0)}))
        assert taken(lookback) == {("depot", "cam-0"): UNKNOWN}
    series.close()


def test_a_defect_leaves_nobody_waiting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Counted):
        def across(self, *_: object, **__: object) -> dict[tuple[str, str], list[Value]]:
            raise ZeroDivisionError

    series = Broken(tmp_path / "series.db")
    lookback = Lookback(series, lambda: T0)
    with working(lookback):
        lookback.ask(owed({"depot": site("depot", T0)}))
        assert taken(lookback) == {("depot", "cam-0"): UNKNOWN}
    assert "can't be read" in caplog.text
    series.close()


def test_what_was_asked_for_before_the_engine_was_rebuilt_is_forgotten(series: Counted) -> None:
    lookback = Lookback(series, lambda: T0)
    with working(lookback):
        lookback.ask(owed({"depot": site("depot", T0)}))
        wait_until(lambda: len(series.asked) >= 2, what="it is read")
        lookback.ask(owed({"quay": site("quay", T0)}))
        assert list(taken(lookback)) == [("quay", "cam-0")]


def test_a_site_is_read_as_a_whole(series: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.lookback.DEVICES_AT_ONCE", 3)
    lookback, parts = Lookback(series, lambda: T0), []

    def look() -> bool:
        if found := lookback.take():
            parts.append(sorted({site for site, _ in found}))
        return sum(map(len, parts)) == 3

    with working(lookback):
        lookback.ask(owed({f"s{number}": site(f"s{number}", T0, cameras=2) for number in range(3)}))
        wait_until(look, what="all is read")
    assert parts in ([["s0", "s1"], ["s2"]], [["s0", "s1", "s2"]])


def test_a_store_that_stays_away_is_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.lookback.DEVICES_AT_ONCE", 1)
    series = Moody(tmp_path / "series.db")
    lookback, found = Lookback(series, lambda: T0, patience=0.2, pause=0.05), dict[tuple[str, str], Past]()

    def look() -> bool:
        found.update(lookback.take())
        return len(found) == 3

    with working(lookback):
        lookback.ask(owed({f"s{number}": site(f"s{number}", T0) for number in range(3)}))
        wait_until(look, what="all are told")
    assert all(past == UNKNOWN for past in found.values())
    series.close()


def test_what_nobody_takes_is_not_piled_up(series: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.lookback.DEVICES_AT_ONCE", 1)
    places = {f"s{number}": site(f"s{number}", T0, windows=(COARSE,)) for number in range(WAITING + 2)}
    lookback, found = Lookback(series, lambda: T0), dict[tuple[str, str], Past]()

    def look() -> bool:
        found.update(lookback.take())
        return len(found) == len(places)

    with working(lookback) as stop:
        lookback.ask(owed(places))
        wait_until(lambda: stop.turns >= 2, what="it waits for the hub")
        assert len(series.asked) == WAITING
        wait_until(look, what="the rest is read when that is taken")
