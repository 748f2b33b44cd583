"""Whether a host is there at all, when the protocol that we wanted of it is silent."""

from agent.network.connects import Outcome, connect
from agent.network.names import lookup
from agent.network.pings import Pace, Pinger, PingForbidden
from agent.network.wake import Wake

PORTS = (80, 443, 22)
"""What a device's own pages listen on; a refusal shows it as well."""
_PACE = Pace(2, 0.3, 1.0)
_PATIENCE = 4.0


def alive(host: str, wake: Wake) -> bool | None:
    """Whether it answers pings, or TCP; None when woken before that was known. Takes 6 s at most, beside looking up
    its name."""
    try:
        address = lookup(host)
    except (OSError, UnicodeError):
        return False
    try:
        with Pinger(wake) as pinger:
            if pinger.ping([address], _PACE)[address].seconds:
                return True
    except PingForbidden:
        pass
    found = connect([(address, port) for port in PORTS], _PATIENCE, wake).values()
    if any(one.answered for one in found):
        return True
    return None if wake.called or all(one.outcome is Outcome.UNKNOWN for one in found) else False
