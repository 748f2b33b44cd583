import socket

import pytest

from agent.device.address import Endpoint
from agent.device.reach import own_address, takes_connections


def test_a_port_that_somebody_listens_on_takes_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = Endpoint("127.0.0.1", server.getsockname()[1])
        assert takes_connections(endpoint, 1.0)
    assert not takes_connections(endpoint, 1.0)


@pytest.mark.parametrize(("host", "ours"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.9", "127.0.0.1"), ("::1", "::1")])
def test_the_way_tells_the_address_that_a_device_sees_of_us(host: str, ours: str) -> None:
    assert own_address(Endpoint(host, 80)) == ours


def test_without_a_way_there_is_no_address() -> None:
    assert own_address(Endpoint("no-such-host.invalid", 80)) == ""
