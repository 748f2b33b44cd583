"""A TCP connection to a device, within the deadline of a line."""

import socket

from agent.device.errors import Interrupted, TimedOut, Unreachable
from agent.device.line import Line

_MOST_ADDRESSES = 4


def connect(host: str, port: int, line: Line) -> tuple[socket.socket, str]:
    """To the first of the host's addresses that takes it, and that address. Looking up a name comes on top.

    Raises Unreachable, TimedOut, Interrupted.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[:_MOST_ADDRESSES]
    except (OSError, UnicodeError) as error:
        raise Unreachable(getattr(error, "strerror", None) or "no host name") from None
    problem = OSError("no address")
    for family, kind, protocol, _, address in found:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(line.left(made))
            made.connect(address)
            return made, str(address[0]).partition("%")[0]
        except OSError as error:
            made.close()
            problem = error
    if line.severed:
        raise Interrupted("interrupted")
    if isinstance(problem, TimeoutError):
        raise TimedOut("takes no connection within the time-out")
    raise Unreachable(problem.strerror or type(problem).__name__)
