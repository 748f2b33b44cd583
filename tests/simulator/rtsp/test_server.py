"""The simulated RTSP server itself: that it checks what it claims to check, seen over a plain socket."""

import socket
import time
from collections.abc import Iterator

import pytest

from agent.device.digest import Challenge, answer, choose
from simulator.device.auth import Gate
from simulator.rtsp import RtspFault, RtspServer
from simulator.rtsp.message import description
from tests.waiting import wait_until

URI = "rtsp://127.0.0.1/main"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    made = RtspServer(
        lambda path: description("H264", 640, 360, 15) if path == "/main" else None,
        Gate("watchkeeper", "secret", time.time, time.monotonic),
    )
    made.on()
    yield made
    made.close()


def ask(connection: socket.socket, method: str, uri: str = URI, authorization: str = "") -> str:
    extra = f"Authorization: {authorization}\r\n" if authorization else ""
    connection.sendall(f"{method} {uri} RTSP/1.0\r\nCSeq: 5\r\n{extra}\r\n".encode())
    return connection.recv(65536).decode()


def connected(server: RtspServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), 5)


def challenge(told: str) -> Challenge:
    found = choose(line.partition(": ")[2] for line in told.split("\r\n") if line.startswith("WWW-Authenticate"))
    assert found is not None
    return found


def test_a_description_is_for_who_knows_the_password(server: RtspServer) -> None:
    with connected(server) as connection:
        assert ask(connection, "OPTIONS").startswith("RTSP/1.0 200 OK\r\nCSeq: 5\r\n")
        wanted = challenge(ask(connection, "DESCRIBE"))
        wrong = answer(wanted, "watchkeeper", "guess", "DESCRIBE", URI)
        wanted = challenge(ask(connection, "DESCRIBE", authorization=wrong))
        right = answer(wanted, "watchkeeper", "secret", "DESCRIBE", URI)
        assert "a=rtpmap:96 H264/90000" in ask(connection, "DESCRIBE", authorization=right)
        assert "stale=true" in ask(connection, "DESCRIBE", authorization=right), "a replay"
        elsewhere = answer(wanted, "watchkeeper", "secret", "DESCRIBE", f"{URI}2")
        assert "404" in ask(connection, "DESCRIBE", f"{URI}2", elsewhere)
        assert "501" in ask(connection, "SETUP")
    assert server.gate is not None
    assert server.gate.refused_logins == 1
    assert server.requests == {"OPTIONS": 1, "DESCRIBE": 5, "SETUP": 1}


def test_a_nonce_without_a_count_serves_again(server: RtspServer) -> None:
    assert server.gate is not None
    server.gate.qop, server.gate.algorithms = False, ("SHA-256",)
    with connected(server) as connection:
        wanted = challenge(ask(connection, "DESCRIBE"))
        assert not wanted.qop
        for _ in range(2):
            right = answer(wanted, "watchkeeper", "secret", "DESCRIBE", URI)
            assert ask(connection, "DESCRIBE", authorization=right).startswith("RTSP/1.0 200")


def test_it_goes_and_comes_back_on_its_port(server: RtspServer) -> None:
    with connected(server) as connection:
        ask(connection, "OPTIONS")
        server.off()
        assert connection.recv(10) == b""
        with pytest.raises(ConnectionRefusedError):
            connected(server)
        server.on()
    with connected(server) as connection:
        assert "200 OK" in ask(connection, "OPTIONS")


def test_what_is_no_rtsp_is_refused(server: RtspServer) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(1000).startswith(b"RTSP/1.0 400")
        assert connection.recv(10) == b""


def test_a_fault_ends_when_it_is_healed(server: RtspServer) -> None:
    server.fault = RtspFault.DRIP
    with connected(server) as connection:
        connection.sendall(f"OPTIONS {URI} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        assert connection.recv(1)
        server.fault = None
        wait_until(lambda: connection.recv(1000) == b"", what="the connection ends")


def test_the_huge_description_is_huge(server: RtspServer) -> None:
    server.fault = RtspFault.HUGE
    with connected(server) as connection:
        connection.sendall(f"DESCRIBE {URI} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        got = 0
        while got < 4_000_000:
            got += len(connection.recv(1 << 20))
