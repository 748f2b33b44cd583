"""Who of several hubs on one database works: one holds the lease, the others stand by.

The holder renews it in every commit, and in a thread of its own while there is nothing to commit or a store is slow. A
standby looks at it and takes over when nothing has changed for EXPIRY_SECONDS that it has really watched: by its own
monotonic clock, whatever the clocks of the machines say. The SQL is hub/store/lease.py's.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from hub.config import ConfigError
from hub.store import lease as sql
from hub.store.lease import Claim, LeaseLost, Seen, Tenure

log = logging.getLogger(__name__)

RENEW_SECONDS = 2.0
LOOK_SECONDS = 0.5
EXPIRY_SECONDS = 8.0
"""Watched without a renewal, the holder counts as dead."""

ACTIVE_SECONDS = 6.0
"""So long after its last renewal a holder may speak to agents and connect: ended before anybody takes over."""

GLANCE_SECONDS = 2.0
"""The most that two looks in a row prove: who was stopped, or could not reach the database, has watched nothing."""

PATIENCE_SECONDS = 3.0
"""How long a statement of the lease may take (`connect`): a hanging one must not outlast the take-over."""


@dataclass(frozen=True)
class Standing:
    """What a hub is: `holder` names whoever works, this one or another; empty while nobody is known to."""

    role: Literal["holder", "standby"]
    name: str
    holder: str


@dataclass
class Watch:
    """What a standby has seen of the holder. Times are its own monotonic seconds."""

    mark: tuple[int, str, int] | None = None
    quiet: float = 0.0
    looked: float = 0.0

    def look(self, seen: Seen, now: float) -> float:
        """Seconds of watching in which nothing has changed."""
        mark = (seen.fence, seen.token, seen.renewals)
        if mark != self.mark:
            self.mark, self.quiet = mark, 0.0
        else:
            self.quiet += min(now - self.looked, GLANCE_SECONDS)
        self.looked = now
        return self.quiet


class Lease:
    """One hub's side of it. `step` is one thread's, `hub.fence.Fence`'s methods the committer's; the rest anybody's.

    `taken` is called just before this hub begins to work, `lost` when it has ceased to, both from any thread.
    """

    def __init__(
        self,
        database: sa.Engine,
        claim: Claim,
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        taken: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._claim = claim
        self._clock = clock
        self._monotonic = monotonic
        self._taken = taken
        self._lost = lost
        self._lock = threading.Lock()
        self._tenure: Tenure | None = None
        self._entered: Tenure | None = None
        self._renewed = 0.0
        self._committing = False
        self._unseen: float | None = None
        """For how long nobody was seen to work before we took over, until the committer has been told."""
        self._holder = ""
        self._watch = Watch()
        self._away = False

    # --- anybody ---

    @property
    def held(self) -> bool:
        """As far as we know."""
        return self._tenure is not None

    @property
    def active(self) -> bool:
        """Held, and renewed so lately that nobody can have taken it: this hub may speak and tidy up."""
        return self._tenure is not None and self._monotonic() - self._renewed < ACTIVE_SECONDS

    @property
    def quiet(self) -> float:
        """For how many seconds, while we stand by, whoever works has given no sign of it."""
        return self._watch.quiet

    @property
    def standing(self) -> Standing:
        """For people."""
        if self.held:
            return Standing("holder", self._claim.holder, self._claim.holder)
        return Standing("standby", self._claim.holder, self._holder)

    def rival(self) -> Seen | None:
        """Another hub that works on this database right now, but not as our fellow: under our name, or writing its
        numbers elsewhere, where that can be known.

        Watches for as long as it takes to know. Raises SQLAlchemyError.
        """
        claim = self._claim
        watch, first, waiting = Watch(), None, threading.Event()
        while True:
            with self._database.connect() as connection:
                seen = sql.look(connection, self._claim.partition)
            if seen is None or seen.free or seen.place == claim.place:
                return None
            if seen.series == claim.series and seen.holder != claim.holder:
                return None
            first = first or seen
            if (seen.token, seen.renewals) != (first.token, first.renewals):
                return seen
            if watch.look(seen, self._monotonic()) >= EXPIRY_SECONDS:
                return None
            waiting.wait(LOOK_SECONDS)

    def release(self) -> None:
        """Give it back, so that a standby takes over at once; what is under way no longer commits."""
        tenure = self._tenure
        if tenure is None:
            return
        self._drop(tenure)
        try:
            with self._database.begin() as connection:
                sql.release(connection, tenure)
        except sa.exc.SQLAlchemyError as error:
            log.warning("the lease can't be given back, others have to wait: %s", _first_line(error))

    # --- its own thread ---

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping` is set."""
        while not stopping.wait(LOOK_SECONDS):
            self.step()

    def step(self) -> None:
        """Renew it if that is due, or see whether somebody else does. Never raises for an outage."""
        try:
            tenure = self._tenure
            if tenure is None:
                self._stand_by()
            elif self._monotonic() - self._renewed >= RENEW_SECONDS and not self._committing:
                self._renew(tenure)
        except LeaseLost:
            pass  # told where it was found
        except sa.exc.SQLAlchemyError as error:
            if not self._away:
                log.warning("the lease can't be looked at: %s", _first_line(error))
            self._away = True
            return
        self._away = False

    def _stand_by(self) -> None:
        began = self._monotonic()
        with self._database.connect() as connection:
            seen = sql.look(connection, self._claim.partition)
        if seen is None or seen.free:
            self._take(seen, 0.0, began)
        elif seen.place == self._claim.place:
            # We hold the lock that it held until it died.
            self._take(seen, 0.0, began)
        else:
            quiet = self._watch.look(seen, began)
            if quiet >= EXPIRY_SECONDS:
                self._take(seen, quiet, began)
            elif self._holder != seen.holder:
                self._holder = seen.holder
                log.info("standing by: hub %s holds the lease", seen.holder)

    def _take(self, seen: Seen | None, quiet: float, began: float) -> None:
        try:
            with self._database.begin() as connection:
                tenure = sql.take(connection, self._claim, seen, self._clock())
        except sa.exc.OperationalError:
            self._evict()
            raise
        if tenure is None:
            return
        log.info("hub %s holds the lease, fence %d, %s", self._claim.holder, tenure.fence, _before(seen, quiet))
        self._taken()
        with self._lock:
            self._tenure, self._entered, self._renewed, self._unseen = tenure, None, began, quiet
        self._holder = ""
        if quiet:  # the other one may have been stopped in the middle of something
            self._evict()

    def _evict(self) -> None:
        with self._database.begin() as connection:
            ended = sql.evict(connection)
        if ended:
            log.warning("ended %d sessions that a stopped hub had left in the middle of a transaction", ended)

    def _renew(self, tenure: Tenure) -> None:
        began = self._monotonic()
        try:
            with self._database.begin() as connection:
                sql.renew(connection, Tenure(tenure.claim, tenure.fence, tenure.token), self._clock())
        except LeaseLost as error:
            self._drop(tenure, str(error))
            raise
        self._note(tenure, began)

    # --- the committer ---

    def enter(self, connection: sa.Connection) -> int | None:
        """As Fence's."""
        tenure = self._tenure
        if tenure is None:
            raise LeaseLost(self._holder)
        try:
            self._entered = sql.enter(connection, tenure)
        except LeaseLost as error:
            self._drop(tenure, str(error))
            raise
        unseen, self._unseen = self._unseen, None
        return None if unseen is None else round(unseen * 1000)

    def confirm(self) -> None:
        """As Fence's. After a pause, a look at the database."""
        tenure, entered = self._tenure, self._entered
        if tenure is None or entered is None or entered.token != tenure.token:
            raise LeaseLost(self._holder)
        if not self.active:
            self._renew(tenure)

    @contextmanager
    def begin(self, database: sa.Engine) -> Iterator[sa.Connection]:
        """As Fence's."""
        entered = self._entered
        if entered is None:
            raise LeaseLost(self._holder)
        began = self._monotonic()
        self._committing = True
        try:
            with database.begin() as connection:
                sql.renew(connection, entered, self._clock())
                yield connection
        except LeaseLost as error:
            self._drop(entered, str(error))
            raise
        finally:
            self._committing = False
        self._note(entered, began)

    def left(self) -> None:
        """As Fence's."""
        self._entered = None

    def _note(self, tenure: Tenure, began: float) -> None:
        with self._lock:
            if self._tenure is not None and self._tenure.token == tenure.token:
                self._renewed = max(self._renewed, began)

    def _drop(self, tenure: Tenure, holder: str = "") -> None:
        """This tenure is over; a later one of ours is not."""
        with self._lock:
            if self._tenure is None or self._tenure.token != tenure.token:
                return
            self._tenure = None
            self._holder = holder
            self._watch = Watch()
        if holder:
            log.warning("hub %s has taken over: this hub stands by and commits nothing more", holder)
        self._lost()


def _before(seen: Seen | None, quiet: float) -> str:
    if seen is None or seen.free:
        return "which was free"
    return f"after {quiet:.1f} s without a sign of hub {seen.holder}" if quiet else "which was ours before"


def refuse_apart(lease: Lease) -> None:
    """Two hubs of one name could not be told apart, and two whose numbers go to different places would each show half.

    Raises ConfigError.
    """
    rival = lease.rival()
    if rival is None:
        return
    if rival.holder == lease.standing.name:
        raise ConfigError(f"hub.name: a hub {rival.holder} works on this database: give each its own name")
    raise ConfigError(
        f"series: hub {rival.holder} works on this database and keeps its numbers elsewhere: two hubs need one "
        "InfluxDB, or on one machine the same series.path"
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
