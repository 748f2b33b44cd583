"""The clock collector against small NTP servers on loopback."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from agent.collector import Context
from agent.collectors.clock import ClockSettings, address, plugin
from tests.servers.server import free_port

HERE = Context(agent="gate", host="gate-host")
EPOCH = 2_208_988_800


@dataclass
class NtpServer:
    """Answers questions about the time as told; `ahead` is how far its clock is ahead of ours, in seconds."""

    ahead: float = 0.0
    stratum: int = 2
    leap: int = 0
    mode: int = 4
    dispersion: float = 0.01
    root_delay: float = 0.02
    echo: bool = True
    silent: bool = False
    delays: list[float] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            question, peer = self._socket.recvfrom(256)
            if question == b"end":
                self._socket.close()
                return
            self.asked += 1
            if self.silent:
                continue
            body = self._answer(question[40:48] if self.echo else b"\x01" * 8)
            if self.delays:
                # The way back is slow: the offset seems half of this off, and the delay tells.
                threading.Event().wait(self.delays.pop(0))
            self._socket.sendto(body, peer)

    def _answer(self, origin: bytes) -> bytes:
        now = time.time() + self.ahead + EPOCH
        stamp = struct.pack("!II", int(now), int((now % 1) * 2**32))
        head = struct.pack(
            "!BBBbIII",
            self.leap << 6 | 4 << 3 | self.mode,
            self.stratum,
            6,
            -20,
            int(self.root_delay * 65536),
            int(self.dispersion * 65536),
            0x7F000001,
        )
        return head + stamp + origin + stamp + stamp

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            host, _, port = self.name.partition(":")
            sender.sendto(b"end", (host, int(port)))
        self._thread.join()


@pytest.fixture
def servers() -> Iterator[list[NtpServer]]:
    started: list[NtpServer] = []
    yield started
    for server in started:
        server.close()


def reading(*names: str, samples: int = 3) -> tuple[dict[str, float], str | None, bool]:
    """The values, the source and whether the reference is lost, of one run against these servers."""
    settings = ClockSettings(servers=names, samples=samples, server_timeout_seconds=0.3)
    (collector,) = plugin.build(settings, HERE)
    result = collector.collect()
    (measurement,) = result.measurements
    assert measurement.device == "gate-host"
    return dict(measurement.values), result.clock.source if result.clock else None, result.clock_lost


def test_the_offset_is_reference_minus_ours_within_its_error(servers: list[NtpServer]) -> None:
    servers.append(NtpServer(ahead=-12.5))
    values, source, lost = reading(servers[0].name)
    assert values["clock_reference"] == 1.0
    assert abs(values["clock_offset_seconds"] + 12.5) <= values["clock_offset_error_seconds"] < 0.2
    assert (source, lost) == (f"ntp:{servers[0].name}", False)
    assert servers[0].asked == 3


def test_of_several_answers_the_one_with_the_least_delay_counts(servers: list[NtpServer]) -> None:
    servers.append(NtpServer(delays=[0.2, 0.0, 0.2]))
    values, _, _ = reading(servers[0].name)
    assert abs(values["clock_offset_seconds"]) < 0.05


def test_servers_are_asked_in_order_until_one_answers(servers: list[NtpServer]) -> None:
    servers += [NtpServer(silent=True), NtpServer(ahead=1.0), NtpServer(ahead=2.0)]
    values, source, _ = reading(*(server.name for server in servers))
    assert values["clock_offset_seconds"] == pytest.approx(1.0, abs=0.1)
    assert source == f"ntp:{servers[1].name}"
    assert (servers[0].asked, servers[2].asked) == (1, 0)


@pytest.mark.parametrize(
    "flaw",
    [
        {"stratum": 0},
        {"stratum": 16},
        {"leap": 3},
        {"mode": 3},
        {"dispersion": 20.0},
        {"echo": False},
        {"silent": True},
    ],
    ids=str,
)
def test_a_server_that_is_no_reference_leaves_the_clock_unknown_not_accurate(
    servers: list[NtpServer], flaw: dict[str, object]
) -> None:
    servers.append(NtpServer(**flaw))  # type: ignore[arg-type]  # one field of several types
    assert reading(servers[0].name) == ({"clock_reference": 0.0}, None, True)


def test_no_server_and_no_name_service_is_no_reference() -> None:
    names = (f"127.0.0.1:{free_port()}", "no-such-host.invalid")
    assert reading(*names) == ({"clock_reference": 0.0}, None, True)


def test_addresses_are_hosts_with_or_without_a_port() -> None:
    assert address("pool.ntp.org") == ("pool.ntp.org", 123)
    assert address("10.0.0.1:1234") == ("10.0.0.1", 1234)
    assert address("[fe80::1%eth0]:99") == ("fe80::1%eth0", 99)
    assert address("[::1]") == ("::1", 123)
