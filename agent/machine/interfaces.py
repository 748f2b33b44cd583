"""Network interfaces: which of them count, their link, and rates from the kernel's counters. Needs no rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

SYSFS = Path("/sys")
MOST_INTERFACES = 32

_UP = 0x1
"""IFF_UP: somebody switched it on."""
_ETHERNET_AND_RAW_IP = frozenset({"1", "519"})
"""ARP types: wired, wireless and USB adapters; mobile modems. Not CAN buses, loopback, tunnels."""
_NO_LINK = frozenset({"down", "lowerlayerdown", "dormant", "notpresent"})
_MEGABIT = 1_000_000.0
_FASTEST = 2_000_000
"""Megabit a second; beyond it are drivers that say 65535 · 65537 for "unknown"."""

_COUNTERS = ("received", "sent", "errors", "drops")


@dataclass(frozen=True)
class Counters:
    """What one interface counts up: bytes both ways, and packets with errors and dropped, both ways together."""

    received: int = 0
    sent: int = 0
    errors: int = 0
    drops: int = 0


@dataclass(frozen=True)
class Link:
    """An interface's link as it is now. `speed` in bits a second, None where the driver does not know it."""

    up: bool
    speed: float | None = None


@dataclass(frozen=True)
class Choice:
    """Which interfaces are watched, as patterns of names: physical ones and `include`, without `exclude`."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def takes(self, name: str, sysfs: Path = SYSFS) -> bool:
        """Whether an interface counts: asked for, or hardware that is switched on."""
        if _matches(name, self.exclude):
            return False
        return _matches(name, self.include) or (_physical(name, sysfs) and _switched_on(name, sysfs))


class Watch:
    """The interfaces watched since the start: one that vanishes stays, without a link."""

    def __init__(self, choice: Choice, sysfs: Path = SYSFS) -> None:
        self._choice = choice
        self._sysfs = sysfs
        self.names: tuple[str, ...] = ()
        """In the order of their first being seen, at most `MOST_INTERFACES`."""

    def look(self, present: Sequence[str]) -> dict[str, Link]:
        """The link of each watched interface; `present` are the names there are now."""
        new = [name for name in sorted(present) if name not in self.names and self._choice.takes(name, self._sysfs)]
        self.names = (*self.names, *new)[:MOST_INTERFACES]
        return {name: link(name, self._sysfs) if name in present else Link(up=False) for name in self.names}


def link(name: str, sysfs: Path = SYSFS) -> Link:
    """Its link. One that is switched off has none: the kernel then refuses to tell the carrier."""
    folder = sysfs / "class/net" / name
    up = _text(folder / "carrier") == "1" and _text(folder / "operstate") not in _NO_LINK
    megabit = _text(folder / "speed")
    known = up and megabit.isdecimal() and 0 < int(megabit) <= _FASTEST and megabit != "65535"
    return Link(up, int(megabit) * _MEGABIT if known else None)


def address(name: str, sysfs: Path = SYSFS) -> str:
    """Its hardware address, "" where it has none."""
    return _text(sysfs / "class/net" / name / "address")


def rates(before: Counters | None, after: Counters | None, seconds: float) -> dict[str, float]:
    """Metrics of one interface between two readings; nothing where it was not there, or a driver began anew."""
    if before is None or after is None or seconds <= 0:
        return {}
    growth = {name: getattr(after, name) - getattr(before, name) for name in _COUNTERS}
    if min(growth.values()) < 0:
        return {}
    return {
        "network_receive_bytes_per_second": growth["received"] / seconds,
        "network_transmit_bytes_per_second": growth["sent"] / seconds,
        "network_errors_per_second": growth["errors"] / seconds,
        "network_drops_per_second": growth["drops"] / seconds,
    }


def total(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The sum of several interfaces' rates."""
    sums: dict[str, float] = {}
    for values in each:
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value
    return sums


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _physical(name: str, sysfs: Path) -> bool:
    """Bridges, VLANs, tunnels and the ends of containers have no device behind them."""
    folder = sysfs / "class/net" / name
    return (folder / "device").exists() and _text(folder / "type") in _ETHERNET_AND_RAW_IP


def _switched_on(name: str, sysfs: Path) -> bool:
    flags = _text(sysfs / "class/net" / name / "flags")
    try:
        return bool(int(flags, 16) & _UP)
    except ValueError:
        return False


def _text(path: Path) -> str:
    """A small file's text, "" where it can't be read: many attributes answer EINVAL without a link."""
    try:
        with path.open("rb") as file:
            return file.read(200).decode("ascii", "replace").strip()
    except OSError:
        return ""
