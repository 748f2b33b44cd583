"""InfluxDB 1.x, 2.x and 3.x as a series store.

Writes go as line protocol to `/api/v2/write` (InfluxDB 1.8 and later) or to 1.x's `/write`; reads are InfluxQL over
`/query`, which all of them answer.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Literal, ParamSpec, TypeVar

from hub.series.admission import is_name
from hub.series.connection import BadData, InfluxConnection, InfluxTarget, TooLarge
from hub.series.influxql import CutShort, Series, between, identifier, literal, parse_series, within
from hub.series.line import Lines, to_lines
from hub.series.store import (
    Across,
    Bucket,
    CannotErase,
    Holding,
    Pick,
    Point,
    Scope,
    SeriesRefused,
    SeriesUnavailable,
    Sites,
    Spans,
    Summary,
    Value,
)

MAX_LINES = 5000
"""The most lines one request carries: larger bodies gain nothing and hold the server longer."""

_PROBE = 'SELECT "up" FROM "agent" WHERE time > 9223372036854ms'
_NUMBERS = ("float", "integer")
_DROPPED = re.compile(r"\bdropped=(\d+)")

P = ParamSpec("P")
R = TypeVar("R")


def _taken_apart(read: Callable[P, R]) -> Callable[P, R]:
    """An answer that is JSON, but not of the kind that was asked for, is an outage: another program gave it."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise SeriesUnavailable(f"InfluxDB's answer makes no sense: {error!r}") from error

    return reading


