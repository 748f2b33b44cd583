"""What stands: how sites are, covers and blindness that have begun, the inventory. Only what changed is written."""

from collections.abc import Collection, Iterator, Sequence

from hub.cover import Cover
from hub.records.inventory import anchor, device_row
from hub.records.row import Row, to_line
from hub.records.states import Judges, fleet_row, state_rows
from hub.records.times import begun, blind
from hub.records.work import Work
from hub.recurrence import Span
from hub.store import covers, records

SLOT_MS = 5 * 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BACK_MS = 35 * DAY_MS
"""How far back covers are written after a start."""
ROWS_AT_ONCE = 500
MAX_REMEMBERED = 200_000
"""Rows remembered as written (a number each); past it they are forgotten and written again."""
FIRST_BLINDNESSES, NEW_BLINDNESSES = 2_000, 50


class _Written:
    """Which rows were written as they are now, by a hash of their line."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int], int] = {}

    def fresh(self, rows: Sequence[Row]) -> list[Row]:
        """Those that were not."""
        return [row for row in rows if self._known.get(_key(row)) != hash(to_line(row))]

    def note(self, rows: Sequence[Row]) -> None:
        """They are now."""
        if len(self._known) + len(rows) > MAX_REMEMBERED:
            self._known.clear()
        self._known.update((_key(row), hash(to_line(row))) for row in rows)

    def __len__(self) -> int:
        return len(self._known)

    def clear(self) -> None:
        """Everything is written once more."""
        self._known.clear()


def _key(row: Row) -> tuple[str, str, int]:
    return (row.tags.get("site", ""), row.tags.get("device", ""), row.time_ns)


class Standing:
    """Remembers what it has written; after a start everything is written once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._judges = Judges.of(work.rules.rules)
        self._slot = 0
        self._covers: tuple[list[Cover], list[tuple[Cover, list[Span]]]] | None = None
        self._laid_until = 0
        self._written_covers, self._written_blindness, self._written_devices = _Written(), _Written(), _Written()
        self._seen: dict[str, int] = {}
        self._anew_at = 0

    def states(self, touched: set[str]) -> Iterator[None]:
        """Every five minutes all sites, all at the same moment; in between those whose tickets changed."""
        now = self._work.clock()
        slot = now // SLOT_MS
        if slot != self._slot:
            sites = set(touched)
            yield from self._state(slot * SLOT_MS, ())
            self._slot = slot
            touched -= sites
        elif touched:
            sites = set(touched)
            yield from self._state(now, sites)
            touched -= sites

    def _state(self, at: int, sites: Collection[str]) -> Iterator[None]:
        """Of the sites named, or all of them and the fleet."""
        rows: list[Row] = []
        for row in state_rows(self._work.database, self._judges, self._work.clock(), at, sites):
            rows.append(row)
            if len(rows) % ROWS_AT_ONCE == 0:
                self._work.write(rows[-ROWS_AT_ONCE:])
                yield
        left = rows[len(rows) // ROWS_AT_ONCE * ROWS_AT_ONCE :]
        self._work.write([*left, *([fleet_row(rows, at)] if rows and not sites else [])])
        yield

    def covers(self) -> Iterator[None]:
        """Each time of a maintenance window or silence once it has begun, and again when it is ended early."""
        now = self._work.clock()
        first = self._covers is None
        since = now - (BACK_MS if first else DAY_MS)
        with self._work.database.connect() as connection:
            known = covers.begun(connection, since, now)
        if self._covers is None or known != self._covers[0] or now >= self._laid_until:
            laid = [(cover, list(cover.spans(since, now + 2 * HOUR_MS))) for cover in known]
            self._covers, self._laid_until = (known, laid), now + HOUR_MS
        rows = [row for cover, spans in self._covers[1] for row in begun(cover, spans, self._work.speech, now)]
        yield from self._write_fresh(rows, self._written_covers)

    def blindness(self) -> Iterator[None]:
        """The newest intervals; after a start far more of them."""
        first = not len(self._written_blindness)
        with self._work.database.connect() as connection:
            known = records.blindnesses(connection, FIRST_BLINDNESSES if first else NEW_BLINDNESSES)
        yield from self._write_fresh([blind(one, self._work.speech) for one in known], self._written_blindness)

    def inventory(self, touched: set[tuple[str, str]]) -> Iterator[None]:
        """The devices of each site where an agent's inventory or version has changed, and those whose tickets have;
        once a day of all."""
        work, now = self._work, self._work.clock()
        if now >= self._anew_at:
            self._seen.clear()
            self._written_devices.clear()
            self._anew_at = now + DAY_MS
        with work.database.connect() as connection:
            current = records.inventories(connection)
        self._seen = {site: seen for site, seen in self._seen.items() if site in current}
        for site in [site for site, seen in current.items() if self._seen.get(site) != seen]:
            yield from self._devices(site, ())
            self._seen[site] = current[site]
        for site in sorted({site for site, _ in touched} & current.keys()):
            yield from self._devices(site, names := {device for at, device in touched if at == site})
            touched -= {(site, name) for name in names}
        touched.clear()

    def _devices(self, site: str, names: Collection[str]) -> Iterator[None]:
        work, now = self._work, self._work.clock()
        with work.database.connect() as connection:
            heard, devices = records.first_heard(connection, site), records.watched(connection, site, names)
        at = anchor(now if heard is None else heard, now, work.databases.daily_retention)
        yield from self._write_fresh([device_row(one, at, work.rules) for one in devices], self._written_devices)

    def _write_fresh(self, rows: list[Row], written: _Written) -> Iterator[None]:
        fresh = written.fresh(rows)
        for first in range(0, len(fresh), ROWS_AT_ONCE):
            part = fresh[first : first + ROWS_AT_ONCE]
            self._work.write(part)
            written.note(part)
            yield
