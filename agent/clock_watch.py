"""Watches for the moment the true time becomes known, and has earlier reports of this boot dated by it."""

import logging
import threading
from typing import Protocol

from agent.clock import Clock, Reference, moment
from agent.collector import Reading
from agent.dating import EARLIEST_MS

log = logging.getLogger(__name__)

_SET_LATER = "clock set later"


class Datable(Protocol):
    """What of the spool is used here."""

    undated: bool
    unset: bool

    def date(self, ahead_ms: float, source: str, *, unset_only: bool = False) -> int | None:
        """As `Spool.date`."""
        ...


class ClockWatch:
    """Safe to use from several threads."""

    def __init__(self, clock: Clock, reference: Reference, spool: Datable | None) -> None:
        self._clock = clock
        self._reference = reference
        self._spool = spool
        self._referenced: bool | None = None
        self._lock = threading.Lock()

    def note(self, reading: Reading) -> None:
        """What a collector learnt of reference clocks, logged when it changes."""
        if reading.clock is not None:
            self._reference.read(reading.clock)
        elif reading.clock_lost:
            self._reference.lost()
        else:
            return
        referenced = reading.clock is not None
        if referenced != self._referenced:
            self._referenced = referenced
            log.info("reference clock %s", f"source={reading.clock.source}" if reading.clock else "none")
        self.look()

    def look(self) -> None:
        """Now and then: date what can be. Without a reference a clock that somebody has set is the best known."""
        spool = self._spool
        if spool is None or not (spool.undated or spool.unset):
            return
        with self._lock:
            known = self._reference.ahead()
            if known is not None:
                ahead, source = known
                self._tell(spool.date(ahead * 1000, source), source)
            elif spool.unset and self._clock.wall() * 1000 >= EARLIEST_MS:
                ahead = moment(self._clock.wall, self._clock.mono).shift
                self._tell(spool.date(ahead * 1000, _SET_LATER, unset_only=True), _SET_LATER)

    def _tell(self, dated: int | None, source: str) -> None:
        if dated:
            log.info("earlier reports dated count=%d source=%s", dated, source)
