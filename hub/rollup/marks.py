"""What the committer and the rollup worker must agree on: which hours are still open, and which marks are made.

Values of an hour that is still open need no mark: when it is over, it is computed for every device at once, so a fleet
of any size costs no SQL while all is well. Values that land in an hour computed before mark that hour of that device,
in the transaction that makes them the hub's.

Nothing is missed, whoever is faster: the worker first says that an hour is no longer open, or that it takes a mark,
then reads the raw values. The committer first writes the raw values, then asks here. If it asks before, the worker
reads what was written; if after, it is told to mark, and a mark made again meanwhile is not deleted.
"""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from hub.rollup.figures import DAY_MS, HOUR_MS, floor
from hub.series.buffer import NotNoted
from hub.series.store import Point
from hub.store import rollups
from hub.store.rollups import Key

MAX_REMEMBERED = 200_000
"""Marks remembered as made (about 150 bytes each); past it they are forgotten and made again."""

BEFORE_FIRST_MS = 7 * DAY_MS
"""How long before it was first heard an agent may have measured what it then sent."""

_ALL_TIME = 1 << 62

_Hour = tuple[int, str, str, str]
"""An hour's Key, but for the tier: a plain tuple, for a backlog asks for thousands a second."""


class Marks:
    """One for a hub. Thread-safe."""

    def __init__(self, database: sa.Engine, clock: Callable[[], int], retention_ms: int = _ALL_TIME) -> None:
        """`retention_ms` is how long raw values are kept: what is older is never rolled again, so never marked."""
        self._retention_ms = retention_ms
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._made: set[_Hour] = set()
        self._open_from = _ALL_TIME  # until it is known, everything is marked
        self._done: dict[str, int] | None = None

    def restore(self, connection: sa.Connection) -> None:
        """Before anything is committed, and after a commit that failed: what was marked in it is not."""
        with self._lock:
            self._made.clear()
        if self._done is not None:
            return
        known = rollups.until(connection)
        first = rollups.first_heard(connection)
        now = self._clock()
        begin = floor(now if first is None else min(first, now) - BEFORE_FIRST_MS, HOUR_MS)
        hour = known.get("hour", begin)
        with self._lock:
            self._done = {"hour": hour, "day": known.get("day", floor(hour, DAY_MS))}
            self._open_from = hour

    def anew(self) -> None:
        """Another hub may have worked since: what is done is read again by the next `restore`."""
        with self._lock:
            self._done, self._open_from = None, _ALL_TIME
            self._made.clear()

    def done(self) -> dict[str, int] | None:
        """tier → up to when all is rolled, as far as this hub goes by it; None before it is known."""
        with self._lock:
            return None if self._done is None else dict(self._done)

    def advance(self, tier: rollups.Tier, to: int) -> None:
        """This hub has rolled everything before `to`, and nothing after."""
        with self._lock:
            if self._done is not None:
                self._done[tier] = to

    def begin(self, until: int) -> None:
        """The worker is about to read the raw values of the hours before `until`."""
        with self._lock:
            if self._done is not None:
                self._open_from = max(self._open_from, until)

    def take(self, keys: Iterable[Key]) -> None:
        """The worker is about to read the raw values of what these mark."""
        with self._lock:
            self._made.difference_update(key[1:] for key in keys)

    def late(self, points: Sequence[Point]) -> list[Key]:
        """What must be marked for points just written, in the transaction that follows."""
        with self._lock:
            open_from = self._open_from
            oldest = self._clock() - self._retention_ms
            wanted = {_hour(point) for point in points if oldest < point.at < open_from} - self._made
            if len(self._made) + len(wanted) > MAX_REMEMBERED:
                self._made.clear()
            self._made |= wanted
        return [Key("hour", *hour) for hour in wanted]

    def save(self, connection: sa.Connection, keys: Sequence[Key]) -> None:
        """Mark them."""
        rollups.save_marks(connection, keys, secrets.randbits(62), self._clock())

    def landed(self, points: Sequence[Point]) -> None:
        """Mark all hours of points that come out of the disk buffer: this hub's, however long ago another one took
        over and rolled them. Raises NotNoted.
        """
        try:
            with self._database.begin() as connection:
                self.save(connection, [Key("hour", *hour) for hour in {_hour(point) for point in points}])
        except sa.exc.SQLAlchemyError as error:
            raise NotNoted(f"rollups cannot be marked: {str(error).splitlines()[0]}") from error


def _hour(point: Point) -> _Hour:
    kind, site, _, device, at, _ = point
    return (at - at % HOUR_MS, kind, site, device)
