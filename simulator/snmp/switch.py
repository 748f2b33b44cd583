"""A switch that answers SNMP over real UDP on loopback: versions 2c and 3, with pysnmp's own agent side."""

import bisect
import secrets
import selectors
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Self

from agent.network.wake import Wake
from agent.snmp import mib
from agent.snmp.library import (
    AbstractMibInstrumController,
    AbstractTransport,
    AbstractTransportDispatcher,
    PyAsn1Error,
    PySnmpError,
    SnmpEngine,
    UdpTransportAddress,
    cmdrsp,
    config,
    context,
    v2c,
)
from agent.snmp.mib import Oid
from simulator.snmp.state import Port, State, access_switch
from simulator.snmp.tables import table

__all__ = ["Fault", "Port", "State", "Switch", "access_switch"]

_COLUMNS = frozenset(value for value in vars(mib).values() if isinstance(value, tuple))


class Fault(StrEnum):
    """What a switch does instead of answering well."""

    SILENT = "takes everything, says nothing"
    GARBAGE = "answers with bytes that are no SNMP"
    FLOOD = "answers with a hundred datagrams that nobody asked for"
    ENDLESS = "has always one more row"
    BACKWARDS = "tells rows in the wrong order"
    STUCK = "tells the same row again and again"
    MUTE_COUNTERS = "has no interface counters"


