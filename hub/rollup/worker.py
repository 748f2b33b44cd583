"""The thread that computes rollups: hours when they are over, days from hours, and again what changed later.

Each piece of work is small, may be repeated, and is done in this order: raw values are read, the rollup is written,
then SQL is told. So after a kill at any moment the piece is done again, and nothing else is lost or doubled. While a
store is away the pieces wait, and charts take what is missing from raw values.

Values older than raw retention are not whole any more: what late data says of their hours is stored, but the rollup
made in time stays as it is.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa

from hub.rollup.figures import DAY_MS, HOUR_MS, floor, of_day, rolled, scope_of
from hub.rollup.marks import Marks
from hub.series.store import Point, Scope, SeriesReads, SeriesRefused, SeriesStore, SeriesUnavailable
from hub.store import rollups
from hub.store.rollups import Key, Mark
from wire.messages import DeviceKind

log = logging.getLogger(__name__)

GRACE_MS = 5 * 60_000
"""After an hour's end, before it is computed: what is on its way then arrives."""

QUIET_MS = 60_000
"""After a mark is made, before it is worked off: a backlog that arrives then arrives whole."""

EDGE_MS = 2 * HOUR_MS
"""What is so near to the end of its retention may be half deleted."""

AGAIN_MS = 7 * DAY_MS
"""What is rolled again after the clock was ahead."""

DEVICES_AT_ONCE = 200
"""About as many are asked for in one query; of hourly rollups for a day, a quarter."""

MARKS_AT_ONCE = 500

POLL_SECONDS = 20.0
REST = 2.0
"""Rests are so many times as long as the work before: a third of one core at the most, the rest is for live data."""


@dataclass(frozen=True)
class Stores:
    """Where raw values are read, and where rollups go; how long raw and hourly values are kept whole (ms)."""

    raw: SeriesReads
    hourly: SeriesStore
    daily: SeriesStore
    raw_retention: int
    hourly_retention: int


class Deposed(Exception):  # noqa: N818 - a state
    """Another hub works now."""