class InfluxSeries:
    """A SeriesStore on an InfluxDB. No thread of its own; connects when first used."""

    def __init__(self, target: InfluxTarget) -> None:
        self._connection = InfluxConnection(target)

    def write(self, points: Sequence[Point]) -> None:
        """All of them. Raises SeriesRefused with the indices refused, SeriesUnavailable when any may be unwritten."""
        self.prepare(points)()

    def prepare(self, points: Sequence[Point]) -> Callable[[], None]:
        """Made into lines."""
        return partial(self._write, to_lines(points))

    def _write(self, made: Lines) -> None:
        lines, indices, refused, reason = made
        refused = list(refused)
        for position, why in self._write_lines(lines):
            refused.append(indices[position])
            reason = reason or why
        if refused:
            raise SeriesRefused(sorted(refused), reason)

    def write_lines(self, lines: Sequence[str]) -> list[tuple[int, str]]:
        """Ready-made lines, their times in ns: all that can be written; returns (index, reason) of each other one.

        Raises SeriesUnavailable when any may be unwritten.
        """
        return list(self._write_lines(lines, "ns"))

    @_taken_apart
    def ask(self, statement: str) -> list[Series]:
        """What an InfluxQL statement finds, times in ms. Raises SeriesUnavailable."""
        (found,) = self._ask([statement])
        return found

    @_taken_apart
    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """One `last()` a metric: several in one statement would lose the time of each."""
        metrics = self._metrics(kind) if is_name(kind) else []
        where = f'FROM {identifier(kind)} WHERE "site" = {literal(site)} AND {between(since, until)} GROUP BY "device"'
        newest: dict[str, dict[str, Value]] = {}
        answers = self._ask([f"SELECT last({identifier(metric)}) {where}" for metric in metrics])
        for metric, found in zip(metrics, answers, strict=True):
            for device in found:
                ((at, value),) = device.rows
                newest.setdefault(device.tags["device"], {})[metric] = Value(at, float(value))
        return newest

    def metrics(self, kind: str) -> list[str]:
        """The fields that hold numbers."""
        return self._metrics(kind) if is_name(kind) else []

    @_taken_apart
    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """Two agents' values of one moment (a device that was handed over) count once, as in the embedded store."""
        if not (is_name(kind) and is_name(metric)):
            return []  # never stored, and InfluxDB answers an empty name with an error
        (found,) = self._ask([f"SELECT {identifier(metric)} {_of(site, kind, device)} AND {between(since, until)}"])
        values = {at: float(value) for series in found for at, value in series.rows}
        return [Value(at, value) for at, value in values.items()]

    @_taken_apart
    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """`first()` and `last()` without GROUP BY time read no further than it, and tell its own time."""
        if not (is_name(kind) and is_name(metric)) or (sites is not None and not sites):
            return {}
        name, here = identifier(metric), "" if sites is None else f"({within(dict.fromkeys(sites, ()))}) AND "
        wanted = name if pick == "every" else f"{pick}({name})"
        select = f"SELECT {wanted} FROM {identifier(kind)} WHERE {here}"  # noqa: S608 - InfluxQL, quoted
        across: Across = {}
        for found in self._ask([f'{select}{between(*span)} GROUP BY "site", "device"' for span in spans], wide=True):
            for device in found:
                values = {at: float(value) for at, value in device.rows}  # of two agents at one time the later counts
                key = (device.tags["site"], device.tags["device"])
                across.setdefault(key, []).extend(map(Value, values.keys(), values.values()))
        return across

    def chart(self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """Raises ValueError for a step below 1 ms."""
        if step < 1:
            raise ValueError(f"a step of {step} ms")
        if not (is_name(kind) and is_name(metric)):
            return []
        return self._buckets(
            f"SELECT {_aggregates(identifier(metric))} {_of(site, kind, device)} "
            f"AND {between(since, until)} GROUP BY time({step}ms) fill(none)"
        )

    @_taken_apart
    def _buckets(self, statement: str) -> list[Bucket]:
        (found,) = self._ask([statement])
        rows = [row for series in found for row in series.rows]
        return [_bucket(at, figures) for at, *figures in rows]

    @_taken_apart
    def summarise(self, kind: str, scope: Scope, since: int, until: int) -> list[Summary]:
        """All metrics in one statement: its cost is InfluxDB's cursors, one a metric and device, either way."""
        metrics = self._metrics(kind) if scope and is_name(kind) else []
        if not metrics:
            return []
        figures = ", ".join(_aggregates(identifier(metric)) for metric in metrics)
        found = self._by_device(f"SELECT {figures}", kind, scope, since, until)
        summaries = []
        for tags, ((_, *row),) in found:
            quads = zip(metrics, zip(*[iter(row)] * 4, strict=True), strict=True)
            known = {metric: _bucket(since + 1, quad) for metric, quad in quads if quad[0] is not None}
            if known:
                summaries.append(Summary(tags["site"], tags["agent"], tags["device"], known))
        return summaries

    @_taken_apart
    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """One plain SELECT."""
        known = self._metrics(kind) if scope and is_name(kind) else []
        wanted = [metric for metric in known if not metrics or metric in metrics]
        if not wanted:
            return []
        fields = ", ".join(identifier(metric) for metric in wanted)
        points = []
        for tags, rows in self._by_device(f"SELECT {fields}", kind, scope, since, until):
            for at, *row in rows:
                values = {metric: float(value) for metric, value in zip(wanted, row, strict=True) if value is not None}
                points.append(Point(kind, tags["site"], tags["agent"], tags["device"], at, values))
        return points

    def _by_device(self, select: str, kind: str, scope: Scope, since: int, until: int) -> list[Series]:
        (found,) = self._ask(
            [
                f"{select} FROM {identifier(kind)} WHERE ({within(scope)}) AND {between(since, until)} "
                'GROUP BY "site", "agent", "device"'
            ]
        )
        return found

    def ping(self) -> None:
        """A query that finds nothing: `/ping` and SHOW answer whatever our database, and 1.x has no `/health`."""
        self._ask([_PROBE])

    def holding(self, site: str) -> Holding:
        """By the tags; counting values would read them all. A device that records speak of counts once."""
        statement = f'SHOW TAG VALUES WITH KEY = "device" WHERE "site" = {literal(site)}'
        try:
            (found,) = self._ask([statement])
        except SeriesUnavailable as error:
            if _nowhere(error):
                return Holding(0, 0)
            raise
        return Holding(len({device for series in found for _, device in series.rows}), None)

    def erase(self, site: str) -> None:
        """1.x drops the series, whatever retention policy they are in; 2.x deletes by predicate; 3.x can't."""
        version = self._connection.version()
        if not version.startswith(("1.", "2.")):
            raise CannotErase(
                f"InfluxDB {version} deletes no single rows: let the database's retention period end them, or drop the "
                "whole database there and restore the other sites' values from a backup"
            )
        try:
            if version.startswith("1."):
                self._ask([f'DROP SERIES WHERE "site" = {literal(site)}'])
            else:
                self._connection.delete(f'site="{site}"')
        except SeriesUnavailable as error:
            if not _nowhere(error):
                raise

    def close(self) -> None:
        """Close connections."""
        self._connection.close()

    def _metrics(self, kind: str) -> list[str]:
        (found,) = self._ask([f"SHOW FIELD KEYS FROM {identifier(kind)}"])
        # A field shows twice where another program once wrote it with another type.
        return sorted({name for series in found for name, of in series.rows if of in _NUMBERS and is_name(name)})

    def _ask(self, statements: Sequence[str], *, wide: bool = False) -> list[list[Series]]:
        """Each statement's series, in one request; no statements, no request.

        `wide`: many series of few rows. Of those a chunked answer has a chunk each, and takes twice as long.
        """
        if not statements:
            return []
        text = "; ".join(statements)
        if wide:
            try:
                return parse_series(self._connection.query(text, chunked=False), len(statements))
            except CutShort:
                pass  # the server bounds answers in one piece (max-row-limit)
        return parse_series(self._connection.query(text), len(statements))

    def _write_lines(self, lines: Sequence[str], precision: Literal["ms", "ns"] = "ms") -> Iterator[tuple[int, str]]:
        """Write what can be written, halving what is refused; yields (index, reason) of each line that cannot."""
        pending = [(start, min(start + MAX_LINES, len(lines))) for start in range(0, len(lines), MAX_LINES)][::-1]
        while pending:
            start, end = pending.pop()
            try:
                self._connection.write("\n".join(lines[start:end]).encode(), precision)
            except BadData as error:
                # 1.x keeps the good lines and counts the others: when all are bad, halving tells nothing new.
                if end - start in (1, _dropped(str(error))):
                    yield from ((index, str(error)) for index in range(start, end))
                else:
                    pending += _halves(start, end)
            except TooLarge as error:
                if end - start == 1:
                    raise SeriesUnavailable(f"InfluxDB's largest request holds less than a point: {error}") from None
                pending += _halves(start, end)


def _of(site: str, kind: str, device: str) -> str:
    return f'FROM {identifier(kind)} WHERE "site" = {literal(site)} AND "device" = {literal(device)}'


def _aggregates(name: str) -> str:
    return f"mean({name}), min({name}), max({name}), count({name})"


def _bucket(at: int, figures: Sequence[float]) -> Bucket:
    mean, low, high, count = figures
    return Bucket(at, float(mean), float(low), float(high), int(count))


def _halves(start: int, end: int) -> list[tuple[int, int]]:
    """Both halves, the earlier one on top of the stack: the later write of a batch must win."""
    middle = (start + end) // 2
    return [(middle, end), (start, middle)]


def _nowhere(error: SeriesUnavailable) -> bool:
    """There is no such database or bucket (one for rollups that was never made): nothing is in it."""
    return "database not found" in str(error) or "answers 404" in str(error)


def _dropped(words: str) -> int:
    """How many points 1.x says it dropped, 0 where it does not say."""
    found = _DROPPED.search(words)
    return int(found[1]) if found else 0
