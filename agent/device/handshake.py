"""The certificate a device shows in a TLS handshake. It is read, not verified, and nothing is said to the device after.

So whatever a camera of ten years ago can do is taken: old versions, weak ciphers, short keys.
"""

import ssl

from agent.device.address import Endpoint
from agent.device.certificate import Certificate, Unreadable, from_der
from agent.device.errors import BadAnswer, DeviceError, HeldBack, TimedOut
from agent.device.line import Line
from agent.device.manners import MANNERS, MAX_REQUESTS, Manners
from agent.device.tcp import connect

_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT, which Python 3.12 names: servers from before RFC 5746 (2010)."""


def shown(
    endpoint: Endpoint,
    port: int,
    timeout: float = 5.0,
    max_requests: int = MAX_REQUESTS,
    manners: Manners = MANNERS,
) -> Certificate:
    """What the device at `endpoint` shows on its `port`. Counts as one request to it.

    Raises DeviceError: Unreachable where nobody listens, TimedOut, BadAnswer for what is no TLS or no certificate that
    can be read, HeldBack.
    """
    line = Line()
    manner = manners.of(endpoint)
    try:
        with manner.turn(timeout):
            manner.spend(max_requests)
            line.begin(timeout)
            return from_der(_shake(endpoint.host, port, line))
    except HeldBack:
        raise
    except Unreadable as error:
        raise BadAnswer(f"{endpoint.host}:{port} TLS: {error}") from None
    except DeviceError as error:
        raise type(error)(f"{endpoint.host}:{port} TLS: {error}") from None


def _shake(host: str, port: int, line: Line) -> bytes:
    """The certificate, in DER."""
    plain, _ = connect(host, port, line)
    with plain, _context().wrap_socket(plain, do_handshake_on_connect=False) as wrapped:
        try:
            wrapped.settimeout(line.left())  # of the whole handshake, whatever drips
            wrapped.do_handshake()
        except TimeoutError:
            raise TimedOut("no handshake in time") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise BadAnswer(f"no handshake: {reason}") from None
        der = wrapped.getpeercert(binary_form=True)
    if not der:
        raise BadAnswer("shows no certificate")
    return der


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context
