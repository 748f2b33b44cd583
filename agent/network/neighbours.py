"""The kernel's neighbour table of IPv4, /proc/net/arp: which hardware address answers for which address."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

_COMPLETE = 0x2
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
MAX_NEIGHBOURS = 8192
_TABLE = Path("/proc/net/arp")
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Neighbour:
    """One that answered lately: its address, its hardware address (lower case, with colons), and our interface."""

    address: str
    mac: str
    interface: str


def read(path: Path = _TABLE) -> list[Neighbour]:
    """This machine's, empty where the table can't be read."""
    try:
        with path.open("rb") as file:
            return parse(file.read(_MAX_BYTES).decode("ascii", "replace"))
    except OSError:
        return []


def parse(table: str) -> list[Neighbour]:
    """Those the kernel knows; entries that nobody answered for are left out."""
    found: list[Neighbour] = []
    for line in table.splitlines()[1 : MAX_NEIGHBOURS + 1]:
        fields = line.split()
        if len(fields) != 6 or not _complete(fields[2]):
            continue
        mac = plain_mac(fields[3])
        try:
            address = str(ipaddress.IPv4Address(fields[0]))
        except ValueError:
            continue
        if mac is not None:
            found.append(Neighbour(address, mac, fields[5]))
    return found


def plain_mac(text: str) -> str | None:
    """A hardware address as we write it, of any common way to (`00-1B-..`, `001b.44..`); None for anything else, for
    a group's, and for none at all."""
    digits = re.sub(r"[:.-]", "", text.strip().lower())
    mac = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    if not _MAC.fullmatch(mac) or not int(digits, 16) or int(digits[:2], 16) & 1:
        return None
    return mac


def _complete(flags: str) -> bool:
    try:
        return bool(int(flags, 16) & _COMPLETE)
    except ValueError:
        return False
