"""ICMP echo without privileges: Linux' datagram sockets of IPPROTO_ICMP and IPPROTO_ICMPV6. Pure; no socket here.

The kernel fills in identifier and checksum, and hands on only answers to that identifier. Beside it a library would
bring raw sockets, and with them root. Which groups may open such a socket is `net.ipv4.ping_group_range`, of both
families.
"""

import ipaddress
import socket
import struct
from typing import Any

TOKEN_BYTES = 8
"""Of chance in every ping: who answers has heard it."""

_HEADER = struct.Struct("!BBHHH")
_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_PADDING = b"Watchkeeper ping"

PROTOCOLS = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
"""What to open a datagram socket of a family with."""


def request(family: socket.AddressFamily, number: int, token: bytes) -> bytes:
    """An echo request of 32 bytes that carries the token."""
    return _HEADER.pack(_ECHO[family][0], 0, 0, 0, number & 0xFFFF) + token + _PADDING


def token_of(family: socket.AddressFamily, packet: bytes) -> bytes | None:
    """The token in an echo reply, None for any other packet."""
    if len(packet) < _HEADER.size + TOKEN_BYTES or packet[0] != _ECHO[family][1] or packet[1] != 0:
        return None
    return packet[_HEADER.size : _HEADER.size + TOKEN_BYTES]


def family_of(address: str) -> socket.AddressFamily:
    """Of an IP address in text, with its zone where it has one. Raises ValueError for anything else."""
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def sockaddr(address: str, port: int = 0) -> Any:
    """What a socket wants of an address in text; its zone (`fe80::1%eth0`) becomes a number. Raises OSError."""
    return socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]


def why_not(group_range: str, groups: set[int]) -> str:
    """Why pings are not allowed, of the text of /proc/sys/net/ipv4/ping_group_range and our groups."""
    least, _, most = group_range.strip().partition("\t")
    if not (least.isdecimal() and most.isdecimal()):
        return "this machine has no unprivileged ping"
    if any(int(least) <= group <= int(most) for group in groups):
        return "pings are refused, though net.ipv4.ping_group_range allows them"
    return f"net.ipv4.ping_group_range is {least} to {most}, none of our groups: set it to '0 2147483647'"
