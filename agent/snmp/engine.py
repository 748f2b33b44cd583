"""pysnmp's engine over a socket of our own: one question, one answer, in one thread and a bounded time.

pysnmp brings asyncio transports that take datagrams from everyone and resend by themselves. Ours is connected, so that
the kernel drops what others send, counts every datagram that goes out, and can be interrupted. The messages, their
signing and encryption (RFC 3414, 3826) are pysnmp's.
"""

import contextlib
import importlib.util
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.collector import NotAvailable
from agent.device.errors import AuthRefused, BadAnswer, Interrupted, TimedOut, Unreachable
from agent.network.wake import Wake
from agent.snmp.library import (
    AbstractTransport,
    AbstractTransportDispatcher,
    PyAsn1Error,
    PySnmpError,
    SnmpEngine,
    UdpTransportAddress,
    cmdgen,
    config,
    errind,
    univ,
    v2c,
)
from agent.snmp.login import Community, User
from agent.snmp.mib import Oid, Value
from agent.snmp.settings import Cipher, Hash

MAX_DATAGRAM = 8192
"""The longest answer taken; longer ones are cut and with that unreadable. We never ask for as much."""
MAX_STRAYS = 50
"""Datagrams that are no answer, until we stop listening."""
MAX_SENT = 8
"""Datagrams for one question: version 3 takes up to four, to learn identity and time. pysnmp itself would go on for
ever with a switch that calls itself otherwise each time."""

_NOBODY = ("0.0.0.0", 161)  # noqa: S104
"""The address by which pysnmp knows the switch: the socket alone knows where it leads, of either family."""
_TARGET, _PARAMETERS = "switch", "login"
_TICK = 1.0
_MOST_TICKS = 10_000
_MOST_LATE = 10_000
_SPOILT = (
    PyAsn1Error,
    PySnmpError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
)
"""What pysnmp raises over bytes that are no message, beside its own errors."""

