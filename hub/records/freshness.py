"""So that nothing stays stale: open tickets are written again once an hour, and whatever InfluxDB holds to be open is
compared with SQL once a day. After a database that went back in time, InfluxDB knows tickets that SQL does not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.records.row import Row
from hub.records.tickets import ticket_row
from hub.records.work import Work
from hub.store import records
from wire.records import TICKET

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TICKETS_AT_ONCE = 200
_OPEN = 'SELECT "number" FROM "ticket" WHERE "open" = 1 GROUP BY "site"'


class _Held(NamedTuple):
    """A row that InfluxDB has as open."""

    tags: Mapping[str, str]
    at: int
    number: int


class Freshness:
    """Both right after a start, too."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rewrite_at = 0
        self._compare_at = 0

    def pieces(self) -> Iterator[None]:
        """What is due."""
        now = self._work.clock()
        if now >= self._rewrite_at:
            yield from self._rewrite()
            self._rewrite_at = now + HOUR_MS
        if now >= self._compare_at:
            yield from self._compare()
            self._compare_at = now + DAY_MS

    def _rewrite(self) -> Iterator[None]:
        after = 0
        while True:
            with self._work.database.connect() as connection:
                numbers = records.open_tickets(connection, after, TICKETS_AT_ONCE)
                tickets = records.tickets(connection, numbers)
            if not numbers:
                return
            self._work.write([ticket_row(ticket, self._work.speech) for ticket in tickets.values()])
            after = numbers[-1]
            yield

    def _compare(self) -> Iterator[None]:
        held = [
            _Held(series.tags, int(at), round(number))
            for series in self._work.databases.daily.ask(_OPEN)
            for at, number in series.rows
            if number is not None
        ]
        for first in range(0, len(held), TICKETS_AT_ONCE):
            rows = self._not_open(held[first : first + TICKETS_AT_ONCE])
            if rows:
                self._work.write(rows)
            yield

    def _not_open(self, held: Sequence[_Held]) -> list[Row]:
        """The rows that put right what SQL does not know as open."""
        with self._work.database.connect() as connection:
            wrong = set(records.not_open(connection, [one.number for one in held]))
            tickets = records.tickets(connection, wrong)
        rows = [ticket_row(ticket, self._work.speech) for ticket in tickets.values()]
        gone = (one for one in held if one.number in wrong and one.number not in tickets)
        return rows + [Row(TICKET, one.tags, one.at, {"open": 0.0}, one.number) for one in gone]
