"""Answers no InfluxDB should give: each an outage, never a loss, never believed, none waited for without an end."""

import gzip
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.series import connection
from hub.series.answer import ERROR_BYTES, MOST_RETRY_AFTER_SECONDS, OVERALL_TIMEOUTS
from hub.series.buffer import Backoff, BufferedSeries, Outcome
from hub.series.connection import AnswerTooLong, InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.line import to_line
from hub.series.store import Point, SeriesRefused, SeriesUnavailable
from tests.servers.certificates import Authority
from tests.servers.scripted import Request, Script, ScriptedServer, said
from tests.waiting import wait_until

T = 1_767_225_600_000
GOOD = b'{"results":[{"statement_id":0}]}\n'
PIECE_SECONDS = 0.1
WELL = said(200, GOOD, Content_Type="application/json")


def points(count: int, start: int = 0) -> list[Point]:
    return [Point("camera", "depot", "gate-1", f"cam-{n}", T + n, {"fps": n / 2}) for n in range(start, start + count)]


@contextmanager
def opened(url: str, **target: Any) -> Iterator[InfluxSeries]:
    store = InfluxSeries(InfluxTarget(url, "watchkeeper", **{"api": "v1", "timeout_seconds": 5.0, **target}))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def answering(*pieces: bytes, **target: Any) -> Iterator[tuple[ScriptedServer, InfluxSeries]]:
    """Every request is answered with these."""
    with ScriptedServer(lambda _: pieces) as server, opened(server.url, **target) as store:
        yield server, store


NO_ANSWER = [
    b"",
    b"\x00\xff\x16\x03\x01",
    b"HTTP/1.1 banana\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 204 No Content\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 204 No Content\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + GOOD,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbanana\r\n" + GOOD,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + GOOD,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n" + GOOD,
    said(200, b"no gzip at all", Content_Encoding="gzip"),
    said(200, gzip.compress(GOOD)[:-12], Content_Encoding="gzip"),
]


@pytest.mark.parametrize("sent", NO_ANSWER, ids=range(len(NO_ANSWER)))
def test_what_is_no_answer_is_an_outage(sent: bytes) -> None:
    with answering(sent) as (_, store):
        with pytest.raises(SeriesUnavailable):
            store.write(points(2))
        with pytest.raises(SeriesUnavailable):
            store.ping()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>log in</html>",
        GOOD[:-6],
        b"[]",
        b"7",
        b'{"results":7}',
        b'{"results":[{"statement_id":9}]}',
        b'{"results":[{"statement_id":0,"series":[{"values":[[1,2]]},{"tags":3}]}]}',
        b'{"results":[{"statement_id":0,"series":[{"tags":{},"values":[[1,"x"]]}]}]}',
        b'{"results":[{"statement_id":0,"series":[{"tags":{},"values":[[1]]}]}]}',
        b'{"results":[{"statement_id":0,"partial":true}]}',
        b"[" * 200_000,
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_that_makes_no_sense_is_an_outage(body: bytes) -> None:
    with answering(said(200, body, Content_Type="text/html")) as (_, store), pytest.raises(SeriesUnavailable):
        store.window("depot", "camera", "cam-1", "fps", 0, T)


def test_an_answer_of_random_bytes_is_an_outage_or_a_refusal() -> None:
    chance = random.Random(5)
    seeds = [*NO_ANSWER[5:], WELL, said(204), said(400, b'{"error":"bad"}'), said(429, Retry_After="1")]

    def garbled(_: Request) -> list[bytes]:
        answer = bytearray(chance.choice(seeds)[:500])
        for _change in range(chance.randrange(1, 6)):
            position = chance.randrange(len(answer))
            answer[position : position + 1] = bytes([chance.randrange(256)])
        return [bytes(answer)]

    with ScriptedServer(garbled) as server, opened(server.url, timeout_seconds=0.5) as store:
        for _ in range(100):
            for ask in (store.ping, lambda: store.write(points(1))):
                try:
                    ask()
                except (SeriesUnavailable, SeriesRefused):
                    continue


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("status", [200, 202, 203, 205, 206])
def test_only_204_says_that_a_write_is_on_disk(status: int, api: str) -> None:
    page = said(status, b"<html>welcome</html>")
    with answering(page, api=api) as (_, store), pytest.raises(SeriesUnavailable, match="not InfluxDB"):
        store.write(points(3))


