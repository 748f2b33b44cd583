"""Computes the rates of finished days and of the running month, and again what late data has changed.

A day is computed half an hour after its end, and each hour until the next day is over: agents tell of a day's
recordings on the next. Beside it, each hour one of the days before is computed again, so that within a day and a half
all of the last 35 are. A month is the mean of its days, computed whenever one of them has changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from hub.records.days import date_of, day_span, midnight, month_span
from hub.records.evidence import Evidence, during, of_day
from hub.records.rates import Rates as Shares
from hub.records.rates import fields, month, of_fields
from hub.records.row import Row
from hub.records.site_rates import Judge
from hub.records.work import Work
from hub.recurrence import Span
from hub.series.influxql import identifier, literal
from hub.store import records, rollups
from wire.records import SITE_RATE

HOUR_MS = 3_600_000
GRACE_MS = HOUR_MS // 2
"""After a day's end: its last hour is rolled up then."""
DAYS = 35
"""How far back days are computed again."""
SITES_AT_ONCE = 20

NO_EVIDENCE = Evidence()

Known = dict[str, dict[str, float | None]]
"""Site → the fields of its row."""


class Rates:
    """One for a hub."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._judge = Judge(work.database, work.rules)
        self._looked = 0
        self._turn = 0

    def pieces(self) -> Iterator[None]:
        """What is due."""
        work, now = self._work, self._work.clock()
        last = date_of(now - GRACE_MS, work.zone) - timedelta(days=1)
        with work.database.connect() as connection:
            before = records.progress(connection, "rates")
            heard = rollups.first_heard(connection)
        if heard is None:
            return
        first = max(last - timedelta(days=DAYS - 1), date_of(heard, work.zone))
        done = first if before is None else max(first, date_of(before, work.zone))
        while done <= last:
            yield from self._days([done], now)
            done += timedelta(days=1)
            until = midnight(done, work.zone)
            work.settle("rates", before, until)
            before = until
            self._looked = now // HOUR_MS
        if now // HOUR_MS != self._looked:
            self._turn = self._turn % (DAYS - 1) + 1
            earlier = last - timedelta(days=self._turn)
            yield from self._days([day for day in (last, earlier) if day >= first], now)
            self._looked = now // HOUR_MS

    def _days(self, days: Sequence[date], now: int) -> Iterator[None]:
        """Compute these, and the months of those that have changed."""
        changed: set[date] = set()
        for day in days:
            span = day_span(day, self._work.zone)
            known = self._known("day", span)
            evidence = of_day(self._work.databases.hourly, span, now)
            yield
            for rows in self._of_day(span, evidence, known):
                if rows:
                    self._work.write(rows)
                    changed.add(day.replace(day=1))
                yield
        for first in sorted(changed):
            self._month(first)
            yield

    def _of_day(self, span: Span, evidence: Mapping[str, Evidence], known: Known) -> Iterator[list[Row]]:
        """The rows that have changed, of some sites at a time."""
        with self._work.database.connect() as connection:
            sites = records.sites(connection)
        for first in range(0, len(sites), SITES_AT_ONCE):
            part = sites[first : first + SITES_AT_ONCE]
            shares = {site: self._judge.rates(site, span, evidence.get(site, NO_EVIDENCE)) for site in part}
            yield [
                _row(site, "day", span, of_site)
                for site, of_site in shares.items()
                if fields(of_site) != known.get(site) and (site in known or any(s.devices for s in of_site.values()))
            ]

    def _month(self, first: date) -> None:
        span = month_span(first, self._work.zone)
        days: dict[str, list[Shares]] = {}
        for site, row in self._rows("day", span):
            days.setdefault(site, []).append(of_fields(row))
        with self._work.database.connect() as connection:
            there = records.known_sites(connection, days) if days else set()
        self._work.write([_row(site, "month", span, month(of_site)) for site, of_site in days.items() if site in there])

    def _known(self, period: str, span: Span) -> Known:
        return dict(self._rows(period, Span(span.start, span.start + 1)))

    def _rows(self, period: str, span: Span) -> Iterator[tuple[str, dict[str, float | None]]]:
        names = [field.name for field in SITE_RATE.fields]
        wanted = ", ".join(identifier(name) for name in names)
        of = f'FROM "{SITE_RATE.name}" WHERE "period" = {literal(period)}'
        statement = f'SELECT {wanted} {of} AND {during(span)} GROUP BY "site"'
        for series in self._work.databases.daily.ask(statement):
            for _, *values in series.rows:
                yield series.tags["site"], dict(zip(names, values, strict=True))


def _row(site: str, period: str, span: Span, shares: Shares) -> Row:
    return Row(SITE_RATE, {"site": site, "period": period}, span.start, fields(shares))