_REFUSED = (
    *(errind.UnknownUserName, errind.UnknownSecurityName, errind.WrongDigest, errind.DecryptionError),
    *(errind.AuthenticationFailure, errind.AuthenticationError, errind.UnsupportedSecurityLevel),
)
_HASHES = {
    Hash.SHA: config.USM_AUTH_HMAC96_SHA,
    Hash.SHA256: config.USM_AUTH_HMAC192_SHA256,
    Hash.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
_CIPHERS = {Cipher.AES: config.USM_PRIV_CFB128_AES, Cipher.AES256: config.USM_PRIV_CFB256_AES}


@dataclass(frozen=True)
class Answer:
    """Names and values, and the status of the whole (RFC 3416: 0 well, 1 too big, 6 no access, 16 not authorised)."""

    status: int
    values: Sequence[tuple[Oid, Value]]


class _Wire(AbstractTransport):  # type: ignore[misc] # it has no types
    """What pysnmp sends goes through the connected socket, whatever address it thinks of."""

    ADDRESS_TYPE = UdpTransportAddress

    def __init__(self, line: socket.socket, sent: Callable[[], None]) -> None:
        self._line = line
        self._sent = sent

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:  # noqa: N803 - the parent's names
        """Send a datagram."""
        self._sent()
        with contextlib.suppress(ConnectionRefusedError):  # of an earlier one; this one tells by itself
            self._line.send(outgoingMessage)
            return
        self._line.send(outgoingMessage)

    def hand_on(self, datagram: bytes) -> None:
        """Have pysnmp look at what came."""
        self._callback_function(self, UdpTransportAddress(_NOBODY), datagram)


class Engine:
    """Asks one switch. For one thread; `wake` ends a wait from another. `sent` is told of every datagram sent."""

    def __init__(self, address: Any, login: Community | User, wake: Wake, sent: Callable[[], None]) -> None:
        """`address` is a socket's: its length says the family. Raises Unreachable where there is no
        way, and NotAvailable."""
        if isinstance(login, User) and login.privacy is not None and importlib.util.find_spec("cryptography") is None:
            raise NotAvailable("SNMP version 3 encrypts with the Python package cryptography: pip install cryptography")
        family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
        self._line = socket.socket(family, socket.SOCK_DGRAM)
        self._line.setblocking(False)
        try:
            self._line.connect(address)
        except OSError as error:
            self._line.close()
            raise Unreachable(error.strerror or "no way to it") from None
        self._wake = wake
        self._ticks = 0.0
        self._engine = SnmpEngine(maxMessageSize=MAX_DATAGRAM)
        self._dispatcher = AbstractTransportDispatcher()
        self._sent = 0
        self._tell = sent
        self._wire = _Wire(self._line, self._count)
        self._engine.register_transport_dispatcher(self._dispatcher)
        self._dispatcher.register_transport(config.SNMP_UDP_DOMAIN, self._wire)
        _introduce(self._engine, login)

    def close(self) -> None:
        """Let go of the socket."""
        self._dispatcher.close_dispatcher()
        self._line.close()

    def get(self, oids: Sequence[Oid], timeout: float) -> Answer:
        """The values of these. Raises DeviceError."""
        bound = [(oid, v2c.null) for oid in oids]
        send = cmdgen.GetCommandGenerator().send_varbinds
        return self._ask(lambda told: send(self._engine, _TARGET, None, b"", bound, told), timeout)

    def get_bulk(self, oids: Sequence[Oid], repetitions: int, timeout: float) -> Answer:
        """What follows these, up to so many times each. Raises DeviceError."""
        bound = [(oid, v2c.null) for oid in oids]
        send = cmdgen.BulkCommandGeneratorSingleRun().send_varbinds
        return self._ask(lambda told: send(self._engine, _TARGET, None, b"", 0, repetitions, bound, told), timeout)

    def _ask(self, send: Callable[[Callable[..., None]], Any], timeout: float) -> Answer:
        heard: list[tuple[Any, int, Any]] = []
        self._sent = 0
        self._drain()

        def told(_: Any, __: Any, trouble: Any, status: Any, ___: Any, values: Any, ____: Any) -> None:
            heard.append((trouble, int(status), values))

        try:
            send(told)
            self._listen(heard, time.monotonic() + timeout)
        except OSError as error:
            self._forget(heard)
            raise Unreachable(error.strerror or type(error).__name__) from None
        except (TimedOut, Interrupted, BadAnswer):
            self._forget(heard)
            raise
        except _SPOILT as error:
            self._forget(heard)
            raise BadAnswer(f"no SNMP: {type(error).__name__}") from None
        trouble, status, values = heard[0]
        if trouble:
            raise _error(trouble)
        return Answer(status, [(tuple(name), _plain(value)) for name, value in values])

    def _count(self) -> None:
        self._sent += 1
        if self._sent > MAX_SENT:
            raise BadAnswer("never says who it is")
        self._tell()

    def _drain(self) -> None:
        """What came too late for earlier questions."""
        with contextlib.suppress(OSError):
            for _ in range(_MOST_LATE):
                self._line.recv(1)

    def _listen(self, heard: list[Any], until: float) -> None:
        strays = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ)
            self._wake.watch(selector)
            while not heard:
                ready = selector.select(max(0.0, until - time.monotonic()))
                if self._wake.called:
                    raise Interrupted("interrupted")
                if not ready:
                    raise TimedOut("no answer in time")
                strays += 1
                if strays > MAX_STRAYS:
                    raise BadAnswer("sends what nobody asked for")
                with contextlib.suppress(*_SPOILT, BlockingIOError):
                    self._wire.hand_on(self._line.recv(MAX_DATAGRAM))

    def _forget(self, heard: list[Any]) -> None:
        """Have pysnmp give up on what it waits for: it counts ticks, which are ours to give."""
        for _ in range(_MOST_TICKS):
            if heard:
                return
            self._ticks += _TICK
            with contextlib.suppress(*_SPOILT):
                self._dispatcher.handle_timer_tick(self._ticks)


def _introduce(engine: SnmpEngine, login: Community | User) -> None:
    """Tell pysnmp who we are and whom we ask. Its own time-outs are longer than ours, and it never repeats."""
    if isinstance(login, Community):
        config.add_v1_system(engine, _PARAMETERS, login.text)
        model, level, name = 1, "noAuthNoPriv", _PARAMETERS
    else:
        private = [] if login.privacy is None else [_CIPHERS[login.cipher], login.privacy]
        config.add_v3_user(engine, login.name, _HASHES[login.hash], login.password, *private)
        model, level, name = 3, "authNoPriv" if login.privacy is None else "authPriv", login.name
    config.add_target_parameters(engine, _PARAMETERS, name, level, model)
    config.add_target_address(engine, _TARGET, config.SNMP_UDP_DOMAIN, _NOBODY, _PARAMETERS, 100, 0)


def _error(trouble: Any) -> Exception:
    if isinstance(trouble, _REFUSED):
        return AuthRefused(f"refuses our login: {type(trouble).__name__}")
    if isinstance(trouble, errind.RequestTimedOut):
        return TimedOut("no answer in time")
    return BadAnswer(f"no answer to the question: {type(trouble).__name__}")


def _plain(value: Any) -> Value:
    """A value without pysnmp's types."""
    if isinstance(value, univ.Null):  # a text to pyasn1; no such object, no such instance, the end
        return None
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, univ.OctetString):
        return bytes(value)
    if isinstance(value, univ.ObjectIdentifier):
        return tuple(value)
    return None
