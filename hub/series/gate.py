"""Whether live batches may go straight to the store: shut by a failure or a slow answer, opened by quick ones.

A store that answers late would hold up acknowledgements, rules and tickets by every batch; so would one that answers a
look but fails each write. Either way the pauses before it is trusted again grow while it goes on so.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

log = logging.getLogger(__name__)

TRUST_SECONDS = 120.0
"""A store that has behaved for so long starts anew: its next lapse costs the shortest pause."""


class Backoff(NamedTuple):
    """Seconds between attempts at a store that is away: `first`, doubled up to `most`, each cut by up to a half."""

    first: float = 1.0
    most: float = 60.0

    def pause(self, failures: int) -> float:
        """How long to wait after the given number of failures in a row, at least one."""
        whole = min(self.most, self.first * 2.0 ** min(failures - 1, 30))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


class Gate:
    """Thread-safe. `patience` is how long (seconds) a live write may take; `monotonic` tells seconds."""

    def __init__(self, patience: float, backoff: Backoff, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.patience = patience
        self._backoff = backoff
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._open = True
        self._opened = monotonic()
        self._by_look = False
        self._not_before = self._alone_until = monotonic()
        self._lapses = 0
        self._error: str | None = None

    @property
    def open(self) -> bool:
        """Live batches may go straight to the store."""
        return self._open

    @property
    def error(self) -> str | None:
        """The last trouble, None before the first."""
        return self._error

    @property
    def wait(self) -> float:
        """Seconds until it may open at the earliest."""
        return max(0.0, self._not_before - self._monotonic())

    @property
    def alone(self) -> float:
        """Seconds for which the store asks to be left alone: neither it nor what waits for it is tried meanwhile."""
        return max(0.0, self._alone_until - self._monotonic())

    def note(self, error: object) -> bool:
        """Remember a trouble; whether it is another than the last one."""
        text, before = str(error), self._error
        self._error = text
        return text != before

    def shut(self, error: object, retry_after: float = 0.0) -> None:
        """A write failed. `retry_after` are seconds the store asks to be left alone."""
        with self._lock:
            # Before it shuts: whoever finds it shut finds how long to leave the store alone, too.
            self._alone_until = max(self._alone_until, self._monotonic() + retry_after)
            was_open = self._open  # else it is the same trouble, told by another write that was under way
            self._shut(error)
            if was_open and self._by_look:  # it answered a look, and failed the first write again
                self._lapse()
            self._not_before = max(self._not_before, self._alone_until)

    def slow(self) -> None:
        """A live write took longer than `patience`."""
        with self._lock:
            self._shut(f"no answer to a write within {self.patience:g} s")
            self._lapse()

    def found(self, seconds: float, wrote: bool) -> None:
        """The store answered after `seconds`: a write, or a look only. Too slow an answer opens nothing."""
        with self._lock:
            if self._open or seconds > self.patience / 2 or self._monotonic() < self._not_before:
                return
            self._open, self._by_look = True, not wrote
            self._opened = self._monotonic()
        log.info("series store is back")

    def _shut(self, error: object) -> None:
        self.note(error)
        if self._open:
            self._open = False
            log.warning("series store is away, buffering: %s", error)

    def _lapse(self) -> None:
        now = self._monotonic()
        self._lapses = 1 if now - self._opened > TRUST_SECONDS else self._lapses + 1
        self._not_before = max(self._not_before, now + self._backoff.pause(self._lapses))
