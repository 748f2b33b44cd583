"""The way to a device: whether it takes connections at all, and which address of ours it sees."""

import contextlib
import socket

from agent.device.address import Endpoint


def takes_connections(endpoint: Endpoint, timeout: float) -> bool:
    """Whether a TCP connection to its configured port is accepted; it is closed at once, nothing is sent."""
    with contextlib.suppress(OSError, UnicodeError), socket.create_connection((endpoint.host, endpoint.port), timeout):
        return True
    return False


def own_address(endpoint: Endpoint) -> str:
    """The address that the device sees of us, where no router between changes it; empty where there is no way to it.

    Nothing is sent: a datagram socket only looks up the route.
    """
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(found[0], found[1]) as probe:
            probe.connect(found[4])
            return str(probe.getsockname()[0]).partition("%")[0]
    return ""
