"""TCP connects to many hosts from one thread: who takes them, who refuses, and how long that took.

Nothing is sent over a connection; it is closed as soon as it stands.
"""

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.network import icmp
from agent.network.wake import Wake

AT_ONCE = 256
"""Connects under way at the same time, to as many hosts."""

UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
"""Our kernel or a router says that there is no way. Within our own network: nobody has the address any more."""


class Outcome(StrEnum):
    """What became of a connect. UNKNOWN: our own machine did not let us, or we were told to stop."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Connect:
    """One connect, and the seconds until it was taken or refused."""

    outcome: Outcome
    seconds: float | None = None

    @property
    def answered(self) -> bool:
        """Whether somebody was there. A refusal is an answer too, though a router may have given it."""
        return self.outcome in (Outcome.ACCEPTED, Outcome.REFUSED)


Place = tuple[str, int]
"""An IP address in text, and a port."""


def connect(places: Iterable[Place], patience: float, wake: Wake) -> Mapping[Place, Connect]:
    """One connect to each, waited for `patience` seconds. Ends early when woken."""
    todo = list(dict.fromkeys(places))[::-1]
    done = dict.fromkeys(todo, Connect(Outcome.UNKNOWN))
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as open_ones:
        wake.watch(selector)
        awaited: dict[Place, float] = {}
        while (todo or awaited) and not wake.called:
            while todo and len(awaited) < AT_ONCE:
                _begin(todo.pop(), selector, awaited, done, open_ones)
            wait = min(awaited.values(), default=0.0) + patience - time.monotonic()
            for key, _ in selector.select(max(0.0, wait)) if awaited else ():
                if isinstance(key.data, tuple) and isinstance(key.fileobj, socket.socket):
                    done[key.data] = _judge(key.fileobj, time.monotonic() - awaited.pop(key.data))
                    _end(selector, key.fileobj)
            _give_up(selector, awaited, done, time.monotonic() - patience)
    return done


def _begin(
    place: Place,
    selector: selectors.BaseSelector,
    awaited: dict[Place, float],
    done: dict[Place, Connect],
    open_ones: contextlib.ExitStack,
) -> None:
    begun = time.monotonic()
    try:
        one = socket.socket(icmp.family_of(place[0]), socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    except (OSError, ValueError):
        return
    open_ones.callback(one.close)
    one.setblocking(False)
    try:
        error = one.connect_ex(icmp.sockaddr(*place))
    except OSError:  # a zone that is no interface of ours
        error = errno.ENETUNREACH
    if error == errno.EINPROGRESS:
        selector.register(one, selectors.EVENT_WRITE, place)
        awaited[place] = begun
    else:
        done[place] = _verdict(error, time.monotonic() - begun)
        one.close()


def _give_up(
    selector: selectors.BaseSelector, awaited: dict[Place, float], done: dict[Place, Connect], before: float
) -> None:
    late = {place for place, begun in awaited.items() if begun <= before}
    for key in [key for key in selector.get_map().values() if key.data in late]:
        done[key.data] = Connect(Outcome.SILENT)
        del awaited[key.data]
        if isinstance(key.fileobj, socket.socket):
            _end(selector, key.fileobj)


def _judge(one: socket.socket, seconds: float) -> Connect:
    return _verdict(one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), seconds)


def _verdict(error: int, seconds: float) -> Connect:
    if error == 0:
        return Connect(Outcome.ACCEPTED, seconds)
    if error in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Connect(Outcome.REFUSED, seconds)
    if error in UNREACHABLE:
        return Connect(Outcome.UNREACHABLE)
    return Connect(Outcome.SILENT if error == errno.ETIMEDOUT else Outcome.UNKNOWN)


def _end(selector: selectors.BaseSelector, one: socket.socket) -> None:
    selector.unregister(one)
    one.close()
