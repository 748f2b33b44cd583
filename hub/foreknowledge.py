"""What a hub that stands by knows already of all that it would have to read when it takes over: that takes minutes for
a large fleet, and nothing is heard meanwhile.

A thread reads it from the series store, a part of the fleet at a time and with rests, for live data come first; then
on, every 20 seconds. When the holder gives no sign of life it reads on at once, so that little is left when the lease
is taken. What is known then is handed over and forgotten.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping

import sqlalchemy as sa

from hub.lateness import BEHIND_MS
from hub.rebuild import debts
from hub.recalled import Memory, Recalled, recall
from hub.recollection import Debts, Key, Owed, by_sites
from hub.remembered import Attended, Remembered
from hub.rule import Rule, Settings
from hub.series.store import SeriesUnavailable

log = logging.getLogger(__name__)

EVERY_SECONDS, LONGEST_SECONDS = 20.0, 60.0
"""Between two rounds, at least and at most."""

REST = 2.0
"""Rests are so many times as long as the work before: reading on, or reading a part of the fleet from nothing."""

PART_DEVICES = 500
"""About so many are read from nothing at a time."""

PART_SITES = 100

ROUND_SECONDS = 120.0
"""After so long reading from nothing waits for the next round: what is known has to be read on."""

PIECE_DEVICES = 2000
"""About so many are read on at a time: whoever takes over waits for no more."""

SUSPICION_SECONDS = 3.0
"""Without a sign of life from the holder, which gives one every two seconds."""

CALM_SECONDS = 60.0
"""Nothing is suspected within a round that was for a suspicion, and for so long after it: a holder whose commits take
seconds only looks dead."""

WHOLE_SECONDS, SOON_SECONDS = 2 * 3600.0, 1800.0
"""After so long all is read from nothing again: what waited in the holder's buffer came behind what had been read.
Sooner after an outage of the store, for then something has waited."""

TELL_SECONDS = 60.0

LOOK_SECONDS = 0.25


class _Interrupted(Exception):  # noqa: N818 - a state
    """There is something better to do."""


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
        self._seen: dict[Key, Owed] = {}
        """As of the round before."""
        self._due: set[Key] = set()
        """What is known, and has to be read from nothing again."""
        self._began = self._heard = monotonic()
        """When the last round began, and when the store answered last."""
        self._away = False
        """Whether the store has failed to answer since."""
        self._whole = self._began + WHOLE_SECONDS
        """When all will be due."""
        self._calm = self._tell_again = 0.0
        """Until when nothing is suspected, and nothing told."""
        self._trouble = ""
        self._told = False

    # --- the committer's ---

    def known(self, waiting: Callable[[], None]) -> Memory:
        """As of the last round: what is newer has to be read on. Waits for what is being read, `waiting` meanwhile."""
        while not self._lock.acquire(timeout=1.0):
            waiting()
        try:
            return self._memory
        finally:
            self._lock.release()

    def forget(self) -> None:
        """It was handed over, and will be too old when this hub stands by again."""
        with self._lock:
            self._memory, self._seen, self._due, self._told = {}, {}, set(), False

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
            except SeriesUnavailable as error:
                self._away = True
                self._complain(error)
            except sa.exc.SQLAlchemyError as error:
                self._complain(error)
            except Exception:  # supervised: without it this hub takes over all the same, only slower
                log.exception("what this hub knows beforehand can't be read")
            self._rest(stop, rest)

    def step(self, stop: threading.Event) -> float:
        """A round: read on, then from nothing what is not known yet. For how many seconds to rest then. Raises
        SQLAlchemyError, SeriesUnavailable."""
        try:
            return self._round(stop)
        except _Interrupted:
            return 0.0
        finally:
            self._calm = min(self._calm, self._monotonic() + CALM_SECONDS)

    def _round(self, stop: threading.Event) -> float:
        began = self._began = self._monotonic()
        if self._quiet() >= SUSPICION_SECONDS:
            self._calm = math.inf
        wanted, seen = self._wanted(), self._seen
        known = {key: one for key, one in wanted.items() if self._leads(key, one)}
        with self._lock:
            self._memory = {key: self._memory[key] for key in known if key in self._memory}
        for piece, _ in by_sites(known, PIECE_DEVICES, PIECE_DEVICES):
            self._read(piece, stop)
        read = self._monotonic()
        rest = min(max(EVERY_SECONDS, (read - began) * REST), LONGEST_SECONDS)
        self._seen = wanted
        if read > self._whole:
            self._due, self._whole = set(wanted), read + WHOLE_SECONDS
        # Of an agent whose past still changes, for it sends what it has kept for long, it is read when that is over.
        anew = {key for key, one in wanted.items() if key not in seen or seen[key].revised == one.revised}
        unknown = {key: one for key, one in wanted.items() if key in anew and not self._leads(key, one)}
        due = {key: one for key, one in wanted.items() if key in anew and key in self._due and key not in unknown}
        for part in (*_parts(unknown), *_parts(due)):
            self._tell(len(wanted))
            started = self._monotonic()
            if started - read > ROUND_SECONDS:
                return 0.0
            # As of now: what has been judged since would look as if it had not, and is asked for at length.
            now = self._wanted({site for site, _ in part})
            self._read({key: now[key] for key in part if key in now}, stop, afresh=True)
            self._due -= part.keys()
            self._rest(stop, (self._monotonic() - started) * REST)
        self._tell(len(wanted))
        return rest

    def _wanted(self, sites: Collection[str] | None = None) -> dict[Key, Owed]:
        with self._database.connect() as connection:
            return debts(connection, self._rules, self._settings, self._clock(), sites)

    def _leads(self, key: Key, one: Owed) -> bool:
        return key in self._memory and self._memory[key].leads_to(one)

    def _read(self, devices: Debts, stop: threading.Event, *, afresh: bool = False) -> None:
        """On, or `afresh` from nothing: that is broken off where the holder may be dead."""

        def answered() -> None:
            if stop.is_set() or (afresh and self._urgent()):
                raise _Interrupted

        answered()
        with self._lock:
            if self._working():
                raise _Interrupted  # nobody would forget it
            known = {} if afresh else self._memory
            self._memory = self._memory | recall(devices, Attended(self._series, answered), self._clock(), known)
        now = self._monotonic()
        if self._away and now - self._heard > BEHIND_MS / 1000:
            self._due, self._whole = set(self._memory), now + SOON_SECONDS
        self._away, self._heard = False, now

    def _urgent(self) -> bool:
        """Whether this hub works, or may have to soon and something may have been committed since the round began."""
        now, quiet = self._monotonic(), self._quiet()
        suspected = quiet >= SUSPICION_SECONDS and self._began < now - quiet and now >= self._calm
        return self._working() or suspected

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        until = self._monotonic() + seconds
        while self._monotonic() < until and not self._urgent() and not stop.wait(LOOK_SECONDS):
            pass

    def _complain(self, error: Exception) -> None:
        trouble = str(error).partition("\n")[0][:200]
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("what this hub knows beforehand can't be read: %s", trouble)

    def _tell(self, wanted: int) -> None:
        known, now = len(self._memory), self._monotonic()
        if wanted and not self._told and (known >= wanted or now >= self._tell_again):
            log.info("standing by: what rules have seen of %d of %d devices is known", known, wanted)
            self._told, self._tell_again = known >= wanted, now + TELL_SECONDS


def _parts(devices: Debts) -> list[Debts]:
    """In any order: one that can't be read must not keep the others from it."""
    parts = [part for part, _ in by_sites(devices, PART_SITES, PART_DEVICES)]
    random.shuffle(parts)
    return parts
