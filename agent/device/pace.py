"""A bound for what devices and programs of others may have of our processor by talking to us."""

import time
from collections.abc import Callable

SHARE = 0.25
"""Seconds of the processor's time that a thread may have each second."""


class Pace:
    """At most `most` things a second, and no more than SHARE of work with them. For one thread at a time."""

    def __init__(
        self,
        most: int,
        monotonic: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        self._most = most
        self._monotonic = monotonic
        self._worked = worked
        self._since = float("-inf")
        self._before = 0.0
        self._count = 0

    def take(self, count: int) -> float:
        """So many more things; how long to rest now, seconds, mostly 0. Called by the thread that does the work."""
        now = self._monotonic()
        if now - self._since >= 1.0:
            self._since, self._before, self._count = now, self._worked(), 0
        self._count += count
        if self._count <= self._most and self._worked() - self._before <= SHARE:
            return 0.0
        return self._since + 1.0 - now