def test_a_cluster_that_took_a_part_is_asked_for_each() -> None:
    def picky(request: Request) -> list[bytes]:
        if any("cam-3" in line for line in request.lines):
            return [said(201, b'{"message":"partial write: cam-3 is rejected","line":4}')]
        return [said(204)]

    with (
        ScriptedServer(picky) as server,
        opened(server.url, api="v2") as store,
        pytest.raises(SeriesRefused, match="cam-3 is rejected") as caught,
    ):
        store.write(points(8))
    assert caught.value.refused == (3,)


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_credentials_go_nowhere(status: int, api: str) -> None:
    with ScriptedServer() as other:
        where = f"{other.url}/login?next=%2F"
        with answering(said(status, Location=where), api=api, token="hush") as (server, store):
            for ask in (store.ping, lambda: store.write(points(1)), lambda: store.erase("depot")):
                with pytest.raises(SeriesUnavailable, match=f"points to {other.url}/login, .* set url to"):
                    ask()
        assert len(server.requests) == 3
        assert server.requests[0].headers["authorization"] == "Token hush"
        assert other.requests == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("said_seconds", "pause"), [("7", 7.0), ("86400", MOST_RETRY_AFTER_SECONDS), ("soon", 0.0)])
def test_an_overloaded_server_says_when_to_come_again(status: int, said_seconds: str, pause: float) -> None:
    answer = said(status, Retry_After=said_seconds)
    with answering(answer) as (_, store), pytest.raises(SeriesUnavailable) as caught:
        store.write(points(1))
    assert caught.value.retry_after == pause


@pytest.mark.parametrize("status", [401, 403, 404, 408, 500])
def test_others_do_not(status: int) -> None:
    with answering(said(status, Retry_After="7")) as (_, store), pytest.raises(SeriesUnavailable) as caught:
        store.write(points(1))
    assert caught.value.retry_after == 0.0


def test_a_long_answer_is_read_and_one_beyond_the_limit_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 300_000)
    rows = b",".join(b"[%d,1.5]" % (T + n) for n in range(10_000))
    body = b'{"results":[{"statement_id":0,"series":[{"tags":{},"columns":["time","fps"],"values":[%s]}]}]}' % rows
    for packed in (False, True):
        headers = {"Content_Encoding": "gzip"} if packed else {}
        sent = said(200, gzip.compress(body) if packed else body, **headers)
        with answering(sent) as (_, store):
            assert len(store.window("depot", "camera", "cam-1", "fps", 0, T * 2)) == 10_000
    for long in (body + b" " * 300_000, gzip.compress(b" " * 50_000_000)):
        headers = {"Content_Encoding": "gzip"} if long[0] != body[0] else {}
        with (
            answering(said(200, long, **headers)) as (_, store),
            pytest.raises(AnswerTooLong, match=r"longer than 0\.2"),
        ):
            store.window("depot", "camera", "cam-1", "fps", 0, T * 2)


def endless(status: int) -> Script:
    def pieces(_: Request) -> Iterator[bytes]:
        yield said(status, b'{"error":"it is bad"}', Content_Length=str(1 << 40))
        while True:
            yield b"x" * 10_000

    return pieces


def test_of_an_errors_body_the_first_words_are_read() -> None:
    with (
        ScriptedServer(endless(400)) as server,
        opened(server.url) as store,
        pytest.raises(SeriesRefused, match="it is bad"),
    ):
        store.write(points(1))
    assert server.sent < 1000 * ERROR_BYTES, "what the kernels' buffers hold, and no more"


def test_an_error_that_breaks_off_is_still_that_error() -> None:
    with (
        answering(said(401, b"who", Content_Length="500")) as (_, store),
        pytest.raises(SeriesUnavailable, match="401 who"),
    ):
        store.ping()


def dripping(*, interim: bool = False, head: bool = False) -> Script:
    def pieces(_: Request) -> Iterator[bytes]:
        if not interim and not head:
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        elif head:
            yield b"HTTP/1.1 204 No Content\r\nX: "
        while True:
            time.sleep(PIECE_SECONDS / 4)
            yield b"HTTP/1.1 100 Continue\r\n\r\n" if interim else b"x"

    return pieces


@pytest.mark.parametrize("drip", [{}, {"interim": True}, {"head": True}], ids=["body", "interim answers", "header"])
def test_a_drip_is_not_waited_for_without_an_end(drip: dict[str, bool]) -> None:
    with ScriptedServer(dripping(**drip)) as server, opened(server.url, timeout_seconds=PIECE_SECONDS) as store:
        began = time.monotonic()
        with pytest.raises(SeriesUnavailable):
            store.write(points(1))
        took = time.monotonic() - began
    assert PIECE_SECONDS < took < PIECE_SECONDS * OVERALL_TIMEOUTS + 30


