"""How long repairs took: reckoned each hour anew from the tickets resolved since the beginning of last month.

Only what has changed is written. A site and rule whose tickets were all opened again says 0 where it said a number.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta, tzinfo
from statistics import fmean, median
from typing import NamedTuple

from hub.records.days import date_of, day_span, month_span
from hub.records.row import Row
from hub.records.speech import Texts
from hub.records.work import Work
from hub.store import records
from hub.store.records import Repaired
from wire.records import REPAIR

HOUR_MS = 3_600_000
ROWS_AT_ONCE = 500


class Key(NamedTuple):
    """A row: whose, of which period, and when that began (ms UTC)."""

    site: str
    rule: str
    period: str
    at: int


class Repairs:
    """One for a hub; remembers what it has written of the last two months."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._hour = 0
        self._written: dict[Key, Row] | None = None

    def pieces(self) -> Iterator[None]:
        """What is due."""
        work, now = self._work, self._work.clock()
        if now // HOUR_MS == self._hour:
            return
        since = month_span(date_of(now, work.zone).replace(day=1) - timedelta(days=1), work.zone).start
        if self._written is None:
            self._written = self._held(since)
        with work.database.connect() as connection:
            fields = repair_fields(records.repaired(connection, since), work.zone)
        rows = {key: _row(key, {**work.speech.rule(key.rule), **said}) for key, said in fields.items()}
        for key in self._written.keys() - rows.keys():
            if key.at >= since:
                rows[key] = _row(key, {"resolved": 0.0, "flaps": 0.0})
        fresh = [key for key, row in rows.items() if self._written.get(key) != row]
        for first in range(0, len(fresh), ROWS_AT_ONCE):
            part = fresh[first : first + ROWS_AT_ONCE]
            work.write([rows[key] for key in part])
            yield
        self._written = rows
        self._hour = now // HOUR_MS

    def _held(self, since: int) -> dict[Key, Row]:
        """What InfluxDB has, by its keys: the rows themselves are compared with nothing."""
        statement = f'SELECT "resolved" FROM "repair" WHERE time >= {since}ms AND "resolved" > 0 GROUP BY *'  # noqa: S608 - ours
        found: dict[Key, Row] = {}
        for series in self._work.databases.daily.ask(statement):
            for at, _ in series.rows:
                key = Key(series.tags["site"], series.tags["rule"], series.tags["period"], int(at))
                found[key] = _row(key, {})
        return found


def repair_fields(repaired: Iterable[Repaired], zone: tzinfo) -> dict[Key, Texts]:
    """By the day and the month in which they ended. Pure."""
    found: dict[Key, list[Repaired]] = {}
    for one in repaired:
        day = date_of(one.resolved, zone)
        for period, span in (("day", day_span(day, zone)), ("month", month_span(day, zone))):
            found.setdefault(Key(one.site, one.rule, period, span.start), []).append(one)
    return {key: _fields(these) for key, these in found.items()}


def _fields(repaired: list[Repaired]) -> Texts:
    lasted = [max(one.resolved - one.since, 0) / 1000 for one in repaired]
    return {
        "resolved": float(len(lasted)),
        "mean_seconds": fmean(lasted),
        "median_seconds": median(lasted),
        "longest_seconds": max(lasted),
        "flaps": float(sum(one.flaps for one in repaired)),
    }


def _row(key: Key, fields: Texts) -> Row:
    return Row(REPAIR, {"site": key.site, "rule": key.rule, "period": key.period}, key.at, fields)
