"""A stream's thread: when it connects again, and what it makes of a device that has no such stream."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, BadAnswer, Forbidden, TimedOut, Unreachable, Unsupported
from agent.device.http import DeviceHttp
from agent.device.manners import Manners
from agent.device.multipart import Part
from agent.device.pause import Pauses
from agent.hardware.ears import Ears
from agent.hardware.listener import LATE_SECONDS, REFUSED_SECONDS, SOON_SECONDS, Listener
from simulator.device.server import Answer, Exchange, Port
from tests.waiting import wait_until

BEAT = b"--b\r\n\r\nbeat\r\n--b\r\n"


@contextmanager
def device(respond: Callable[[Exchange], Answer]) -> Iterator[Port]:
    port = Port("127.0.0.1", 0, respond)
    port.on()
    try:
        yield port
    finally:
        port.close()


def stream(pieces: Callable[[], Iterator[bytes]]) -> Callable[[Exchange], Answer]:
    return lambda _: Answer(200, {"Content-Type": "multipart/mixed"}, b"", pieces())


def status(code: int) -> Callable[[Exchange], Answer]:
    return lambda _: Answer(code, {}, b"")


@contextmanager
def listening(port: Port, **more: Any) -> Iterator[Listener]:
    http = DeviceHttp(
        Endpoint(port.host, port.number), more.pop("account", None), timeout=10.0, manners=Manners(), pauses=Pauses()
    )
    options = {"beat_seconds": 0.3, "silence_seconds": 1.0, "soon_seconds": 0.02} | more
    listener = Listener(Ears("it", 60), "it", http, "/events", options.pop("interpret", lambda part: []), **options)
    listener.begin()
    try:
        yield listener
    finally:
        listener.end()
        assert listener._thread is not None
        assert not listener._thread.is_alive()


def forever() -> Iterator[bytes]:
    while True:
        yield BEAT
        time.sleep(0.02)  # the device's pace


def test_a_stream_that_the_device_ends_is_begun_again_soon_and_counts_as_open() -> None:
    with device(stream(lambda: iter([BEAT]))) as port, listening(port) as listener:
        wait_until(lambda: listener.lives >= 3)
        assert listener.open
        assert listener.trouble is None


def test_a_stream_that_goes_silent_is_dead_and_begun_again() -> None:
    def silent() -> Iterator[bytes]:
        yield BEAT
        while True:
            yield b""
            time.sleep(0.02)  # the device's pace

    with device(stream(silent)) as port, listening(port) as listener:
        wait_until(lambda: isinstance(listener.trouble, TimedOut))
        wait_until(lambda: listener.lives >= 2)


def test_firmware_without_heartbeats_is_given_more_time() -> None:
    def mute() -> Iterator[bytes]:
        while True:
            yield b""
            time.sleep(0.02)  # the device's pace

    with device(stream(mute)) as port, listening(port, beat_seconds=0.05, silence_seconds=0.2) as listener:
        wait_until(lambda: listener._patience == 0.2)


@pytest.mark.parametrize(
    ("respond", "trouble"),
    [
        (status(404), Unsupported),
        (status(403), Forbidden),
        (status(401), AuthRefused),
        (status(500), BadAnswer),
        (stream(lambda: iter([])), BadAnswer),
        (lambda _: Answer(200, {}, b"<html>Login</html>"), BadAnswer),
    ],
)
def test_what_keeps_us_from_listening_is_told(respond: Callable[[Exchange], Answer], trouble: type[Exception]) -> None:
    with device(respond) as port, listening(port) as listener:
        listener.wait(5)
        wait_until(lambda: isinstance(listener.trouble, trouble))
        assert not listener.open


def test_a_device_that_is_gone_is_tried_later_and_later_and_soon_again_once_it_answers() -> None:
    with device(stream(forever)) as port:
        port.off()
        with listening(port) as listener:
            wait_until(lambda: isinstance(listener.trouble, Unreachable))
            port.on()
            wait_until(lambda: listener.open)
    pauses = Listener(Ears("it", 60), "it", None, "/", lambda _: [], beat_seconds=1, silence_seconds=1)  # type: ignore[arg-type] # asked nothing
    waits = [pauses._next_pause(alive=False) for _ in range(12)]
    assert waits[0] <= SOON_SECONDS * 1.1
    assert waits[-1] == pytest.approx(LATE_SECONDS, rel=0.1)
    assert pauses._next_pause(alive=True) <= SOON_SECONDS * 1.1
    pauses._trouble = Unsupported("no")
    assert pauses._next_pause(alive=False) == pytest.approx(REFUSED_SECONDS, rel=0.1)


def test_a_refused_account_is_shown_once(tmp_path: Any) -> None:
    shown: list[str] = []

    def respond(exchange: Exchange) -> Answer:
        shown.extend([exchange.authorization] if exchange.authorization else [])
        return Answer(401, {"WWW-Authenticate": 'Digest realm="r", nonce="n"'}, b"")

    (tmp_path / "password").write_text("wrong")
    with device(respond) as port, listening(port, account=Account("u", tmp_path / "password")) as listener:
        wait_until(lambda: "next try in" in str(listener.trouble), what="the account rests")
    assert len(shown) == 1


def test_a_part_that_cannot_be_read_costs_that_part_only(caplog: pytest.LogCaptureFixture) -> None:
    seen = threading.Event()
    parts: list[bytes] = []

    def interpret(part: Part) -> list[Any]:
        parts.append(part.body)
        if len(parts) >= 5:
            seen.set()
        raise BadAnswer("what is this")

    with device(stream(forever)) as port, listening(port, interpret=interpret) as listener:
        assert seen.wait(30)
        assert listener.lives == 1
    assert sum("what is this" in record.getMessage() for record in caplog.records) == 1


def test_interruption_ends_it_at_once_whatever_it_waits_for() -> None:
    with device(stream(forever)) as port, listening(port, beat_seconds=60) as listener:
        wait_until(lambda: listener.open)
        begin = time.monotonic()
        listener.end()
        assert time.monotonic() - begin < 10.0
    with device(status(404)) as port, listening(port) as listener:
        wait_until(lambda: listener.trouble)  # now it waits for an hour
        begin = time.monotonic()
        listener.end()
        assert time.monotonic() - begin < 10.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_begun_anew_with_the_next_round() -> None:
    parts: list[Part] = []

    def interpret(part: Part) -> list[Any]:
        parts.append(part)
        if len(parts) == 1:
            raise RuntimeError("can't start new thread")
        return []

    with device(stream(forever)) as port, listening(port, interpret=interpret) as listener:
        wait_until(lambda: listener._thread is not None and not listener._thread.is_alive())
        listener.begin()
        wait_until(lambda: len(parts) > 2, what="heard again")
        assert listener.lives == 2
