"""Power over Ethernet, of POWER-ETHERNET-MIB (RFC 3621): what each port does, and what the whole switch delivers. Pure.

The MIB numbers its ports by group and number and does not say which interface that is. Most switches use the number of
the interface or of the bridge's port; stacks number each member anew (`Gi2/0/5` is group 2, number 5).
"""

import re
from collections.abc import Mapping, Sequence

from agent.snmp import mib
from agent.snmp.mib import Oid, Value
from agent.snmp.ports import Port
from agent.snmp.walk import Table

MOST_SUPPLIES = 16
_DELIVERING, _FAULTS, _KNOWN = 3, frozenset({4, 6}), range(1, 7)
_MEMBER = re.compile(r"[A-Za-z-]*(\d+)/0/(\d+)")
_MOST_WATTS = 100_000


def matched(rows: Sequence[Oid], ports: Sequence[Port], bridged: Mapping[int, int]) -> dict[Oid, int]:
    """The interface of each powered port, by its row in the MIB; what can't be told is left out.

    `bridged` are interfaces by the number of the bridge's port.
    """
    rows = [row for row in rows if len(row) == 2]
    present = {port.index for port in ports}
    for candidate in (
        {row: row[1] for row in rows},
        {row: bridged.get(row[1], 0) for row in rows},
        _by_name(rows, ports),
    ):
        if rows and set(candidate.values()) <= present and len(set(candidate.values())) == len(rows):
            return candidate
    return {}


def port_values(status: Value) -> dict[str, float]:
    """The metrics of one port, of its detection status."""
    if not isinstance(status, int) or status not in _KNOWN:
        return {}
    return {"poe_delivering": float(status == _DELIVERING), "poe_fault": float(status in _FAULTS)}


def supply_values(table: Table) -> dict[str, float]:
    """The metrics of the whole switch: all its supplies together."""
    told = {"poe_budget_watts": _watts(table, mib.PSE_POWER), "poe_power_watts": _watts(table, mib.PSE_CONSUMPTION)}
    return {name: value for name, value in told.items() if value is not None}


def _watts(table: Table, column: Oid) -> float | None:
    values = [one for one in table.column(column).values() if isinstance(one, int) and 0 <= one <= _MOST_WATTS]
    return float(sum(values)) if values else None


def _by_name(rows: Sequence[Oid], ports: Sequence[Port]) -> dict[Oid, int]:
    members = {(int(m[1]), int(m[2])): port.index for port in ports if (m := _MEMBER.fullmatch(port.name))}
    return {row: members.get((row[0], row[1]), 0) for row in rows}
