"""One suite for every series store: SQLite, InfluxDB by its 1.x API, InfluxDB by the v2 API (both read by InfluxQL)."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.series.connection import InfluxTarget
from hub.series.embedded import EmbeddedSeries
from hub.series.influx import InfluxSeries
from hub.series.store import Bucket, Holding, Point, SeriesRefused, SeriesStore, Summary, Value
from tests.servers.influxdb import InfluxDB
from tests.servers.nginx import Nginx

T = 1_767_225_600_000  # 2026-01-01
MINUTE = 60_000


def point(at: int, device: str = "cam-1", kind: str = "camera", site: str = "depot", **values: float) -> Point:
    return Point(kind, site, "gate-1", device, at, values)


@pytest.fixture(params=["embedded", "influx-v1", "influx-v2"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SeriesStore]:
    opened: SeriesStore
    if request.param == "embedded":
        opened = EmbeddedSeries(tmp_path / "series.db")
    elif request.param == "influx-v1":
        server: InfluxDB = request.getfixturevalue("influxdb")
        opened = InfluxSeries(InfluxTarget(server.url, server.database, api="v1"))
    else:
        proxy: Nginx = request.getfixturevalue("influx_v2")
        opened = InfluxSeries(InfluxTarget(proxy.url, "watchkeeper", api="v2", gzip=True))
    yield opened
    opened.close()


def window(store: SeriesStore, metric: str, device: str = "cam-1", since: int = 0, until: int = T * 2) -> list[Value]:
    return store.window("depot", "camera", device, metric, since, until)


def test_what_is_written_is_read_back_exactly(store: SeriesStore) -> None:
    numbers = [0.0, 1.0, -1.5, 0.1 + 0.2, 1e-308, 1.7976931348623157e308, 5e-324, 123456789012345678.0]
    store.write([point(T + index, response_seconds=number) for index, number in enumerate(numbers)])
    assert window(store, "response_seconds") == [Value(T + index, number) for index, number in enumerate(numbers)]


def test_writing_again_changes_nothing(store: SeriesStore) -> None:
    batch = [point(T + index * MINUTE, reachable=1.0, response_seconds=index / 7) for index in range(50)]
    store.write(batch)
    once = window(store, "response_seconds")
    store.write(batch[::-1])
    store.write(batch)
    assert window(store, "response_seconds") == once
    assert len(once) == 50


def test_fields_of_points_at_equal_time_merge(store: SeriesStore) -> None:
    store.write([point(T, reachable=1.0)])
    store.write([point(T, response_seconds=0.5), point(T, authenticated=0.0)])
    assert store.latest("depot", "camera", T, T - 1) == {
        "cam-1": {"reachable": Value(T, 1.0), "response_seconds": Value(T, 0.5), "authenticated": Value(T, 0.0)}
    }


def test_the_later_write_wins(store: SeriesStore) -> None:
    store.write([point(T, reachable=1.0, response_seconds=0.1)])
    store.write([point(T, reachable=0.0)])
    assert window(store, "reachable") == [Value(T, 0.0)]
    assert window(store, "response_seconds") == [Value(T, 0.1)]


def test_the_later_point_of_a_batch_wins(store: SeriesStore) -> None:
    store.write([point(T, reachable=1.0, authenticated=1.0), point(T, reachable=0.0), point(T, authenticated=0.0)])
    assert window(store, "reachable") == [Value(T, 0.0)]
    assert window(store, "authenticated") == [Value(T, 0.0)]


def test_latest_has_the_newest_of_each_metric_with_its_own_time(store: SeriesStore) -> None:
    store.write(
        [
            point(T, reachable=1.0, response_seconds=0.1),
            point(T + MINUTE, reachable=0.0),
            point(T + 2 * MINUTE, device="cam-2", reachable=1.0),
            point(T, site="other", reachable=1.0),
            point(T, device="door-1", kind="door", door_open=1.0),
        ]
    )
    assert store.latest("depot", "camera", T + 9 * MINUTE, 0) == {
        "cam-1": {"reachable": Value(T + MINUTE, 0.0), "response_seconds": Value(T, 0.1)},
        "cam-2": {"reachable": Value(T + 2 * MINUTE, 1.0)},
    }
    assert store.latest("depot", "camera", T + MINUTE, T) == {"cam-1": {"reachable": Value(T + MINUTE, 0.0)}}


def test_across_has_the_values_of_every_device_of_a_kind(store: SeriesStore) -> None:
    store.write([point(T + index * MINUTE, reachable=float(index)) for index in range(6)])
    store.write([point(T + 2 * MINUTE, site="other", reachable=7.0), point(T, device="cam-2", response_seconds=0.1)])
    store.write([point(T, device="door-1", kind="door", reachable=1.0)])
    early, late = (T - 1, T + MINUTE), (T + 2 * MINUTE, T + 4 * MINUTE)
    assert store.across("camera", "reachable", [early, late]) == {
        ("depot", "cam-1"): [Value(T + index * MINUTE, index) for index in (0, 1, 3, 4)]
    }
    everywhere = (T + MINUTE, T + 9 * MINUTE)
    assert store.across("camera", "reachable", [early, everywhere], pick="first") == {
        ("depot", "cam-1"): [Value(T, 0.0), Value(T + 2 * MINUTE, 2.0)],
        ("other", "cam-1"): [Value(T + 2 * MINUTE, 7.0)],
    }
    assert store.across("camera", "reachable", [early, everywhere], pick="last") == {
        ("depot", "cam-1"): [Value(T + MINUTE, 1.0), Value(T + 5 * MINUTE, 5.0)],
        ("other", "cam-1"): [Value(T + 2 * MINUTE, 7.0)],
    }
    assert store.metrics("camera") == ["reachable", "response_seconds"]
    assert store.metrics("ups") == []
    assert list(store.across("camera", "reachable", [everywhere], sites=["other", "nowhere"])) == [("other", "cam-1")]
    assert store.across("camera", "reachable", [everywhere], sites=[]) == {}
    assert store.across("camera", "reachable", []) == {}


def test_since_is_left_out_and_until_is_taken_in(store: SeriesStore) -> None:
    store.write([point(T + index, reachable=float(index)) for index in range(5)])
    assert window(store, "reachable", since=T + 1, until=T + 3) == [Value(T + 2, 2.0), Value(T + 3, 3.0)]
    assert store.latest("depot", "camera", until=T + 3, since=T + 2)["cam-1"]["reachable"] == Value(T + 3, 3.0)
    assert store.latest("depot", "camera", until=T + 3, since=T + 3) == {}
    assert store.chart("depot", "camera", "cam-1", "reachable", T + 1, T + 3, 1000) == [Bucket(T, 2.5, 2.0, 3.0, 2)]


def test_bounds_beyond_all_time_are_no_error(store: SeriesStore) -> None:
    store.write([point(T, reachable=1.0)])
    assert window(store, "reachable", since=-(10**20), until=10**20) == [Value(T, 1.0)]
    assert window(store, "reachable", since=T, until=T - 1) == []
    assert store.latest("depot", "camera", 10**20, -(10**20)) == {"cam-1": {"reachable": Value(T, 1.0)}}


def test_a_chart_has_mean_low_and_high_of_every_step_that_has_values(store: SeriesStore) -> None:
    values = {0: 1.0, 10: 2.0, 59: 6.0, 60: 5.0, 200: -1.0}
    store.write([point(T + second * 1000, response_seconds=value) for second, value in values.items()])
    buckets = store.chart("depot", "camera", "cam-1", "response_seconds", T - 1, T + 3_600_000, MINUTE)
    assert buckets == [
        Bucket(T, 3.0, 1.0, 6.0, 3),
        Bucket(T + MINUTE, 5.0, 5.0, 5.0),
        Bucket(T + 3 * MINUTE, -1.0, -1.0, -1.0),
    ]


def test_steps_are_aligned_to_the_epoch_whatever_the_bounds(store: SeriesStore) -> None:
    store.write([point(at, response_seconds=1.0) for at in (-7 * 1000 - 1, -7 * 1000, -1, 0, 6999, 7000, T + 3)])
    step = 7000
    buckets = store.chart("depot", "camera", "cam-1", "response_seconds", -100_000, T + 5, step)
    assert [bucket.at for bucket in buckets] == [-14_000, -7000, 0, 7000, (T + 3) // step * step]


def test_a_summary_has_every_metric_of_every_device_that_has_values(store: SeriesStore) -> None:
    store.write(
        [
            point(T, reachable=1.0, response_seconds=9.0),  # not after `since`
            point(T + 1, reachable=1.0),
            point(T + 2, reachable=0.0, response_seconds=0.5),
            point(T + MINUTE, reachable=1.0, response_seconds=1.5),
            point(T + MINUTE + 1, reachable=0.0),  # after `until`
            point(T + 5, device="cam-2", reachable=1.0),
            point(T + 5, device="cam-3", site="other", reachable=0.0),
            point(T + 5, device="cam-4", site="elsewhere", reachable=0.0),
            point(T + 5, device="door-1", kind="door", door_open=1.0),
            point(T - 5, device="cam-5", reachable=1.0),
        ]
    )
    first = Summary(
        "depot",
        "gate-1",
        "cam-1",
        {"reachable": Bucket(T + 1, 2 / 3, 0.0, 1.0, 3), "response_seconds": Bucket(T + 1, 1.0, 0.5, 1.5, 2)},
    )
    second = Summary("depot", "gate-1", "cam-2", {"reachable": Bucket(T + 1, 1.0, 1.0, 1.0, 1)})
    third = Summary("other", "gate-1", "cam-3", {"reachable": Bucket(T + 1, 0.0, 0.0, 0.0, 1)})
    span = (T, T + MINUTE)
    assert sorted(store.summarise("camera", {"depot": (), "other": ()}, *span)) == [first, second, third]
    assert sorted(store.summarise("camera", {"depot": ["cam-1"], "other": ["cam-9"]}, *span)) == [first]
    assert sorted(store.summarise("camera", {"depot": ["cam-2"], "other": ()}, *span)) == [second, third]
    assert store.summarise("camera", {}, *span) == []
    assert store.summarise("ups", {"depot": ()}, *span) == []


def test_points_are_read_back_as_they_were_written(store: SeriesStore) -> None:
    batch = [
        point(T, reachable=1.0, response_seconds=0.5),
        point(T + 1, reachable=0.0),
        point(T + 2, response_seconds=0.25),
        point(T + 1, device="cam-2", response_seconds=1.0),
        point(T + 1, device="cam-2", site="other", reachable=1.0),
    ]
    store.write(batch)
    whole = {"depot": (), "other": ()}
    assert sorted(store.points("camera", whole, [], T - 1, T + 2), key=str) == sorted(batch, key=str)
    assert sorted(store.points("camera", {"depot": ["cam-1"]}, ["reachable"], T - 1, T + 2)) == [
        point(T, reachable=1.0),
        point(T + 1, reachable=0.0),
    ]
    assert store.points("camera", {"depot": ["cam-1"]}, [], T, T + 1) == [point(T + 1, reachable=0.0)]
    assert store.points("camera", whole, ["never"], T - 1, T + 2) == []
    assert store.points("door", whole, [], T - 1, T + 2) == []


def test_a_step_of_nothing_is_refused(store: SeriesStore) -> None:
    with pytest.raises(ValueError, match="step"):
        store.chart("depot", "camera", "cam-1", "reachable", 0, T, 0)


def test_what_was_never_written_is_empty(store: SeriesStore) -> None:
    def look() -> list[object]:
        return [
            store.latest("depot", "camera", T, 0),
            window(store, "reachable", device="cam-9"),
            store.chart("depot", "camera", "cam-9", "reachable", 0, T, MINUTE),
            store.window("depot", "ups", "cam-9", "reachable", 0, T),
            store.chart("depot", "camera", "cam-1", "never", 0, T * 2, MINUTE),
        ]

    assert look() == [{}, [], [], [], []]
    store.write([point(T, device="cam-1", reachable=1.0)])
    assert look()[1:] == [[], [], [], []]
    assert store.latest("elsewhere", "camera", T, 0) == {}


def test_nothing_to_write_is_no_error(store: SeriesStore) -> None:
    store.write([])
    store.write([point(T)])
    assert window(store, "reachable") == []


def test_numbers_no_database_takes_are_refused_and_the_rest_is_written(store: SeriesStore) -> None:
    batch = [
        point(T, reachable=1.0),
        point(T + 1, reachable=float("nan"), response_seconds=1.0),
        point(T + 2, reachable=float("inf")),
        point(T + 3, reachable=2.0),
        point(10**16, reachable=1.0),
    ]
    with pytest.raises(SeriesRefused, match="reachable is not a finite number") as caught:
        store.write(batch)
    assert caught.value.refused == (1, 2, 4)
    assert window(store, "reachable") == [Value(T, 1.0), Value(T + 3, 2.0)]
    assert window(store, "response_seconds") == []


@pytest.mark.parametrize("evil", ['a"; DROP TABLE series', "a'b", "a,b=c", "a b", "a\nb", "a\\", "", "x" * 65, "价"])
def test_names_that_are_not_ours_neither_get_in_nor_do_harm(store: SeriesStore, evil: str) -> None:
    batch = [
        point(T, reachable=1.0),
        point(T, device=evil, reachable=1.0),
        point(T, kind=evil, reachable=1.0),
        point(T)._replace(values={evil: 1.0}),
    ]
    with pytest.raises(SeriesRefused) as caught:
        store.write(batch)
    assert caught.value.refused == (1, 2, 3)
    assert store.latest("depot", evil, T, 0) == {}
    assert store.latest(evil, "camera", T, 0) == {}
    assert store.window("depot", "camera", evil, evil, 0, T) == []
    assert store.window("depot", evil, evil, evil, 0, T) == []
    assert store.chart(evil, "camera", evil, evil, 0, T, MINUTE) == []
    assert store.summarise(evil, {evil: [evil], "depot": ()}, 0, T) == []
    assert store.summarise("camera", {evil: [evil]}, 0, T) == []
    assert store.points("camera", {evil: (), "depot": [evil]}, [evil], 0, T) == []
    assert store.points("camera", {evil: (), "depot": [evil]}, [], 0, T) == []
    assert store.metrics(evil) == []
    assert store.across(evil, "reachable", [(0, T)]) == {}
    assert store.across("camera", evil, [(0, T)], pick="first") == {}
    assert store.across("camera", "reachable", [(0, T)], sites=[evil]) == {}
    assert store.latest("depot", "camera", T, 0) == {"cam-1": {"reachable": Value(T, 1.0)}}


def test_a_device_handed_to_another_agent_stays_one_series(store: SeriesStore) -> None:
    store.write([point(T, reachable=1.0)])
    store.write([point(T + 1, reachable=0.0)._replace(agent="gate-2")])
    assert window(store, "reachable") == [Value(T, 1.0), Value(T + 1, 0.0)]
    assert store.latest("depot", "camera", T + 1, 0) == {"cam-1": {"reachable": Value(T + 1, 0.0)}}
    whole = {("depot", "cam-1"): [Value(T, 1.0), Value(T + 1, 0.0)]}
    assert store.across("camera", "reachable", [(T - 1, T + 1)]) == whole
    assert store.across("camera", "reachable", [(T - 1, T), (T, T + 1)], pick="first") == whole


def test_many_threads_write_and_read_at_once(store: SeriesStore) -> None:
    troubles: list[BaseException] = []

    def guarded(work: Callable[[int], object], number: int) -> None:
        try:
            for round_ in range(10):
                work(round_ * 10 + number)
        except BaseException as error:  # noqa: BLE001 - a thread's trouble belongs to the test
            troubles.append(error)

    def write(number: int) -> None:
        store.write([point(T + number, device=f"cam-{index}", reachable=float(number)) for index in range(20)])

    def read(_: int) -> None:
        store.latest("depot", "camera", T * 2, 0)
        window(store, "reachable")

    threads = [threading.Thread(target=guarded, args=(work, number)) for work in (write, read) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert len(window(store, "reachable")) == 40
    assert len(store.latest("depot", "camera", T * 2, 0)) == 20


def test_ping_is_quiet_when_all_is_well(store: SeriesStore) -> None:
    store.ping()


def test_an_erased_site_leaves_nothing_and_the_others_everything(store: SeriesStore) -> None:
    store.write([point(T, response_seconds=1.0), point(T, device="door-1", kind="door", door_open=1.0)])
    store.write([point(T, site="depot-2", response_seconds=2.0)])
    assert store.holding("depot") in (Holding(2, 2), Holding(2, None))
    for _ in range(2):  # again is harmless
        store.erase("depot")
        assert store.holding("depot") in (Holding(0, 0), Holding(0, None))
    assert window(store, "response_seconds") == []
    assert store.latest("depot", "camera", T * 2, 0) == {}
    assert store.window("depot-2", "camera", "cam-1", "response_seconds", 0, T * 2) == [Value(T, 2.0)]


def test_a_site_that_was_erased_can_be_written_again(store: SeriesStore) -> None:
    store.write([point(T, response_seconds=1.0)])
    store.erase("depot")
    store.write([point(T + 1, response_seconds=3.0)])
    assert window(store, "response_seconds") == [Value(T + 1, 3.0)]
