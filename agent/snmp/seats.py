"""Which device hangs on which port, of all switches together. Shared by their collectors.

A camera is seen by every switch on the way to it; its own port is the one with the fewest addresses behind. A device
that is not seen any more keeps its place: when it is dead, that is what people need to know.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.network.names import Names
from agent.network.neighbours import Neighbour, plain_mac, read
from wire.messages import Device

_NAMES_PATIENCE = 2.0


@dataclass(frozen=True)
class Seat:
    """A place: the switch, its interface and what that is called; how many addresses are behind it. `fresh` while the
    device is seen there."""

    switch: str
    index: int
    port: str
    crowd: int = 1
    fresh: bool = True


class Seats:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: dict[str, dict[str, Seat]] = {}

    def tell(self, switch: str, seen: Mapping[str, Seat]) -> None:
        """What a switch sees now, by device; what it saw before is kept as stale."""
        with self._lock:
            before = self._seats.get(switch, {})
            stale = {d: Seat(s.switch, s.index, s.port, s.crowd, fresh=False) for d, s in before.items()}
            self._seats[switch] = {**stale, **seen}

    def of(self, switch: str) -> dict[str, Seat]:
        """The devices whose own port is this switch's."""
        with self._lock:
            return {device: seat for device, seat in self._best().items() if seat.switch == switch}

    def _best(self) -> dict[str, Seat]:
        best: dict[str, Seat] = {}
        for seats in self._seats.values():
            for device, seat in seats.items():
                known = best.setdefault(device, seat)
                if (not seat.fresh, seat.crowd) < (not known.fresh, known.crowd):
                    best[device] = seat
        return best


class Residents:
    """The devices that may hang on a port, and their hardware addresses: configured, or of our neighbours' table."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        hosts: Mapping[str, str],
        macs: Mapping[str, str],
        neighbours: Callable[[], list[Neighbour]] | None = None,
        names: Names | None = None,
    ) -> None:
        """`devices` by id, `hosts` their addresses or names by id, `macs` what was configured by id."""
        self.devices = devices
        self._names = names or Names()
        self._hosts = hosts
        self._neighbours = neighbours or read
        self._lock = threading.Lock()
        self._macs = {device: mac for device, text in macs.items() if (mac := plain_mac(text)) is not None}
        self._configured = frozenset(self._macs)

    def macs(self) -> dict[str, str]:
        """Hardware address by device; one once known is kept while the device is silent."""
        known = {one.address: one.mac for one in self._neighbours()}
        with self._lock:
            self._names.refresh(self._hosts.values(), _NAMES_PATIENCE)
            addresses = {device: self._names.address(host) or "" for device, host in self._hosts.items()}
            # A router that answers for others (proxy ARP) has their addresses, not their places.
            shared = Counter(known[address] for address in set(addresses.values()) if address in known)
            for device, address in addresses.items():
                if address in known and shared[known[address]] == 1 and device not in self._configured:
                    self._macs[device] = known[address]
            return {device: mac for device, mac in self._macs.items() if device in self.devices}

    def close(self) -> None:
        """Look up no more names."""
        self._names.close()
