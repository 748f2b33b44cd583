"""What was erased is not in the files any more, and each InfluxDB is asked in its own way."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.series import erasure
from hub.series.connection import InfluxTarget
from hub.series.embedded import EmbeddedSeries
from hub.series.influx import InfluxSeries
from hub.series.journal import Journal
from hub.series.store import CannotErase, Point, SeriesRefused, SeriesUnavailable, Value

T = 1_800_000_000_000
SITE = "school-of-secrets"


def point(at: int = T, site: str = SITE, agent: str = "gate", device: str = "cam-1", value: float = 1.0) -> Point:
    return Point("camera", site, agent, device, at, {"response_seconds": value})


def bytes_of(path: Path) -> bytes:
    """The file and its write-ahead log, to the last byte."""
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*") if not one.name.endswith("-shm"))


def test_nothing_of_it_is_readable_in_the_file_while_another_process_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    hub, other = EmbeddedSeries(path), EmbeddedSeries(path)
    for minute in range(300):
        hub.write([point(T + minute), point(T + minute, "elsewhere", device="cam-9")])
        hub.write([point(T + minute, agent=f"moved-{minute}")])  # a row of names changes its place again and again
    assert SITE.encode() in bytes_of(path)
    other.erase(SITE)
    assert SITE.encode() not in bytes_of(path)
    assert b"moved-" not in bytes_of(path)
    assert len(hub.window("elsewhere", "camera", "cam-9", "response_seconds", 0, T * 2)) == 300
    hub.close()
    other.close()


def test_a_hub_that_knew_the_series_by_number_does_not_write_to_a_number_that_is_gone(tmp_path: Path) -> None:
    hub, other = EmbeddedSeries(tmp_path / "series.db"), EmbeddedSeries(tmp_path / "series.db")
    hub.write([point()])
    other.erase(SITE)
    other.write([point(T, "elsewhere", device="cam-9", value=9.0)])  # takes the number
    hub.write([point(T + 1, value=2.0)])
    assert hub.window("elsewhere", "camera", "cam-9", "response_seconds", 0, T * 2) == [Value(T, 9.0)]
    assert hub.window(SITE, "camera", "cam-1", "response_seconds", 0, T * 2) == [Value(T + 1, 2.0)]
    hub.close()
    other.close()


def test_what_waits_in_the_buffer_or_was_refused_goes_and_the_rest_stays_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "buffer.db"
    journal = Journal(path, 1 << 30)
    journal.append([point(), point(T, "elsewhere")], 1)
    journal.append([point(T + 1)], 2)
    journal.append([point(T + 2, "elsewhere")], 3)
    journal.set_aside([point(T + 3), point(T + 4, "elsewhere")], SeriesRefused([0, 1], "too old"), 4)
    assert erasure.waiting(path, SITE) == (2, 1)
    erasure.erase_waiting(path, SITE)  # while the hub has it open
    assert erasure.waiting(path, SITE) == (0, 0)
    left = [p for batch in journal.next(100) for p in batch.points or []]
    assert left == [point(T, "elsewhere"), point(T + 2, "elsewhere")]
    assert journal.held().points == 2
    assert erasure.waiting(path, "elsewhere") == (2, 1)
    assert SITE.encode() not in bytes_of(path)
    journal.close()


def test_no_buffer_is_no_error(tmp_path: Path) -> None:
    assert erasure.waiting(tmp_path / "buffer.db", SITE) == (0, 0)
    erasure.erase_waiting(tmp_path / "buffer.db", SITE)
    assert not (tmp_path / "buffer.db").exists()


def test_a_reader_that_looks_at_what_was_erased_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_LOG_SECONDS", 0.1)
    path = tmp_path / "series.db"
    store = EmbeddedSeries(path)
    store.write([point()])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM series").fetchall()
        store._writer.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(SeriesUnavailable, match="somebody reads it for long"):
            store.erase(SITE)
    store.erase(SITE)
    assert SITE.encode() not in bytes_of(path)
    store.close()


# --- InfluxDB 2.x and 3.x: what their documentation says of /ping and /api/v2/delete ---


@contextmanager
def influxdb(version: str, deleted: list[dict[str, object]]) -> Iterator[str]:
    """A server that answers /ping, and /api/v2/delete as strictly as 2.x documents it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204 if self.path == "/ping" else 404)
            self.send_header("X-Influxdb-Version", version)
            self.end_headers()

        def do_POST(self) -> None:
            address = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 204
            if address.path != "/api/v2/delete" or set(parse_qs(address.query)) != {"org", "bucket"}:
                status = 404
            elif self.headers["Authorization"] != "Token right":
                status = 401
            elif self.headers["Content-Type"].partition(";")[0] != "application/json" or set(body) != {
                "start",
                "stop",
                "predicate",
            }:
                status = 400
            if status == 204:
                deleted.append({**body, **{key: value[0] for key, value in parse_qs(address.query).items()}})
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def of_version() -> Iterator[Callable[..., tuple[InfluxSeries, list[dict[str, object]]]]]:
    opened = []

    def make(version: str, *, may: bool = True) -> tuple[InfluxSeries, list[dict[str, object]]]:
        deleted: list[dict[str, object]] = []
        server = influxdb(version, deleted)
        store = InfluxSeries(
            InfluxTarget(server.__enter__(), "watchkeeper", org="depots", token="right" if may else "wrong")
        )
        opened.append((server, store))
        return store, deleted

    yield make
    for server, store in opened:
        store.close()
        server.__exit__(None, None, None)


Make = Callable[..., tuple[InfluxSeries, list[dict[str, object]]]]


def test_influxdb_2_is_asked_by_predicate_over_all_times(of_version: Make) -> None:
    store, deleted = of_version("v2.7.1")
    store.erase(SITE)
    (asked,) = deleted
    assert (asked["org"], asked["bucket"], asked["predicate"]) == ("depots", "watchkeeper", f'site="{SITE}"')
    assert str(asked["start"]).startswith("1678-01-01T00:00:00")
    assert str(asked["stop"]).startswith("2262-01-01T00:00:00")


def test_a_token_that_may_not_delete_is_told_of(of_version: Make) -> None:
    store, deleted = of_version("v2.7.1", may=False)
    with pytest.raises(SeriesUnavailable, match="renew the token"):
        store.erase(SITE)
    assert deleted == []


def test_influxdb_3_can_not(of_version: Make) -> None:
    store, _ = of_version("3.0.1")
    with pytest.raises(CannotErase, match=r"InfluxDB 3\.0\.1 deletes no single rows"):
        store.erase(SITE)


def test_a_server_that_does_not_say_what_it_is_is_not_guessed_at(of_version: Make) -> None:
    store, _ = of_version("")
    with pytest.raises(SeriesUnavailable, match="does not say which version"):
        store.erase(SITE)