class RollupWorker:
    """`run` in a thread of its own, in the hub whose `active` says that it is the one to work."""

    def __init__(
        self,
        database: sa.Engine,
        stores: Stores,
        marks: Marks,
        clock: Callable[[], int],
        active: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._stores = stores
        self._marks = marks
        self._clock = clock
        self._active = active
        self._trouble = ""

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Never raises."""
        while not stop.is_set():
            pieces = self.pieces()
            while not stop.is_set():
                began = time.monotonic()
                if not self._one(pieces):
                    break
                stop.wait((time.monotonic() - began) * REST)
            stop.wait(POLL_SECONDS)

    def pieces(self) -> Iterator[None]:
        """All that is due now, a little between any two yields. Raises SeriesUnavailable, SQLAlchemyError, Deposed."""
        self._notice_clock()
        while (hour := self._due("hour", HOUR_MS, self._clock() - GRACE_MS)) is not None:
            yield from self._whole_hour(hour)
        yield from self._again("hour")  # behind the hours that are due, for one agent's backlog must not hold up all
        while (day := self._due("day", DAY_MS, self._done("hour"))) is not None:
            yield from self._whole_day(day)
        yield from self._again("day")

    def _one(self, pieces: Iterator[None]) -> bool:
        """The next piece; False when there is none, or it failed."""
        if not self._active() or self._marks.done() is None:
            return False
        try:
            next(pieces)
        except StopIteration:
            self._trouble = ""
            return False
        except Deposed:
            return False
        except (SeriesUnavailable, sa.exc.SQLAlchemyError) as error:
            words = str(error).splitlines()[0]
            if words != self._trouble:
                log.warning("rollups wait: %s", words)
            self._trouble = words
            return False
        except Exception:  # supervised: what one hour provokes must not end the thread
            log.exception("computing rollups failed")
            return False
        return True

    def _notice_clock(self) -> None:
        """Rolled into the future: the clock was ahead, and is right now. The last week is rolled once more."""
        now = self._clock()
        if self._done("hour") <= now + HOUR_MS:
            return
        log.warning("rollups go beyond the hub's clock, which must have been ahead: the last week is rolled again")
        back: list[tuple[rollups.Tier, int]] = [
            ("hour", floor(now - AGAIN_MS, HOUR_MS)),
            ("day", floor(now - AGAIN_MS, DAY_MS)),
        ]
        with self._database.begin() as connection:
            for tier, to in back:
                rollups.retreat(connection, tier, to)
        for tier, to in back:
            self._marks.advance(tier, min(to, self._done(tier)))

    def _done(self, tier: rollups.Tier) -> int:
        return (self._marks.done() or {}).get(tier, 0)

    def _due(self, tier: rollups.Tier, length: int, complete: int) -> int | None:
        """The oldest hour or day not yet rolled whose time is over; what lies past retention is passed over."""
        at = max(self._done(tier), floor(self._clock() - self._retention(tier) + EDGE_MS, length))
        return at if self._done(tier) and at + length <= complete else None

    def _retention(self, tier: rollups.Tier) -> int:
        """How long what hours or days are made of is kept (ms)."""
        return self._stores.raw_retention if tier == "hour" else self._stores.hourly_retention

    # --- whole hours and days ---

    def _whole_hour(self, hour: int) -> Iterator[None]:
        before = self._done("hour")
        self._marks.begin(hour + HOUR_MS)
        for scope in self._scopes(DEVICES_AT_ONCE):
            for kind in DeviceKind:
                self._roll_hour(kind, scope, hour)
            yield
        self._advance("hour", before, hour + HOUR_MS)

    def _whole_day(self, day: int) -> Iterator[None]:
        before = self._done("day")
        for scope in self._scopes(DEVICES_AT_ONCE // 4):
            for kind in DeviceKind:
                self._roll_day(kind, scope, day)
            yield
        self._advance("day", before, day + DAY_MS)

    def _scopes(self, devices: int) -> Sequence[Mapping[str, list[str]]]:
        with self._database.connect() as connection:
            return rollups.scopes(connection, devices)

    def _advance(self, tier: rollups.Tier, before: int, to: int) -> None:
        self._be_active()
        if self._done(tier) != before:
            raise Deposed("another hub has worked meanwhile, or the database is another one")
        with self._database.begin() as connection:
            rollups.advance(connection, tier, to)
        self._marks.advance(tier, to)

    # --- what changed since ---

    def _again(self, tier: rollups.Tier) -> Iterator[None]:
        now = self._clock()
        with self._database.begin() as connection:
            dropped = rollups.drop_before(connection, tier, now - self._retention(tier) + EDGE_MS)
        if dropped:
            log.info("%d late %ss are older than what they are made of is kept: they stay as they are", dropped, tier)
        while marks := self._read_marks(tier, now - QUIET_MS):
            for (at, kind), group in groupby(marks, lambda mark: (mark.key.at, mark.key.kind)):
                self._roll_marked(tier, at, kind, list(group))
                yield

    def _read_marks(self, tier: rollups.Tier, made: int) -> list[Mark]:
        with self._database.connect() as connection:
            return rollups.marks(connection, tier, self._done(tier), made, MARKS_AT_ONCE)

    def _roll_marked(self, tier: rollups.Tier, at: int, kind: str, marks: Sequence[Mark]) -> None:
        keys = [mark.key for mark in marks]
        self._marks.take(keys)
        scope = scope_of((key.site, key.device) for key in keys)
        days: list[Key] = []
        if tier == "hour":
            self._roll_hour(kind, scope, at)
            days = rollups.days_of(keys, DAY_MS, self._done("day"))
        else:
            self._roll_day(kind, scope, at)
        with self._database.begin() as connection:
            rollups.finish(connection, marks)
            self._marks.save(connection, days)

    # --- one kind, some devices ---

    def _roll_hour(self, kind: str, scope: Scope, hour: int) -> None:
        summaries = self._stores.raw.summarise(kind, scope, hour - 1, hour + HOUR_MS - 1)
        points = [rolled(kind, summary, hour) for summary in summaries]
        self._write(self._stores.hourly, points)
        self._be_active(points)

    def _roll_day(self, kind: str, scope: Scope, day: int) -> None:
        hours = self._stores.hourly.points(kind, scope, [], day - 1, day + DAY_MS - 1)
        self._write(self._stores.daily, of_day(kind, hours, day))

    def _write(self, store: SeriesStore, points: Sequence[Point]) -> None:
        try:
            if points:
                store.write(points)
        except SeriesRefused as refusal:
            log.warning("a rollup is refused for good: %s", refusal)

    def _be_active(self, written: Sequence[Point] = ()) -> None:
        """Raises Deposed. What was written may be older than what another hub has computed since: it is marked."""
        if self._active():
            return
        if written:
            self._marks.landed(written)
        raise Deposed("another hub works now")
