"""The default gateway, of the kernel's own tables: /proc/net/route and /proc/net/ipv6_route (proc_net(5)). Pure."""

import ipaddress
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_UP, _GATEWAY, _REJECT = 0x1, 0x2, 0x200
MAX_LINES = 4096


@dataclass(frozen=True)
class Gateway:
    """Where packets for elsewhere go: an address in text (with its zone where it is link-local) and our interface."""

    address: str
    interface: str


def default_gateway(ipv4: str, ipv6: str = "") -> Gateway | None:
    """The gateway of the best default route, IPv4 before IPv6, None where there is none.

    A route without a gateway (a dial-up line, a tunnel) has nobody to ask.
    """
    return _best(ipv4, _ipv4) or _best(ipv6, _ipv6)


def _best(table: str, read: Callable[[Sequence[str]], tuple[int, Gateway] | None]) -> Gateway | None:
    routes: list[tuple[int, Gateway]] = []
    for line in table.splitlines()[:MAX_LINES]:
        try:
            route = read(line.split())
        except (ValueError, IndexError, struct.error):  # the head of the table, or no line of it
            continue
        if route is not None:
            routes.append(route)
    return min(routes, key=lambda route: route[0])[1] if routes else None


def _ipv4(fields: Sequence[str]) -> tuple[int, Gateway] | None:
    """Addresses are hexadecimal in the machine's own order of bytes."""
    interface, target, gateway, flags, metric, mask = *fields[:4], fields[6], fields[7]
    if int(target, 16) or int(mask, 16) or not _usable(flags) or not int(gateway, 16):
        return None
    address = ipaddress.IPv4Address(struct.pack("=I", int(gateway, 16)))
    return int(metric), Gateway(str(address), interface)


def _ipv6(fields: Sequence[str]) -> tuple[int, Gateway] | None:
    """Addresses are hexadecimal as on the wire."""
    target, length, gateway, metric, flags, interface = fields[0], fields[1], fields[4], fields[5], fields[8], fields[9]
    if int(target, 16) or int(length, 16) or not _usable(flags) or not int(gateway, 16):
        return None
    address = ipaddress.IPv6Address(bytes.fromhex(gateway))
    zone = f"%{interface}" if address.is_link_local else ""
    return int(metric, 16), Gateway(f"{address}{zone}", interface)


def _usable(flags: str) -> bool:
    return int(flags, 16) & (_UP | _GATEWAY | _REJECT) == _UP | _GATEWAY