class Switch:
    """One switch; `state` may be changed at any time. Without a `user` it does not know version 3."""

    def __init__(
        self,
        state: State | None = None,
        community: str = "public",
        user: tuple[str, str, str] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`user` is a name, and its two passwords (SHA, AES)."""
        self.state = state or access_switch()
        self.fault: Fault | None = None
        self.requests = 0
        """Datagrams received."""
        self.writes = 0
        """Attempts to set something."""
        self.hosts: set[str] = set()
        self._community = community
        self._user = user
        self._place = (host, port)
        self._identity = b"\x80\x00\x00\x00\x05" + secrets.token_bytes(5)
        self._starts = 0
        self._rows: Mapping[Oid, Any] | None = None
        self._running: tuple[threading.Thread, socket.socket, Wake] | None = None

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._place[0]

    @property
    def port(self) -> int:
        """The UDP port it listens on."""
        return self._place[1]

    def start(self) -> Self:
        """Switch on."""
        line, wake = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), Wake()
        line.bind(self._place)
        line.setblocking(False)
        self._place = line.getsockname()
        thread = threading.Thread(target=self._serve, args=(line, wake), name="switch", daemon=True)
        self._running = (thread, line, wake)
        thread.start()
        return self

    def stop(self) -> None:
        """Switch off: the port is closed."""
        if self._running is None:
            return
        thread, line, wake = self._running
        self._running = None
        wake.set()
        thread.join()
        line.close()
        wake.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, line: socket.socket, wake: Wake) -> None:
        wire = _Wire(line)
        engine = self._engine(wire)
        with selectors.DefaultSelector() as selector:
            selector.register(line, selectors.EVENT_READ)
            wake.watch(selector)
            while not wake.called:
                selector.select()
                try:
                    datagram, peer = line.recvfrom(65_535)
                except (BlockingIOError, ConnectionRefusedError):
                    continue
                self.requests += 1
                self.hosts.add(peer[0])
                self._answer(wire, datagram, peer)
        engine.close_dispatcher()

    def _answer(self, wire: "_Wire", datagram: bytes, peer: Any) -> None:
        fault, self._rows = self.fault, None
        if fault is Fault.GARBAGE:
            wire.line.sendto(secrets.token_bytes(60), peer)
        elif fault is Fault.FLOOD:
            for _ in range(100):
                wire.line.sendto(datagram[:-1], peer)
        elif fault is not Fault.SILENT:
            try:
                wire.hand_on(datagram, peer)
            except (PyAsn1Error, PySnmpError):  # as an agent does with what it does not understand
                return

    def _engine(self, wire: "_Wire") -> SnmpEngine:
        engine = SnmpEngine()
        self._be_somebody(engine)
        engine.register_transport_dispatcher(wire.dispatcher)
        config.add_v1_system(engine, "readers", self._community)
        config.add_vacm_user(engine, 2, "readers", "noAuthNoPriv", (1, 3, 6))
        if self._user is not None:
            name, password, privacy = self._user
            kinds = config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CFB128_AES
            config.add_v3_user(engine, name, kinds[0], password, kinds[1], privacy)
            config.add_vacm_user(engine, 3, name, "authPriv", (1, 3, 6))
        told = context.SnmpContext(engine)
        told.unregister_context_name(b"")
        told.register_context_name(b"", _Instrumentation(self))
        for kind in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
            kind(engine, told)
        cmdrsp.SetCommandResponder(engine, told)
        return engine

    def _be_somebody(self, engine: SnmpEngine) -> None:
        """The same identity at every start, of the form of RFC 3411, and one start more; pysnmp's own way would keep
        files of it."""
        self._starts += 1
        symbols = engine.get_mib_builder().import_symbols
        (identity, starts) = symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
        identity.syntax = identity.syntax.clone(self._identity)
        starts.syntax = starts.syntax.clone(self._starts)
        engine.snmpEngineID = identity.syntax

    def rows(self) -> Mapping[Oid, Any]:
        """All that it tells; one look at the state serves one question."""
        if self._rows is None:
            rows = table(self.state)
            if self.fault is Fault.MUTE_COUNTERS:
                rows = {oid: one for oid, one in rows.items() if not isinstance(one, v2c.Counter32 | v2c.Counter64)}
            self._rows = rows
        return self._rows


class _Wire(AbstractTransport):  # type: ignore[misc] # it has no types
    """A socket that answers whoever asks."""

    ADDRESS_TYPE = UdpTransportAddress

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.dispatcher = AbstractTransportDispatcher()
        self.dispatcher.register_transport(config.SNMP_UDP_DOMAIN, self)

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:  # noqa: N803 - the parent's names
        """Send an answer."""
        self.line.sendto(outgoingMessage, tuple(transportAddress))

    def hand_on(self, datagram: bytes, peer: Any) -> None:
        """Have pysnmp answer a question."""
        self._callback_function(self, UdpTransportAddress(peer), datagram)


class _Instrumentation(AbstractMibInstrumController):  # type: ignore[misc] # it has no types
    """Reads the switch's state."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def read_variables(self, *varBinds: Any, **_: Any) -> list[Any]:  # noqa: N803 - the parent's names
        """GET."""
        rows = self._switch.rows()
        return [(name, rows.get(tuple(name), v2c.NoSuchInstance())) for name, _ in varBinds]

    def read_next_variables(self, *varBinds: Any, **_: Any) -> list[Any]:  # noqa: N803 - the parent's names
        """GETNEXT, and each step of GETBULK."""
        rows = self._switch.rows()
        names = list(rows)
        found = self._after(names)
        return [_row(name, found(tuple(name)), rows) for name, _ in varBinds]

    def write_variables(self, *varBinds: Any, **_: Any) -> list[Any]:  # noqa: N803 - the parent's names
        """SET: counted, and done as if."""
        self._switch.writes += 1
        return list(varBinds)

    def _after(self, names: Sequence[Oid]) -> Callable[[Oid], Oid | None]:
        fault = self._switch.fault

        def following(name: Oid) -> Oid | None:
            if fault is Fault.ENDLESS:
                return (*name, 1) if name in _COLUMNS else (*name[:-1], name[-1] + 1)
            at = bisect.bisect_right(names, name)
            if fault is Fault.BACKWARDS:
                return names[max(0, at - 2)] if name in names else names[min(at + 1, len(names) - 1)]
            if fault is Fault.STUCK:
                return names[max(0, at - 1)] if name in names else (names[at] if at < len(names) else None)
            return names[at] if at < len(names) else None

        return following


def _row(asked: Any, name: Oid | None, rows: Mapping[Oid, Any]) -> Any:
    if name is None:
        return asked, v2c.EndOfMibView()
    return v2c.ObjectIdentifier(name), rows.get(name, v2c.Integer(1))
