"""Whether a port takes connections."""

import socket

from agent.device.address import Endpoint
from agent.device.reach import takes_connections


def test_a_port_that_listens_takes_connections_and_one_that_does_not_refuses() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        where = Endpoint("127.0.0.1", one.getsockname()[1])
        assert not takes_connections(where, 1.0)
        one.listen()
        assert takes_connections(where, 1.0)


def test_a_name_nobody_has_takes_none() -> None:
    assert not takes_connections(Endpoint("no-such-host.invalid"), 1.0)
    assert not takes_connections(Endpoint("x" * 64 + ".invalid"), 1.0)
