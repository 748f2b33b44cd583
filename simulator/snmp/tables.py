"""What a simulated switch tells: its state as object identifiers and values, in their order."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.snmp import mib
from agent.snmp.library import v2c
from agent.snmp.mib import Oid
from simulator.snmp.state import Port, State


def table(state: State) -> Mapping[Oid, Any]:
    """Everything, in ascending order."""
    return dict(sorted([*_system(state), *_interfaces(state), *_bridge(state), *_power(state)], key=lambda one: one[0]))


def _system(state: State) -> Iterator[tuple[Oid, Any]]:
    yield mib.SYS_DESCR, v2c.OctetString(state.description)
    yield mib.SYS_UPTIME, v2c.TimeTicks(int(state.uptime * 100) % 2**32)
    yield mib.SYS_NAME, v2c.OctetString(state.name)


def _interfaces(state: State) -> Iterator[tuple[Oid, Any]]:
    for index, port in state.ports.items():
        link = port.up and port.enabled
        received, sent, errors, drops = state.counted(port)
        for column, value in (
            (mib.IF_DESCR, v2c.OctetString(port.name)),
            (mib.IF_TYPE, v2c.Integer(port.kind)),
            (mib.IF_ADMIN, v2c.Integer(1 if port.enabled else 2)),
            (mib.IF_OPER, v2c.Integer(1 if link else 2)),
            (mib.IF_IN, v2c.Counter32(received % 2**32)),
            (mib.IF_OUT, v2c.Counter32(sent % 2**32)),
            (mib.IF_IN_ERRORS, v2c.Counter32(errors % 2**32)),
            (mib.IF_OUT_ERRORS, v2c.Counter32(0)),
            (mib.IF_IN_DISCARDS, v2c.Counter32(0)),
            (mib.IF_OUT_DISCARDS, v2c.Counter32(drops % 2**32)),
            (mib.IF_NAME, v2c.OctetString(port.name)),
            (mib.IF_HIGH_SPEED, v2c.Gauge32(port.megabit if link else 0)),
            (mib.IF_ALIAS, v2c.OctetString(port.alias)),
            (mib.IF_DISCONTINUITY, v2c.TimeTicks(0)),
        ):
            yield (*column, index), value
        if state.high_capacity:
            yield (*mib.IF_HC_IN, index), v2c.Counter64(received % 2**64)
            yield (*mib.IF_HC_OUT, index), v2c.Counter64(sent % 2**64)


def _bridge(state: State) -> Iterator[tuple[Oid, Any]]:
    bridged = {index: number for number, index in enumerate(state.ports, 1)}
    for index, number in bridged.items():
        yield (*mib.BASE_PORT_IF_INDEX, number), v2c.Integer(index)
    for index, port in state.ports.items():
        for mac in port.macs:
            octets = tuple(int(part, 16) for part in mac.split(":"))
            place = (*mib.Q_FDB_PORT, state.vlan, *octets) if state.vlan else (*mib.FDB_PORT, *octets)
            yield place, v2c.Integer(bridged[index])


def _power(state: State) -> Iterator[tuple[Oid, Any]]:
    powered = [port for port in state.ports.values() if port.poe is not None]
    if not powered:
        return
    for number, port in enumerate(powered, 1):
        yield (*mib.PSE_DETECTION, 1, number), v2c.Integer(int(port.poe or Port.SEARCHING))
    yield (*mib.PSE_POWER, 1), v2c.Gauge32(state.budget_watts)
    yield (*mib.PSE_CONSUMPTION, 1), v2c.Gauge32(round(sum(p.watts for p in powered if p.poe == Port.DELIVERING)))
