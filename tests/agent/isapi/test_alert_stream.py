"""The alert stream over real sockets: parts as they come, silence, madness and interruption each a clear end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, BadAnswer, DeviceError, Interrupted, TimedOut, Unsupported
from agent.device.http import DeviceHttp
from agent.device.manners import Manners
from agent.isapi.alert_stream import PATH, AlertStream, Part
from simulator.device.server import Answer, Exchange, Misbehaviour, Port
from tests.waiting import wait_until

EVENT = b"<EventNotificationAlert><eventType>videoloss</eventType></EventNotificationAlert>"
SEALED = b"--boundary\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(EVENT), EVENT)


@contextmanager
def device(pieces: Callable[[], Iterator[bytes]], status: int = 200) -> Iterator[Port]:
    def respond(exchange: Exchange) -> Answer:
        assert exchange.path == PATH
        if status != 200:
            return Answer(status, {}, b"")
        return Answer(200, {"Content-Type": "multipart/mixed; boundary=boundary"}, b"", pieces())

    port = Port("127.0.0.1", 0, respond)
    port.on()
    try:
        yield port
    finally:
        port.close()


def stream(port: Port, silence: float = 5.0) -> AlertStream:
    return AlertStream(DeviceHttp(Endpoint(port.host, port.number), timeout=5.0, manners=Manners()), silence)


def endless(piece: bytes, pause: float = 0.02) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        while True:
            yield piece
            time.sleep(pause)  # the device's pace

    return pieces


def test_parts_come_as_the_device_sends_them_and_its_end_is_the_end() -> None:
    with device(lambda: iter([SEALED, SEALED[:40], SEALED[40:]])) as port:
        assert list(stream(port)) == [Part("application/xml", EVENT)] * 2


def test_a_stream_that_goes_silent_is_given_up() -> None:
    def pieces() -> Iterator[bytes]:
        yield SEALED
        yield from endless(b"")()

    with device(pieces) as port:
        parts = iter(stream(port, silence=0.2))
        assert next(parts).body == EVENT
        with pytest.raises(TimedOut, match=r"silent|no event"):
            next(parts)


def test_bytes_that_never_become_a_part_are_silence_too() -> None:
    with device(endless(b"x")) as port, pytest.raises(TimedOut):
        list(stream(port, silence=0.3))


def test_a_web_page_and_noise_and_a_redirect_are_no_stream() -> None:
    for misbehaviour in (Misbehaviour.GARBAGE, Misbehaviour.NOISE, Misbehaviour.REDIRECT, Misbehaviour.HUGE):
        with device(lambda: iter([])) as port:
            port.misbehaviour = misbehaviour
            with pytest.raises(BadAnswer):
                list(stream(port))


def test_a_device_without_the_stream_says_so() -> None:
    with device(lambda: iter([]), status=404) as port, pytest.raises(Unsupported):
        list(stream(port))
    with device(lambda: iter([]), status=401) as port, pytest.raises(AuthRefused):
        list(stream(port))


def test_a_flood_of_events_is_given_up() -> None:
    with device(endless(SEALED * 1000, 0.0)) as port, pytest.raises(BadAnswer, match="a second"):
        for _ in stream(port):
            pass


def test_a_stream_ends_at_once_when_the_agent_stops() -> None:
    ended: list[DeviceError] = []

    def read(alerts: AlertStream) -> None:
        try:
            for _ in alerts:
                seen.set()
        except DeviceError as error:
            ended.append(error)

    def pieces() -> Iterator[bytes]:
        yield SEALED
        yield from endless(b"")()

    seen = threading.Event()
    with device(pieces) as port:
        alerts = stream(port, silence=60.0)
        thread = threading.Thread(target=read, args=(alerts,))
        thread.start()
        assert seen.wait(30)
        alerts.interrupt()
        wait_until(lambda: ended, 30)
        thread.join(10.0)
    assert isinstance(ended[0], Interrupted)


def test_parts_of_nothing_have_a_share_of_the_processor_and_no_more() -> None:
    nothing = b"--b\r\n\r\n\r\n" * 4000

    with device(endless(nothing, pause=0.0)) as port:
        worked, begun = time.thread_time(), time.monotonic()
        with pytest.raises(TimedOut, match="not even a heartbeat"):
            list(stream(port, silence=3.0))
        assert time.thread_time() - worked < 0.45 * (time.monotonic() - begun)
