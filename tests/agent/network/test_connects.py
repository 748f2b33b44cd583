"""TCP connects side by side, to real sockets."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from agent.network.connects import Connect, Outcome, connect
from agent.network.wake import Wake
from tests.servers.server import HOST, free_port


@pytest.fixture
def wake() -> Iterator[Wake]:
    one = Wake()
    yield one
    one.close()


@contextlib.contextmanager
def listening() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def full() -> Iterator[int]:
    """A port whose queue is full: it drops what comes, as a firewall does."""
    with socket.create_server((HOST, 0), backlog=0) as server, contextlib.ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(contextlib.closing(socket.socket()))
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def test_taken_refused_and_dropped_are_told_apart_within_one_wait(wake: Wake) -> None:
    refusing = free_port()
    with listening() as taking, full() as silent:
        begun = time.monotonic()
        found = connect([(HOST, taking), (HOST, refusing), (HOST, silent)], 0.4, wake)
        assert 0.4 <= time.monotonic() - begun < 10.0
    assert found[HOST, taking].outcome is Outcome.ACCEPTED
    assert found[HOST, refusing].outcome is Outcome.REFUSED
    assert found[HOST, silent] == Connect(Outcome.SILENT)
    assert found[HOST, taking].answered
    assert found[HOST, refusing].answered
    for port in (taking, refusing):
        seconds = found[HOST, port].seconds
        assert seconds is not None
        assert 0 <= seconds < 0.4


def test_it_ends_at_once_where_everybody_answers(wake: Wake) -> None:
    with listening() as port:
        begun = time.monotonic()
        connect([(HOST, port)] * 3 + [("::1", free_port())], 10.0, wake)
        assert time.monotonic() - begun < 5.0


def test_more_places_than_fit_at_once_are_all_asked(wake: Wake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.network.connects.AT_ONCE", 2)
    places = [(f"127.0.0.{host}", free_port()) for host in range(1, 8)]
    found = connect(places, 5.0, wake)
    assert {one.outcome for one in found.values()} == {Outcome.REFUSED}
    assert list(found) != []
    assert set(found) == set(places)


def test_what_is_no_address_is_unknown_and_an_interface_that_is_gone_leads_nowhere(wake: Wake) -> None:
    found = connect([("camera", 80), ("fe80::1%gone", 80)], 1.0, wake)
    assert found["camera", 80].outcome is Outcome.UNKNOWN
    assert found["fe80::1%gone", 80].outcome in (Outcome.UNREACHABLE, Outcome.UNKNOWN)


def test_a_wait_ends_when_woken_and_what_was_not_decided_is_unknown(wake: Wake) -> None:
    with full() as silent:
        timer = threading.Timer(0.1, wake.set)
        timer.start()
        begun = time.monotonic()
        found = connect([(HOST, silent)], 30.0, wake)
        assert time.monotonic() - begun < 5.0
        timer.join()
    assert found[HOST, silent].outcome is Outcome.UNKNOWN
    assert connect([(HOST, 1)], 30.0, wake)[HOST, 1].outcome is Outcome.UNKNOWN, "once woken it stays so"
