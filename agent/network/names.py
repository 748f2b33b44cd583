"""Host names to addresses, looked up aside: a name server that is away holds up nobody's pings."""

import ipaddress
import logging
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait

log = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
"""How long an address is used before the name is looked up again; a failed look-up is tried anew in every round."""
_WORKERS = 4


def lookup(host: str) -> str:
    """The first address of a name. Raises OSError."""
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])


class Names:
    """What is known of names. An address once known is used on while the name can't be looked up."""

    def __init__(self, look_up: Callable[[str], str] = lookup, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._look_up = look_up
        self._monotonic = monotonic
        self._known: dict[str, tuple[str, float]] = {}
        self._failed: set[str] = set()
        self._running: dict[str, Future[str]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def refresh(self, hosts: Iterable[str], patience: float) -> None:
        """Look up what is due, and wait at most so many seconds for it; what takes longer counts in a later round."""
        now = self._monotonic()
        for host in hosts:
            fresh = host in self._known and now - self._known[host][1] < FRESH_SECONDS
            if not _numeric(host) and not fresh and host not in self._running:
                self._pool = self._pool or ThreadPoolExecutor(_WORKERS, thread_name_prefix="names")
                self._running[host] = self._pool.submit(self._look_up, host)
        wait(self._running.values(), timeout=patience)
        for host in [host for host, future in self._running.items() if future.done()]:
            self._learn(host, self._running.pop(host))

    def address(self, host: str) -> str | None:
        """Its address, None where none is known yet."""
        return host if _numeric(host) else self._known.get(host, (None, 0.0))[0]

    def failed(self, host: str) -> bool:
        """Whether it could not be looked up, and never was."""
        return host in self._failed and host not in self._known

    def close(self) -> None:
        """Look up nothing more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _learn(self, host: str, future: Future[str]) -> None:
        try:
            self._known[host] = (future.result(), self._monotonic())
        except (OSError, UnicodeError) as error:
            if host not in self._failed:
                log.warning("host name can't be looked up host=%s reason=%r", host, str(error)[:100])
            self._failed.add(host)
        else:
            self._failed.discard(host)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
