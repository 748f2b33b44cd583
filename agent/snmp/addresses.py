"""Which hardware addresses a switch sees behind which port, of Q-BRIDGE-MIB or BRIDGE-MIB. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.network.neighbours import plain_mac
from agent.snmp.mib import Oid, Value

MOST_ON_A_DEVICES_PORT = 4
"""Addresses behind a port that still is a device's: the camera, and a small switch or extender before it. More is the
way to another switch."""


@dataclass(frozen=True)
class Sight:
    """What a switch sees: the interface by hardware address, and how many addresses there are behind each."""

    where: Mapping[str, int] = field(default_factory=dict)
    crowd: Mapping[int, int] = field(default_factory=dict)

    def seat(self, mac: str) -> int | None:
        """The interface of a device's own port, None where it is not seen, or only behind another switch."""
        index = self.where.get(mac)
        return index if index is not None and self.crowd[index] <= MOST_ON_A_DEVICES_PORT else None


def interfaces(base: Mapping[Oid, Value]) -> dict[int, int]:
    """The interface of each of the bridge's ports (dot1dBasePortIfIndex)."""
    return {row[0]: index for row, index in base.items() if len(row) == 1 and isinstance(index, int)}


def sight(by_vlan: Mapping[Oid, Value], plain: Mapping[Oid, Value], bridged: Mapping[int, int]) -> Sight:
    """Of the rows of dot1qTpFdbPort, else dot1dTpFdbPort. An address that shows up in two VLANs is one."""
    where: dict[str, int] = {}
    rows = [(row[1:], port) for row, port in by_vlan.items()] if by_vlan else list(plain.items())
    for octets, port in rows:
        index = bridged.get(port) if isinstance(port, int) else None
        if index is None or len(octets) != 6 or not all(0 <= octet <= 255 for octet in octets):
            continue
        mac = plain_mac(bytes(octets).hex())
        if mac is not None:
            where[mac] = index
    return Sight(where, Counter(where.values()))
