"""Windows are read for a whole fleet at once, and are what they were before the start."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from hub.fleet import AgentState, Site, Subject
from hub.lookback import VALUES_AT_ONCE, read_windows
from hub.recollection import owed
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Pick, Point, Spans, Value
from hub.window import Window
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
