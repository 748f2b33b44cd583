"""InfluxDB: which of its answers are outages, which speak of the data, and that none ends anything for good."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.store import Point, SeriesRefused, SeriesUnavailable, Value
from tests.servers.influxdb import InfluxDB
from tests.servers.nginx import Nginx
from tests.servers.server import free_port

T = 1_767_225_600_000


def points(count: int, metric: str = "reachable", start: int = T) -> list[Point]:
    return [
        Point("camera", "depot", "gate-1", "cam-1", start + index, {metric: float(index)}) for index in range(count)
    ]


@contextmanager
def opened(url: str, **target: Any) -> Iterator[InfluxSeries]:
    store = InfluxSeries(InfluxTarget(url, target.pop("database", "watchkeeper"), **target))
    try:
        yield store
    finally:
        store.close()


def times(store: InfluxSeries, metric: str = "reachable") -> list[int]:
    return [value.at - T for value in store.window("depot", "camera", "cam-1", metric, 0, T * 2)]


@pytest.fixture(params=["v1", "v2"])
def store(request: pytest.FixtureRequest, influxdb: InfluxDB) -> Iterator[InfluxSeries]:
    url = influxdb.url if request.param == "v1" else request.getfixturevalue("influx_v2").url
    with opened(url, api=request.param, timeout_seconds=1.0) as store:
        yield store


def test_points_that_clash_in_type_are_named_and_all_others_written(influxdb: InfluxDB, store: InfluxSeries) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    batch = points(200)
    for index in (0, 77, 78, 199):
        batch[index] = batch[index]._replace(values={"fill_ratio": 0.5})
    with pytest.raises(SeriesRefused, match="field type conflict") as caught:
        store.write(batch)
    assert caught.value.refused == (0, 77, 78, 199)
    assert times(store) == [index for index in range(200) if index not in caught.value.refused]


def test_a_batch_that_is_bad_throughout_is_named_throughout(influxdb: InfluxDB, store: InfluxSeries) -> None:
    influxdb.write_lines(f"camera,site=x fill_ratio=1i {T}")
    with pytest.raises(SeriesRefused) as caught:
        store.write(points(3000, "fill_ratio"))
    assert caught.value.refused == tuple(range(3000))


def test_an_integer_another_program_wrote_is_read_as_a_number(influxdb: InfluxDB, store: InfluxSeries) -> None:
    influxdb.write_lines(f'camera,site=depot,device=cam-1 fill_ratio=3i,Odd="x" {T}')
    assert store.latest("depot", "camera", T, 0) == {"cam-1": {"fill_ratio": Value(T, 3.0)}}


def test_a_server_that_is_down_is_an_outage_and_its_return_the_end_of_it(
    influxdb: InfluxDB, store: InfluxSeries
) -> None:
    store.write(points(3))
    influxdb.kill()
    with pytest.raises(SeriesUnavailable):
        store.write(points(5))
    with pytest.raises(SeriesUnavailable):
        times(store)
    with pytest.raises(SeriesUnavailable):
        store.ping()
    influxdb.start()
    store.write(points(5))
    assert times(store) == [0, 1, 2, 3, 4]


def test_a_server_that_hangs_is_an_outage_after_the_time_out(influxdb: InfluxDB, store: InfluxSeries) -> None:
    store.ping()
    influxdb.pause()
    try:
        with pytest.raises(SeriesUnavailable):
            store.write(points(1))
        with pytest.raises(SeriesUnavailable):
            store.latest("depot", "camera", T, 0)
    finally:
        influxdb.resume()
    store.write(points(2))
    assert times(store) == [0, 1]


def test_nobody_listening_is_an_outage() -> None:
    with opened(f"http://127.0.0.1:{free_port()}", api="v2") as store, pytest.raises(SeriesUnavailable, match="answer"):
        store.write(points(1))


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("verdict", [301, 401, 403, 404, 408, 429, 500, 502, 503, 504])
def test_every_status_that_is_not_about_the_data_is_an_outage(influx_v2: Nginx, verdict: int, api: str) -> None:
    influx_v2.stop()
    influx_v2.verdict = verdict
    influx_v2.start()
    with opened(influx_v2.url, api=api) as store:
        # nginx closes the connection where it should say 408.
        told = "aborted" if verdict == 408 else str(verdict)
        with pytest.raises(SeriesUnavailable, match=told):
            store.write(points(4))
        with pytest.raises(SeriesUnavailable, match=told):
            store.ping()


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("verdict", [400, 422])
def test_a_status_about_the_data_refuses_the_points(influx_v2: Nginx, verdict: int, api: str) -> None:
    influx_v2.stop()
    influx_v2.verdict = verdict
    influx_v2.start()
    with opened(influx_v2.url, api=api) as store, pytest.raises(SeriesRefused) as caught:
        store.write(points(4))
    assert caught.value.refused == (0, 1, 2, 3)


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_request_that_is_too_large_is_halved_until_it_fits(influxdb: InfluxDB, tmp_path: Path, api: str) -> None:
    with Nginx(tmp_path, influxdb.port, max_body=1000) as proxy, opened(proxy.url, api=api) as store:
        store.write(points(100))
        assert len(times(store)) == 100


def test_a_point_larger_than_any_request_is_an_outage_not_bad_data(influxdb: InfluxDB, tmp_path: Path) -> None:
    with Nginx(tmp_path, influxdb.port, max_body=20) as proxy, opened(proxy.url, api="v1") as store:
        batch = points(4)
        with pytest.raises(SeriesUnavailable, match="largest request"):
            store.write(batch)


def test_a_password_opens_and_a_wrong_one_is_an_outage_that_says_what_to_mend(tmp_path: Path) -> None:
    with InfluxDB(tmp_path, authentication=True) as server:
        with opened(server.url, api="v1", username=server.user_name, password=server.password) as store:
            store.write(points(2))
            assert times(store) == [0, 1]
        for target in ({"username": "hub", "password": "old"}, {"token": "expired"}, {}):
            with opened(server.url, api="v1", **target) as store:
                with pytest.raises(SeriesUnavailable, match="401"):
                    store.write(points(3))
                with pytest.raises(SeriesUnavailable, match="401"):
                    store.ping()
                with pytest.raises(SeriesUnavailable, match="401"):
                    times(store)


def test_a_missing_database_is_an_outage_until_it_is_made(influxdb: InfluxDB) -> None:
    with opened(influxdb.url, api="v1", database="later") as store:
        with pytest.raises(SeriesUnavailable, match="database not found"):
            store.write(points(3))
        with pytest.raises(SeriesUnavailable, match="database not found"):
            store.ping()
        influxdb.query("CREATE DATABASE later")
        store.write(points(3))
        assert times(store) == [0, 1, 2]


def test_v2_writes_to_a_server_before_1_8_say_what_to_set(influxdb: InfluxDB) -> None:
    with opened(influxdb.url, api="v2") as store, pytest.raises(SeriesUnavailable, match='api = "v1"'):
        store.write(points(1))


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_retention_policy_is_written_and_read(influxdb: InfluxDB, influx_v2: Nginx, api: str) -> None:
    influxdb.query('CREATE RETENTION POLICY "short" ON "watchkeeper" DURATION INF REPLICATION 1')
    with opened(influx_v2.url, api=api, retention_policy="short", org="depots") as store:
        store.write(points(3))
        assert times(store) == [0, 1, 2]
    assert influxdb.query("SELECT count(reachable) FROM watchkeeper.short.camera")[0]["values"] == [[0, 3]]
    assert influxdb.query("SELECT count(reachable) FROM watchkeeper.autogen.camera") == []


@pytest.mark.parametrize(("bound", "name"), [("max_series", "per-database"), ("max_values", "values-per-tag")])
def test_devices_beyond_the_servers_own_limit_are_refused_alone_with_what_to_do(
    tmp_path: Path, bound: str, name: str
) -> None:
    """Known devices go on, and the others wait aside: an outage would stop everybody for one new camera."""
    server = InfluxDB(tmp_path)
    setattr(server, bound, 3)
    batch = [point._replace(device=f"cam-{index % 5}") for index, point in enumerate(points(10))]
    with server, opened(server.url, api="v1") as store:
        store.write(batch[:3])
        with pytest.raises(SeriesRefused, match=f"raise max-.*{name} in InfluxDB, then retry") as caught:
            store.write(batch)
        assert [batch[index].device for index in caught.value.refused] == ["cam-3", "cam-4"] * 2
        (counted,) = server.query('SELECT count("reachable") FROM "camera"')
        assert counted["values"][0][1] == 6


def test_points_beyond_retention_are_refused_by_name(influxdb: InfluxDB) -> None:
    influxdb.query('CREATE RETENTION POLICY "hour" ON "watchkeeper" DURATION 1h REPLICATION 1')
    with opened(influxdb.url, api="v1", retention_policy="hour") as store:
        ancient = points(64, start=T - 10**11)
        with pytest.raises(SeriesRefused, match="retention policy") as caught:
            store.write(ancient)
    assert len(caught.value.refused) == 64


def test_a_long_answer_is_whole_whatever_the_server_bounds_answers_to(tmp_path: Path) -> None:
    server = InfluxDB(tmp_path)
    server.max_rows = 100
    with server, opened(server.url, api="v1") as store:
        store.write(points(25_000))
        assert times(store) == list(range(25_000))
        assert len(store.chart("depot", "camera", "cam-1", "reachable", 0, T * 2, 2)) == 12_500


def test_compressed_writes_arrive(influxdb: InfluxDB) -> None:
    with opened(influxdb.url, api="v1", gzip=True) as store:
        store.write(points(6000))
        assert len(times(store)) == 6000


def test_no_thread_is_left_behind(influxdb: InfluxDB) -> None:
    before = threading.active_count()
    with opened(influxdb.url, api="v1") as store:
        store.write(points(10))
        assert threading.active_count() == before


def test_secrets_do_not_show_in_the_target() -> None:
    shown = repr(InfluxTarget("http://h", "d", token="hush", password="hush"))
    assert "hush" not in shown
