"""A switch's ports, of IF-MIB: which of them are sockets in its front, their link, and rates of two readings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.device.text import printable
from agent.snmp import mib
from agent.snmp.mib import Oid, Value
from agent.snmp.walk import Table

MOST_PORTS = 128
PHYSICAL = frozenset({6, 62, 69, 117})
"""ifType: Ethernet, and what older switches call fast and gigabit Ethernet. Not VLANs, trunks, loopbacks, tunnels."""

NAMES = (mib.IF_TYPE, mib.IF_DESCR, mib.IF_NAME, mib.IF_ALIAS, mib.IF_ADMIN)
"""What is read of all interfaces, now and then."""
_WIDE = (mib.IF_HC_IN, mib.IF_HC_OUT)
_NARROW = (mib.IF_IN, mib.IF_OUT)
_ERRORS = (mib.IF_IN_ERRORS, mib.IF_OUT_ERRORS)
_DROPS = (mib.IF_IN_DISCARDS, mib.IF_OUT_DISCARDS)
_COMMON = (mib.IF_OPER, mib.IF_HIGH_SPEED, mib.IF_DISCONTINUITY, *_ERRORS, *_DROPS)

_UP, _DOWN = 1, frozenset({2, 5, 6, 7})
"""ifOperStatus: up; down, dormant, not present, and down with the one below. Testing and unknown tell nothing."""
_WRAP32, _WRAP64 = 2**32, 2**64
_MEGABIT = 1_000_000.0


@dataclass(frozen=True)
class Port:
    """One socket of a switch."""

    index: int
    name: str
    alias: str = ""
    enabled: bool = True

    def columns(self, wide: bool) -> Sequence[Oid]:
        """What is read of it in every round."""
        return (*_COMMON, *(_WIDE if wide else _NARROW))


@dataclass(frozen=True)
class Reading:
    """What a port told at one moment of the monotonic clock; `uptime` is the switch's, in hundredths of a second."""

    mono: float
    uptime: int
    values: Mapping[Oid, Value]

    def number(self, column: Oid) -> int | None:
        """A number of it, None where it was not told."""
        value = self.values.get(column)
        return value if isinstance(value, int) and value >= 0 else None


def ports_of(table: Table) -> tuple[list[Port], int]:
    """The ports of a switch by ifIndex, at most `MOST_PORTS`, and how many there are beyond."""
    found = [
        Port(
            index=row[0],
            name=_text(table, mib.IF_NAME, row) or _text(table, mib.IF_DESCR, row) or str(row[0]),
            alias=_text(table, mib.IF_ALIAS, row),
            enabled=table.column(mib.IF_ADMIN).get(row) != 2,
        )
        for row, kind in sorted(table.column(mib.IF_TYPE).items())
        if len(row) == 1 and 0 < row[0] < 2**31 and kind in PHYSICAL
    ]
    return found[:MOST_PORTS], max(0, len(found) - MOST_PORTS)


def link(reading: Reading) -> dict[str, float]:
    """The metrics of a port's link."""
    state = reading.number(mib.IF_OPER)
    if state != _UP and state not in _DOWN:
        return {}
    values = {"link_up": float(state == _UP)}
    megabit = reading.number(mib.IF_HIGH_SPEED)
    if state == _UP and megabit:
        values["link_speed_bits_per_second"] = megabit * _MEGABIT
    return values


def restarted(before: int, after: int, seconds: float) -> bool:
    """Whether a switch began anew between two of its uptimes (hundredths), so many seconds apart. Its clock of 32 bits
    turns over every 497 days; that is no restart."""
    gone = (after - before) % _WRAP32
    return after < before and gone > (seconds + 60.0) * 100.0


def rates(before: Reading | None, after: Reading) -> dict[str, float]:
    """The metrics of a port between two readings; nothing across a restart, or where its counters began anew."""
    if before is None or after.mono <= before.mono:
        return {}
    seconds = after.mono - before.mono
    changed = before.values.get(mib.IF_DISCONTINUITY) != after.values.get(mib.IF_DISCONTINUITY)
    if changed or restarted(before.uptime, after.uptime, seconds):
        return {}
    received, sent = (_bytes(before, after, wide, narrow) for wide, narrow in zip(_WIDE, _NARROW, strict=True))
    told = {
        "network_receive_bytes_per_second": received,
        "network_transmit_bytes_per_second": sent,
        "network_errors_per_second": _sum(before, after, _ERRORS),
        "network_drops_per_second": _sum(before, after, _DROPS),
    }
    return {name: growth / seconds for name, growth in told.items() if growth is not None}


def _bytes(before: Reading, after: Reading, wide: Oid, narrow: Oid) -> int | None:
    """Growth of a counter of bytes: of 64 bits; of 32 only where it can't have turned over twice."""
    growth = _growth(before, after, wide, _WRAP64)
    if growth is not None:
        return growth
    megabit = after.number(mib.IF_HIGH_SPEED)
    if megabit is None or megabit * _MEGABIT / 8 * (after.mono - before.mono) >= _WRAP32:
        return None
    return _growth(before, after, narrow, _WRAP32, half=False)


def _sum(before: Reading, after: Reading, columns: Sequence[Oid]) -> int | None:
    growths = [growth for column in columns if (growth := _growth(before, after, column, _WRAP32)) is not None]
    return sum(growths) if growths else None


def _growth(before: Reading, after: Reading, column: Oid, wrap: int, half: bool = True) -> int | None:
    """How far a counter went, turning over at `wrap`. More than half of its whole range is a counter set back."""
    old, new = before.number(column), after.number(column)
    if old is None or new is None or old >= wrap or new >= wrap:
        return None
    growth = (new - old) % wrap
    return None if half and growth > wrap // 2 else growth


def _text(table: Table, column: Oid, row: Oid) -> str:
    value = table.column(column).get(row)
    return printable(value.decode("utf-8", "replace"), 64) if isinstance(value, bytes) else ""
