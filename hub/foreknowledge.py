"""What a hub that stands by knows already of all that it would have to read when it takes over: that takes minutes for
a large fleet, and nothing is heard meanwhile.

A thread reads it from the series store, a part of the fleet at a time and with rests, for live data come first; then
on, every minute. When the holder gives no sign of life it reads on at once, so that little is left when the lease is
taken. What is known then is handed over and forgotten.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from hub.rebuild import debts
from hub.recalled import Memory, Recalled, recall
from hub.recollection import Debts, Key, Owed, by_sites
from hub.remembered import Remembered
from hub.rule import Rule, Settings
from hub.series.store import SeriesUnavailable

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
"""Between two rounds, at least."""

REST_OF_ROUND = 9.0
REST_OF_PART = 2.0
"""Rests are so many times as long as the work before: reading on, or reading a part of the fleet from nothing."""

PART_DEVICES = 500
"""About so many are read from nothing at a time."""

PART_SITES = 100

ROUND_SECONDS = 600.0
"""After so long reading from nothing waits for the next round: what is known has to be read on."""

SUSPICION_SECONDS = 3.0
"""Without a sign of life from the holder, which gives one every two seconds."""

WHOLE_SECONDS = 6 * 3600.0
"""All is read from nothing again: values that waited in the holder's buffer came behind what had been read."""

LOOK_SECONDS = 0.25


class Foreknowledge:
    """`run` and `step` are one thread's; `known` and `forget` the committer's."""

    def __init__(
        self,
        database: sa.Engine,
        series: Remembered,
        rules: Mapping[str, Rule],
        settings: Mapping[str, Settings],
        clock: Callable[[], int],
        working: Callable[[], bool],
        quiet: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`working`: this hub holds the lease. `quiet`: for how many seconds nobody has given a sign of life."""
        self._database = database
        self._series = series
        self._rules, self._settings = rules, settings
        self._clock, self._monotonic = clock, monotonic
        self._working, self._quiet = working, quiet
        self._lock = threading.Lock()
        self._memory: dict[Key, Recalled] = {}
        self._due: set[Key] = set()
        """What is known, and has to be read from nothing again."""
        self._began = self._whole = monotonic()
        self._trouble = ""
        self._told = False

    # --- the committer's ---

    def known(self) -> Memory:
        """As of the last round: what is newer has to be read on. Waits for the reading that is under way."""
        with self._lock:
            return self._memory

    def forget(self) -> None:
        """It was handed over, and will be too old when this hub stands by again."""
        with self._lock:
            self._memory, self._due, self._told = {}, set(), False

    # --- its own thread ---

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Never raises."""
        while not stop.is_set():
            if self._working():
                stop.wait(LOOK_SECONDS)
                continue
            rest = EVERY_SECONDS
            try:
                rest = self.step(stop)
                self._trouble = ""
            except (SeriesUnavailable, sa.exc.SQLAlchemyError) as error:
                self._fail(error)
            except Exception:  # supervised: without it this hub takes over all the same, only slower
                log.exception("what this hub knows beforehand can't be read")
            self._rest(stop, rest)

    def step(self, stop: threading.Event) -> float:
        """A round: read on, then from nothing what is not known yet. For how many seconds to rest then. Raises
        SQLAlchemyError, SeriesUnavailable."""
        began = self._began = self._monotonic()
        wanted = self._wanted()
        self._read({key: one for key, one in wanted.items() if self._leads(key, wanted)}, only=True)
        rest = max(EVERY_SECONDS, (self._monotonic() - began) * REST_OF_ROUND)
        if began - self._whole > WHOLE_SECONDS:
            self._whole, self._due = began, set(wanted)
        anew = {key: one for key, one in wanted.items() if key in self._due or not self._leads(key, wanted)}
        for part, _ in by_sites(anew, PART_SITES, PART_DEVICES):
            started = self._monotonic()
            if started - began > ROUND_SECONDS or self._urgent() or stop.is_set():
                self._tell(len(wanted))
                return 0.0
            # As of now: what has been judged since would look as if it had not, and is asked for at length.
            now = self._wanted()
            self._read({key: now[key] for key in part if key in now}, afresh=True)
            self._due -= part.keys()
            self._rest(stop, (self._monotonic() - started) * REST_OF_PART)
        self._tell(len(wanted))
        return rest

    def _wanted(self) -> dict[Key, Owed]:
        with self._database.connect() as connection:
            return debts(connection, self._rules, self._settings, self._clock())

    def _read(self, devices: Debts, *, afresh: bool = False, only: bool = False) -> None:
        """`afresh`: from nothing. `only`: what else was known is gone from the fleet."""
        with self._lock:
            if self._working():
                return  # nobody would forget it
            found = recall(devices, self._series, self._clock(), {} if afresh else self._memory)
            self._memory = found if only else self._memory | found

    def _leads(self, key: Key, wanted: Debts) -> bool:
        return key in self._memory and self._memory[key].leads_to(wanted[key])

    def _urgent(self) -> bool:
        """Whether this hub works, or may have to soon, and something may have been committed since the round began."""
        quiet = self._quiet()
        return self._working() or (quiet >= SUSPICION_SECONDS and self._began < self._monotonic() - quiet)

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        until = self._monotonic() + seconds
        while self._monotonic() < until and not self._urgent() and not stop.wait(LOOK_SECONDS):
            pass

    def _fail(self, error: Exception) -> None:
        self._due = set(self._memory)
        trouble = str(error).partition("\n")[0][:200]
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("what this hub knows beforehand can't be read: %s", trouble)

    def _tell(self, wanted: int) -> None:
        known = len(self._memory)
        if not self._told:
            log.info("standing by: what rules have seen of %d of %d devices is known", known, wanted)
        self._told = known >= wanted
