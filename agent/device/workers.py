"""Threads that end: libxml2 keeps every XML name that a thread ever read until that thread is gone.

A device that makes up names would fill our memory, or the table's own bound, and with that spoil every later answer.
So what devices say is parsed in threads that live for a round or a few.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

MAX_ROUNDS = 10
"""Rounds after which busy threads are left to end by themselves, too."""


class Workers:
    """A pool of `count` threads, replaced between rounds."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._rounds = 0
        self._pool = self._new()

    def renew(self, idle: bool) -> None:
        """A round begins. `idle`: nothing of earlier ones is under way; what is gets a few rounds to end."""
        self._rounds += 1
        if self._rounds > 1 and (idle or self._rounds > MAX_ROUNDS):
            self._pool.shutdown(wait=False)
            self._pool = self._new()
            self._rounds = 1

    def submit(self, work: Callable[..., T], *args: object) -> Future[T]:
        """Have it done."""
        return self._pool.submit(work, *args)

    def close(self) -> None:
        """Begin nothing more; what is under way ends by its time-out."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, thread_name_prefix=self._name)


def apart(work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread of its own that ends with it."""
    with ThreadPoolExecutor(1, thread_name_prefix="device") as pool:
        return pool.submit(work).result()
