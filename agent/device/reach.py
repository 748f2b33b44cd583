"""Whether a device takes connections at all: what is left to know of one that does not answer."""

import contextlib
import socket

from agent.device.address import Endpoint


def takes_connections(endpoint: Endpoint, timeout: float) -> bool:
    """Whether a TCP connection to its configured port is accepted; it is closed at once, nothing is sent."""
    with contextlib.suppress(OSError, UnicodeError), socket.create_connection((endpoint.host, endpoint.port), timeout):
        return True
    return False
