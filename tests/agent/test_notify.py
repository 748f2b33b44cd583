"""What systemd is told."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The manager's end of the socket, and its name as in NOTIFY_SOCKET."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@watchkeeper-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        one.settimeout(5)
        yield one, name


def test_it_says_what_happens_over_either_kind_of_socket(manager: tuple[socket.socket, str]) -> None:
    end, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.status("well\nFDSTORE=1")
    notifier.status("well\nFDSTORE=1")
    notifier.reloading()
    notifier.alive()
    notifier.stopping()
    heard = [end.recv(4096).decode() for _ in range(5)]
    assert heard[:2] == ["READY=1", "STATUS=well FDSTORE=1"]
    assert heard[2].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[3:] == ["WATCHDOG=1", "STOPPING=1"]


def test_without_a_manager_nothing_is_said() -> None:
    for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}):
        notifier = Notifier({**environment, "WATCHDOG_USEC": "1000000"})
        notifier.ready()
        assert notifier.watchdog_seconds == 0


def test_a_manager_that_is_gone_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notifier.ready()
    notifier.alive()
    assert caplog.text.count("service manager can't be told") == 1


def test_a_manager_that_does_not_read_delays_nothing(manager: tuple[socket.socket, str]) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager[1]})
    for _ in range(2000):
        notifier.alive()


def test_what_it_must_hear_waits_for_a_busy_manager(manager: tuple[socket.socket, str]) -> None:
    end, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    for _ in range(2000):
        notifier.alive()
    heard: list[bytes] = []

    def listen() -> None:
        while b"STOPPING=1" not in heard:
            heard.append(end.recv(4096))

    late = threading.Timer(0.3, listen)
    late.start()
    notifier.ready()
    notifier.reloading()
    notifier.stopping()
    late.join(10)
    assert heard[-3] == b"READY=1"
    assert heard[-2].startswith(b"RELOADING=1")


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": "-5"}, 0.0),
        ({"WATCHDOG_USEC": "1"}, 0.1),
    ],
)
def test_the_watchdogs_time_is_honoured_where_it_is_ours(environment: dict[str, str], seconds: float) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/x", **environment}).watchdog_seconds == seconds
