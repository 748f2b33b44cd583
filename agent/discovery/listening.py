"""Sends WS-Discovery's question and gathers answers: to the group on each interface, and to single hosts slowly."""

import contextlib
import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from agent.device.errors import BadAnswer
from agent.device.workers import apart
from agent.discovery.probe import GROUP, MAX_DATAGRAM, PORT, TYPES, Match, Question, answer, question

MAX_ANSWERS = 1000
"""Devices, at most."""
MAX_EACH = 8
"""Datagrams taken from one address."""
_ROUNDS = 2
"""How often the group is asked: a datagram may be lost."""
_ROUND_SECONDS = 0.5
HOSTS_PER_SECOND = 50
_TTL = 1


class NoNetwork(Exception):  # noqa: N818 - a state
    """Nothing can be asked on this machine; the text says why."""


@dataclass(frozen=True)
class Interface:
    """One of ours, by its name and IPv4 address."""

    name: str
    address: str


@dataclass
class Heard:
    """Who answered, by address. `ignored` counts datagrams that were no answer, or too many."""

    matches: dict[str, list[Match]] = field(default_factory=dict)
    ignored: int = 0


def listen(
    interfaces: Sequence[Interface],
    hosts: Iterable[str],
    seconds: float,
    say: Callable[[str], None],
    count: int = 0,
    *,
    port: int = PORT,
) -> Heard:
    """Ask the group on these interfaces and each of `hosts` (`count` of them), and listen for so many seconds after the
    last question. Raises NoNetwork where no question could be sent."""
    questions = [question(types) for types in TYPES]
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        grouped = [one for interface in interfaces if (one := _grouped(interface, stack)) is not None]
        single = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        single.setblocking(False)
        for line in (*grouped, single):
            selector.register(line, selectors.EVENT_READ)
        ears = _Ears(selector, frozenset(one.id for one in questions))
        sent = _ask_group(grouped, questions, ears, port)
        sent |= _ask_hosts(single, hosts, count, questions, ears, say, port)
        if not sent:
            raise NoNetwork("no question could be sent: is there a network interface with an IPv4 address?")
        say(f"listening for {seconds:g} s")
        ears.hear(seconds)
    return ears.heard


class _Ears:
    """Takes what comes, judged in a thread that ends: devices' XML is in it."""

    def __init__(self, selector: selectors.BaseSelector, asked: frozenset[str]) -> None:
        self.heard = Heard()
        self._selector = selector
        self._asked = asked
        self._each: Counter[str] = Counter()

    def hear(self, seconds: float) -> None:
        """For so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            datagrams = [one for key, _ in self._selector.select(left) for one in _received(key.fileobj)]
            if datagrams:
                apart(lambda datagrams=datagrams: self._take_all(datagrams))  # type: ignore[misc]

    def _take_all(self, datagrams: Sequence[tuple[bytes, str]]) -> None:
        for body, sender in datagrams:
            self._take(body, sender)

    def _take(self, body: bytes, sender: str) -> None:
        known = self.heard.matches
        self._each[sender] += sender in self._each or len(self._each) < 2 * MAX_ANSWERS
        full = sender not in known and len(known) >= MAX_ANSWERS
        if full or not 0 < self._each[sender] <= MAX_EACH:
            self.heard.ignored += 1
            return
        try:
            matches = answer(body, self._asked)
        except BadAnswer:
            self.heard.ignored += 1
            return
        held = known.setdefault(sender, [])
        held += [match for match in matches if match not in held]


def _received(line: object) -> list[tuple[bytes, str]]:
    """What waits at a socket, a few at a time."""
    found: list[tuple[bytes, str]] = []
    if isinstance(line, socket.socket):
        with contextlib.suppress(OSError):
            while len(found) < 32:
                body, peer = line.recvfrom(MAX_DATAGRAM)
                found.append((body, peer[0]))
    return found


def _grouped(interface: Interface, stack: contextlib.ExitStack) -> socket.socket | None:
    """A socket that asks the group on this interface, and no farther than its own network."""
    line = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    line.setblocking(False)
    try:
        index = socket.if_nametoindex(interface.name)
        where = struct.pack("=4s4si", socket.inet_aton("0.0.0.0"), socket.inet_aton(interface.address), index)  # noqa: S104
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        line.bind((interface.address, 0))
    except OSError:  # it went away
        return None
    return line


def _ask_group(lines: Sequence[socket.socket], questions: Sequence[Question], ears: _Ears, port: int) -> bool:
    sent = False
    for _ in range(_ROUNDS if lines else 0):
        for line in lines:
            for one in questions:
                sent |= _send(line, one, GROUP, port)
        ears.hear(_ROUND_SECONDS)
    return sent


def _ask_hosts(
    line: socket.socket,
    hosts: Iterable[str],
    count: int,
    questions: Sequence[Question],
    ears: _Ears,
    say: Callable[[str], None],
    port: int,
) -> bool:
    sent = False
    for number, host in enumerate(hosts, 1):
        for one in questions:
            sent |= _send(line, one, host, port)
        ears.hear(1 / HOSTS_PER_SECOND)
        if number % HOSTS_PER_SECOND == 0:
            say(f"{number} of {count} addresses asked")
    return sent


def _send(line: socket.socket, one: Question, host: str, port: int) -> bool:
    try:
        line.sendto(one.body, (host, port))
    except OSError:  # no route there, or its neighbour entry is full: the next one is asked
        return False
    return True