def test_over_tls_answers_are_bounded_alike(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with ScriptedServer(tls=authority.server) as server:
        with opened(server.url, ca_file=authority.ca, timeout_seconds=PIECE_SECONDS * 5) as store:
            store.write(points(3))
            store.ping()
            assert set(server.taken) == lines(3)
        server.script = dripping()
        with opened(server.url, ca_file=authority.ca, timeout_seconds=PIECE_SECONDS) as store:
            began = time.monotonic()
            with pytest.raises(SeriesUnavailable, match=r"as a whole|timed out"):
                store.write(points(1))
            assert time.monotonic() - began < PIECE_SECONDS * OVERALL_TIMEOUTS + 30
        with opened(server.url) as store, pytest.raises(SeriesUnavailable, match="certificate"):
            store.ping()


def test_a_slow_but_living_answer_may_take_longer_than_one_piece() -> None:
    def slowly(_: Request) -> Iterator[bytes]:
        size = len(WELL) // 5
        for start in range(0, len(WELL), size):
            time.sleep(0.25)  # the server's pace: in all more than a piece may take
            yield WELL[start : start + size]

    with ScriptedServer(slowly) as server, opened(server.url, timeout_seconds=1.0) as store:
        store.ping()


# --- the buffer before it ---


@contextmanager
def buffered(folder: Path, server: ScriptedServer, **target: Any) -> Iterator[BufferedSeries]:
    store = InfluxSeries(InfluxTarget(server.url, "watchkeeper", **{"api": "v1", "timeout_seconds": 0.5, **target}))
    with BufferedSeries(store, folder / "buffer.db", 1 << 24, lambda: T, Backoff(0.01, 0.05)) as series:
        yield series


def lines(count: int) -> set[str]:
    return {to_line(point) for point in points(count)}


TROUBLES: list[list[bytes]] = [
    [said(429, Retry_After="0")],
    [said(503, b"<html>busy</html>", Retry_After="-1")],
    [said(200, b"<html>log in</html>")],
    [said(302, Location="http://127.0.0.1:1/")],
    [said(401), said(500, b"x" * 50_000)],
    *([sent] for sent in NO_ANSWER),
]


def test_nothing_is_lost_or_acknowledged_wrongly_whatever_the_server_answers(tmp_path: Path) -> None:
    """Each trouble answers two requests, of whatever kind; in between the server is well again."""
    with ScriptedServer() as server, buffered(tmp_path, server) as series:
        for number, trouble in enumerate(TROUBLES):
            left = [2]

            def script(request: Request, left: list[int] = left, trouble: list[bytes] = trouble) -> Any:
                left[0] -= 1
                return trouble if left[0] >= 0 else server.take(request)

            server.script = script
            written = series.write(points(10, 10 * number))
            assert written.outcome is Outcome.BUFFERED
            assert written.refused == ()
            wait_until(lambda: series.stats().batches == 0 and series.stats().available, 30, f"drained after {number}")
        assert series.write(points(10, 10 * len(TROUBLES))).outcome is Outcome.WRITTEN
        assert series.stats().refused == 0
    assert set(server.taken) == lines(10 * (len(TROUBLES) + 1))


def test_the_gate_opens_again_after_retry_after_and_not_before(tmp_path: Path) -> None:
    asked: list[float] = []
    with ScriptedServer() as server, buffered(tmp_path, server) as series:

        def script(request: Request) -> Any:
            asked.append(time.monotonic())
            return [said(429, Retry_After="1")] if len(asked) == 1 else server.take(request)

        server.script = script
        assert series.write(points(10)).outcome is Outcome.BUFFERED
        assert series.write(points(10, 10)).outcome is Outcome.BUFFERED
        assert not series.stats().available
        wait_until(lambda: series.stats().batches == 0 and series.stats().available, 30, "drained")
        assert series.write(points(10, 20)).outcome is Outcome.WRITTEN
    assert asked[1] - asked[0] > 0.9
    assert set(server.taken) == lines(30)


def test_what_is_refused_among_troubles_goes_aside_alone(tmp_path: Path) -> None:
    troubles = iter([said(503, Retry_After="0"), said(413), b"HTTP/1.1 banana\r\n\r\n"])

    with ScriptedServer() as server, buffered(tmp_path, server) as series:

        def script(request: Request) -> Any:
            if request.path == "/write":
                if (trouble := next(troubles, None)) is not None:
                    return [trouble]
                if any("cam-7" in line for line in request.lines):
                    return [said(400, b'{"error":"cam-7 is odd"}')]
            return server.take(request)

        server.script = script
        assert series.write(points(20)).outcome is Outcome.BUFFERED
        wait_until(lambda: series.stats().batches == 0, 30, "drained")
        letters = series.refused()
    assert [letter.point for letter in letters] == points(1, 7)
    assert set(server.taken) == lines(20) - {to_line(points(1, 7)[0])}
