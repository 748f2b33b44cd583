"""Certificates as devices show them: OpenSSL's own server, and peers that are none."""

import contextlib
import datetime
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, DeviceError, HeldBack, TimedOut, Unreachable
from agent.device.handshake import shown
from agent.device.manners import Manners
from tests.servers.server import free_port
from tests.servers.tls import TlsServer, make_certificate

CAMERA = Endpoint("127.0.0.1", 80)
FOREVER = b"\x00" * 64


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("valid"), "20200101000000Z", "20491231235959Z", "gate.lan")


@pytest.mark.parametrize(
    "ends",
    [
        datetime.datetime(2021, 3, 4, 5, 6, 7, tzinfo=datetime.UTC),  # expired
        datetime.datetime(2049, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),  # the last with two digits
        datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC),  # the first with four
        datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),  # without a well-defined end (RFC 5280)
    ],
)
def test_a_certificate_tells_its_end_whether_it_is_good_or_not(ends: datetime.datetime, tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "20200101000000Z", ends.strftime("%Y%m%d%H%M%SZ"), key="rsa:1024")
    with TlsServer(tmp_path, made, ["-cipher", "DEFAULT:@SECLEVEL=0"]) as server:
        manners = Manners()
        found = shown(CAMERA, server.port, manners=manners)
        assert found.not_after == ends
        assert found.not_before == datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        assert found.common_name == "camera"
        assert manners.of(CAMERA).spent == 1


@pytest.mark.parametrize("version", ["-tls1", "-tls1_2", "-tls1_3"])
def test_every_version_is_taken_that_a_camera_may_have(version: str, valid: Path, tmp_path: Path) -> None:
    with TlsServer(tmp_path, valid, [version, "-cipher", "ALL:@SECLEVEL=0"]) as server:
        assert shown(CAMERA, server.port, manners=Manners()).common_name == "gate.lan"


def test_nobody_there_is_no_certificate() -> None:
    with pytest.raises(Unreachable, match="refused"):
        shown(CAMERA, free_port(), manners=Manners())


def test_a_port_that_is_not_asked_when_the_hour_is_used_up() -> None:
    manners = Manners()
    manners.of(CAMERA).spend(60)
    with pytest.raises(HeldBack):
        shown(CAMERA, 1, max_requests=1, manners=manners)


@contextlib.contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Something that takes one connection and does this."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
    thread.join(5)


def _silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB, which never ends
    while True:
        connection.sendall(b"\x02")
        time.sleep(0.05)


def _web(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _hang_up(connection: socket.socket) -> None:
    connection.recv(1)


def _flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\x16\x03\x03\x40\x00" + b"\x0b" * 16384)


@pytest.mark.parametrize(
    ("behave", "error"),
    [(_silent, TimedOut), (_drip, TimedOut), (_web, BadAnswer), (_hang_up, BadAnswer), (_flood, BadAnswer)],
)
def test_what_is_no_tls_ends_in_its_error_in_time(
    behave: Callable[[socket.socket], None], error: type[DeviceError]
) -> None:
    with peer(behave) as port:
        begun = time.monotonic()
        with pytest.raises(error, match=rf"^127\.0\.0\.1:{port} TLS: "):
            shown(CAMERA, port, timeout=0.5, manners=Manners())
        assert time.monotonic() - begun < 10.0


def test_nothing_is_said_after_the_handshake(valid: Path) -> None:
    import ssl

    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(valid)
        with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True) as wrapped:
            heard.append(wrapped.recv(1000))

    with peer(listen) as port:
        shown(CAMERA, port, manners=Manners())
    assert heard == [b""]
