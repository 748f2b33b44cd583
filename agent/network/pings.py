"""Pings to many hosts from one thread: one socket a family, one selector."""

import contextlib
import os
import random
import secrets
import selectors
import socket
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.network import icmp
from agent.network.connects import UNREACHABLE
from agent.network.wake import Wake

_GROUP_RANGE = Path("/proc/sys/net/ipv4/ping_group_range")
_READS = 64
"""Packets read in a row before the clock is looked at again."""
_CHANCE = random.SystemRandom()


class PingForbidden(Exception):  # noqa: N818 - a state
    """This process may not ping; the text says what to allow."""


@dataclass
class Echoes:
    """What came of the pings to one address. `sent` counts those that were decided: answered, or waited for in vain."""

    sent: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def typical(self) -> float | None:
        """The median round trip, None where none was answered."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def loss(self) -> float | None:
        """Share without an answer, None where none was sent."""
        return 1.0 - len(self.seconds) / self.sent if self.sent else None


@dataclass(frozen=True)
class Pace:
    """`count` pings to each address, `apart` seconds from one to the next, each waited for `patience` seconds."""

    count: int = 3
    apart: float = 5.0
    patience: float = 2.0

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return self.count * self.apart - self.apart / 2 + self.patience

    def schedule(self, addresses: Sequence[str]) -> list[tuple[float, str]]:
        """When to ping whom, in seconds from the start: each pass in an order of its own, spread over half of it."""
        moments = []
        for number in range(self.count):
            order = list(addresses)
            _CHANCE.shuffle(order)
            step = self.apart / 2 / max(1, len(order))
            moments += [(number * self.apart + at * step, address) for at, address in enumerate(order)]
        return moments


class Pinger:
    """Sockets for pings, of the families that may be had. Use it within `with`."""

    def __init__(self, wake: Wake) -> None:
        """Raises PingForbidden where not even IPv4 pings are allowed."""
        self._wake = wake
        self._sockets = _open()

    def __enter__(self) -> "Pinger":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets.values():
            one.close()

    def ping(self, addresses: Iterable[str], pace: Pace) -> Mapping[str, Echoes]:
        """What came of it, by address (text as `icmp.sockaddr` takes it). Ends early when woken."""
        run = _Run(self._sockets, list(dict.fromkeys(addresses)), pace)
        with selectors.DefaultSelector() as selector:
            self._wake.watch(selector)
            for family, one in self._sockets.items():
                selector.register(one, selectors.EVENT_READ, family)
            while not self._wake.called and (wait := run.step()) is not None:
                for key, _ in selector.select(wait):
                    if isinstance(key.data, socket.AddressFamily):
                        run.hear(key.data)
        return run.echoes


class _Run:
    """One run of pings: what is due, what is awaited, what came."""

    def __init__(
        self, sockets: Mapping[socket.AddressFamily, socket.socket], addresses: Sequence[str], pace: Pace
    ) -> None:
        self._sockets = sockets
        self._pace = pace
        self._begun = time.monotonic()
        self._due = pace.schedule(addresses)[::-1]
        self._awaited: dict[bytes, tuple[str, float]] = {}  # in the order of sending
        self.echoes = {address: Echoes() for address in addresses}

    def step(self) -> float | None:
        """Do what is due; how long to wait then, None when all is done."""
        now = time.monotonic()
        while self._due and self._begun + self._due[-1][0] <= now:
            self._send(self._due.pop()[1])
        for token in [t for t, (_, sent) in self._awaited.items() if now - sent >= self._pace.patience]:
            self.echoes[self._awaited.pop(token)[0]].sent += 1
        moments = [self._begun + self._due[-1][0]] if self._due else []
        moments += [sent + self._pace.patience for _, sent in list(self._awaited.values())[:1]]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def hear(self, family: socket.AddressFamily) -> None:
        """Take the answers that wait."""
        for _ in range(_READS):
            try:
                packet = self._sockets[family].recv(2048)
            except BlockingIOError:
                return
            except OSError:  # an error some earlier ping met: that one stays without an answer
                continue
            address, sent = self._awaited.pop(icmp.token_of(family, packet) or b"", ("", 0.0))
            if address:
                self.echoes[address].sent += 1
                self.echoes[address].seconds.append(time.monotonic() - sent)

    def _send(self, address: str) -> None:
        family, token = icmp.family_of(address), secrets.token_bytes(icmp.TOKEN_BYTES)
        if family not in self._sockets:
            return
        try:
            self._sockets[family].sendto(icmp.request(family, len(self._due), token), icmp.sockaddr(address))
        except OSError as error:
            # No route, or nobody in our own network has the address: there is no way to it, as with a lost ping.
            # What our own machine forbids or has no room for says nothing of the host.
            self.echoes[address].sent += error.errno in UNREACHABLE
        else:
            self._awaited[token] = (address, time.monotonic())


def _open() -> dict[socket.AddressFamily, socket.socket]:
    sockets: dict[socket.AddressFamily, socket.socket] = {}
    for family, protocol in icmp.PROTOCOLS.items():
        with contextlib.suppress(OSError):  # a machine without this family, or not allowed
            one = socket.socket(family, socket.SOCK_DGRAM, protocol)
            one.setblocking(False)
            sockets[family] = one
    if socket.AF_INET not in sockets:
        for one in sockets.values():
            one.close()
        raise PingForbidden(_reason())
    return sockets


def _reason() -> str:
    try:
        text = _GROUP_RANGE.read_text("ascii")
    except (OSError, ValueError):
        text = ""
    return icmp.why_not(text, {os.getegid(), *os.getgroups()})
