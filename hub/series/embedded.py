"""SQLite as a series store: no server to run, one file, durable when `write` returns."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hub.series.admission import admit, is_name
from hub.series.erasure import empty_log
from hub.series.store import (
    Across,
    Bucket,
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
from hub.series.tables import MAX_METRICS, Key, Tables, column, prepare, table

_BUSY_SECONDS = 5.0
_WAL_BYTES = 64 * 1024 * 1024
_IDLE_READERS = 4
_SQLITE_INTEGER = 2**63 - 1

_Row = tuple[str, str, str, int]  # kind, site, device, at


class EmbeddedSeries:
    """A SeriesStore in a file. One writer at a time; readers see the last commit and never wait for it.

    Every SQLite error (disk full, I/O error, file locked by another program) is SeriesUnavailable, and of a write that
    failed nothing is kept. Raises SchemaTooNew, or SeriesUnavailable, when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._closed = False
        with self._trouble():
            self._writer = self._connect()
            try:
                self._writer.execute("PRAGMA journal_mode = WAL")
                # A commit is fsynced: acknowledgements are sent on its strength.
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
                # What an update leaves behind in a page that is written anyway is overwritten.
                self._writer.execute("PRAGMA secure_delete = FAST")
                prepare(self._writer, str(path))
            except BaseException:
                self._writer.close()
                raise
        self._tables = Tables(self._writer)
        self._version = -1
        """What SQLite counts up when another connection has written."""

    def write(self, points: Sequence[Point]) -> None:
        """One transaction. Fields of equal times merge, later points win."""
        admission = admit(points)
        refused, reason = list(admission.refused), admission.reason
        with self._transaction() as connection:
            for index in self._overgrown(points, admission.admitted):
                refused.append(index)
                reason = reason or f"kind {points[index].kind} has over {MAX_METRICS} metrics"
            barred = set(refused)
            admitted = [points[index] for index in admission.admitted if index not in barred]
            self._insert(connection, admitted)
        if refused:
            raise SeriesRefused(sorted(refused), reason)

    def prepare(self, points: Sequence[Point]) -> Callable[[], None]:
        """Nothing beforehand."""
        return partial(self.write, points)

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """One seek a series and metric."""
        newest: dict[str, dict[str, Value]] = {}
        told = "SELECT DISTINCT name FROM metric JOIN series ON id = series WHERE kind = ? AND site = ?"
        with self._reader() as connection:
            metrics = connection.execute(told, (kind, site)).fetchall()
        for (metric,) in metrics:
            found = self.across(kind, metric, [(since, until)], sites=[site], pick="last")
            for (_, device), (value,) in found.items():
                newest.setdefault(device, {})[metric] = value
        return newest

    def metrics(self, kind: str) -> list[str]:
        """The columns of its table."""
        with self._reader() as connection:
            return _metrics(connection, kind)

    def window(self, site: str, kind: str, device: str, metric: str, since: int, until: int) -> list[Value]:
        """A scan of neighbouring rows."""
        with self._reader() as connection:
            series = _find(connection, site, kind, device, metric)
            if series is None:
                return []
            name = column(metric)
            rows = connection.execute(
                f"SELECT at, {name} FROM {table(kind)} WHERE series = ? AND at > ? AND at <= ? AND {name} IS NOT NULL "  # noqa: S608 - admitted names, quoted
                "ORDER BY at",
                (series, *_bounds(since, until)),
            )
            return [Value(at, value) for at, value in rows]

    def across(self, kind: str, metric: str, spans: Spans, *, sites: Sites = None, pick: Pick = "every") -> Across:
        """A seek a series and span."""
        across: Across = {}
        with self._reader() as connection:
            if metric not in _metrics(connection, kind):
                return across
            name = column(metric)
            end = "DESC" if pick == "last" else "ASC"
            seek = (
                f"(SELECT at FROM {table(kind)} "  # noqa: S608 - admitted names, quoted
                f"WHERE series = id AND at > ? AND at <= ? AND {name} IS NOT NULL ORDER BY at {end} LIMIT 1)"
            )
            when = "v.at > ? AND v.at <= ?" if pick == "every" else f"v.at = {seek}"
            here = f" AND site IN ({', '.join('?' * len(sites))})" if sites is not None else ""
            statement = (
                f"SELECT site, device, v.at, v.{name} FROM series CROSS JOIN metric ON metric.series = id AND name = ? "  # noqa: S608 - admitted names, quoted
                f"CROSS JOIN {table(kind)} v ON v.series = id AND {when} AND v.{name} IS NOT NULL "
                f"WHERE kind = ?{here} ORDER BY id, v.at"
            )
            for span in spans:
                for site, device, at, value in connection.execute(
                    statement, (metric, *_bounds(*span), kind, *(sites or ()))
                ):
                    across.setdefault((site, device), []).append(Value(at, value))
        return across

    def chart(self, site: str, kind: str, device: str, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """Aggregated by SQLite. Raises ValueError for a step below 1 ms."""
        if step < 1:
            raise ValueError(f"a step of {step} ms")
        with self._reader() as connection:
            series = _find(connection, site, kind, device, metric)
            if series is None:
                return []
            name = column(metric)
            rows = connection.execute(
                # SQLite's % keeps the sign: times before 1970 need it taken twice to round down.
                f"SELECT at - (at % ? + ?) % ?, {_aggregates(name)} FROM {table(kind)} "  # noqa: S608 - admitted names, quoted
                f"WHERE series = ? AND at > ? AND at <= ? AND {name} IS NOT NULL GROUP BY 1 ORDER BY 1",
                (step, step, step, series, *_bounds(since, until)),
            )
            return [Bucket(*row) for row in rows]

    def summarise(self, kind: str, scope: Scope, since: int, until: int) -> list[Summary]:
        """One scan of a device's neighbouring rows."""
        with self._reader() as connection:
            metrics = _metrics(connection, kind)
            figures = ", ".join(_aggregates(column(metric)) for metric in metrics)
            summaries = []
            for series, site, agent, device in _series(connection, kind, scope) if metrics else ():
                row = connection.execute(
                    f"SELECT {figures} FROM {table(kind)} WHERE series = ? AND at > ? AND at <= ?",  # noqa: S608 - admitted names, quoted
                    (series, *_bounds(since, until)),
                ).fetchone()
                quads = zip(metrics, zip(*[iter(row)] * 4, strict=True), strict=True)
                known = {metric: Bucket(since + 1, *quad) for metric, quad in quads if quad[3]}
                if known:
                    summaries.append(Summary(site, agent, device, known))
            return summaries

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        """A scan of neighbouring rows."""
        with self._reader() as connection:
            wanted = [metric for metric in _metrics(connection, kind) if not metrics or metric in metrics]
            fields = ", ".join(column(metric) for metric in wanted)
            points = []
            for series, site, agent, device in _series(connection, kind, scope) if wanted else ():
                rows = connection.execute(
                    f"SELECT at, {fields} FROM {table(kind)} WHERE series = ? AND at > ? AND at <= ? ORDER BY at",  # noqa: S608 - admitted names, quoted
                    (series, *_bounds(since, until)),
                )
                for at, *row in rows:
                    values = {metric: value for metric, value in zip(wanted, row, strict=True) if value is not None}
                    if values:
                        points.append(Point(kind, site, agent, device, at, values))
            return points

    def prune(self, before: int) -> int:
        """Delete values older than `before` (ms UTC), a series at a time so that writers wait little; how many rows.

        The file keeps its size and reuses the space.
        """
        with self._reader() as connection:
            every = connection.execute("SELECT kind, id FROM series ORDER BY kind, id").fetchall()
        deleted = 0
        for kind, series in every:
            with self._transaction() as connection:
                statement = f"DELETE FROM {table(kind)} WHERE series = ? AND at < ?"  # noqa: S608 - admitted names, quoted
                deleted += connection.execute(statement, (series, before)).rowcount
        return deleted

    def holding(self, site: str) -> Holding:
        """Counted row by row."""
        with self._reader() as connection:
            kinds = connection.execute("SELECT DISTINCT kind FROM series WHERE site = ?", (site,)).fetchall()
            (devices,) = connection.execute("SELECT count(*) FROM series WHERE site = ?", (site,)).fetchone()
            of_site = "WHERE series IN (SELECT id FROM series WHERE site = ?)"
            rows = [
                connection.execute(f"SELECT count(*) FROM {table(kind)} {of_site}", (site,)).fetchone()[0]  # noqa: S608 - admitted names, quoted
                for (kind,) in kinds
            ]
            return Holding(devices, sum(rows))

    def erase(self, site: str) -> None:
        """A series at a time so that writers wait little. What is deleted is overwritten in the file and its log."""
        with self._reader() as connection:
            every = connection.execute("SELECT kind, id FROM series WHERE site = ?", (site,)).fetchall()
        for kind, series in every:
            with self._transaction() as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(f"DELETE FROM {table(kind)} WHERE series = ?", (series,))  # noqa: S608 - admitted name, quoted
                connection.execute("DELETE FROM metric WHERE series = ?", (series,))
                connection.execute("DELETE FROM series WHERE id = ?", (series,))
                self._tables.forget()
        with self._trouble(), self._write_lock:
            self._writer.execute("PRAGMA secure_delete = FAST")
            empty_log(self._writer, self._path)

    def ping(self) -> None:
        """The file is readable."""
        with self._reader() as connection:
            connection.execute("SELECT count(*) FROM series").fetchone()

    def close(self) -> None:
        """Let go of the file; what still reads lets go when it is done."""
        with self._write_lock, self._readers_lock:
            self._closed = True
            self._writer.close()
            while self._readers:
                self._readers.pop().close()

    def _overgrown(self, points: Sequence[Point], admitted: Sequence[int]) -> Iterator[int]:
        """Points whose new metrics would make their kind's table too wide."""
        columns: dict[str, set[str]] = {}
        for index in admitted:
            kind, values = points[index].kind, points[index].values
            if kind not in columns:
                columns[kind] = set(self._tables.columns(kind))
            grown = columns[kind]
            if values.keys() <= grown:
                continue
            if len(grown | values.keys()) > MAX_METRICS:
                yield index
            else:
                grown.update(values)

    def _insert(self, connection: sqlite3.Connection, points: Sequence[Point]) -> None:
        """Rows of the same metrics go in together, so each time and series is merged first."""
        merged: dict[_Row, dict[str, float]] = {}
        agents: dict[Key, str] = {}
        for kind, site, agent, device, at, values in points:
            merged.setdefault((kind, site, device, at), {}).update(values)
            agents[site, kind, device] = agent
        groups: dict[tuple[str, tuple[str, ...]], list[tuple[float, ...]]] = {}
        for (kind, site, device, at), fields in merged.items():
            metrics = tuple(fields)
            if (kind, metrics) not in groups:
                self._tables.add_columns(kind, metrics)
                groups[kind, metrics] = []
            key = (site, kind, device)
            series = self._tables.series(key, agents[key])
            self._tables.note_metrics(series, metrics)
            groups[kind, metrics].append((series, at, *map(float, fields.values())))
        for (kind, metrics), rows in groups.items():
            connection.executemany(_upsert(kind, metrics), rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one at a time."""
        with self._trouble(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._notice_others()
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._tables.forget()
                if self._writer.in_transaction:  # a full disk may have rolled back already
                    self._writer.execute("ROLLBACK")
                raise

    def _notice_others(self) -> None:
        """What another program has written since (a second hub, a command) may be columns or series we do not know."""
        (version,) = self._writer.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._tables.forget()
            self._version = version

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """A connection nobody else uses meanwhile, looking at one snapshot."""
        with self._trouble():
            with self._readers_lock:
                if self._closed:
                    raise SeriesUnavailable(f"{self._path} is closed")
                idle = self._readers.pop() if self._readers else None
            connection = idle or self._connect()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._hand_back(connection)

    def _hand_back(self, connection: sqlite3.Connection) -> None:
        with self._readers_lock:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if self._closed or len(self._readers) >= _IDLE_READERS:
                connection.close()
            else:
                self._readers.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA trusted_schema = OFF")  # the file may have come out of an archive
        return connection

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SeriesUnavailable(f"{self._path}: {error}") from error


def _upsert(kind: str, metrics: Sequence[str]) -> str:
    names = [column(metric) for metric in metrics]
    kept = ", ".join(f"{name} = excluded.{name}" for name in names)
    return (
        f"INSERT INTO {table(kind)} (series, at, {', '.join(names)}) VALUES (?, ?{', ?' * len(names)}) "  # noqa: S608 - admitted names, quoted
        f"ON CONFLICT (series, at) DO UPDATE SET {kept}"
    )


def _find(connection: sqlite3.Connection, site: str, kind: str, device: str, metric: str) -> int | None:
    """The id of a series that has values of the metric; so table and column exist and their names are admitted ones."""
    row = connection.execute(
        "SELECT id FROM series JOIN metric ON metric.series = id "
        "WHERE site = ? AND kind = ? AND device = ? AND name = ?",
        (site, kind, device, metric),
    ).fetchone()
    return None if row is None else int(row[0])


def _metrics(connection: sqlite3.Connection, kind: str) -> list[str]:
    """The metrics a kind's table has columns for; none of a kind nobody ever wrote, whatever its name."""
    if not is_name(kind):
        return []
    rows = connection.execute(f"PRAGMA table_info({table(kind)})")
    return [name.removeprefix("m_") for _, name, *_ in rows if name.startswith("m_")]


def _series(connection: sqlite3.Connection, kind: str, scope: Scope) -> Iterator[tuple[int, str, str, str]]:
    """(id, site, agent, device) of a scope's series."""
    query = "SELECT id, site, agent, device FROM series WHERE site = ? AND kind = ?"
    for site, devices in scope.items():
        if not devices:
            yield from connection.execute(query, (site, kind))
        for device in devices:
            yield from connection.execute(f"{query} AND device = ?", (site, kind, device))


def _aggregates(name: str) -> str:
    return f"avg({name}), min({name}), max({name}), count({name})"


def _bounds(since: int, until: int) -> tuple[int, int]:
    """Clipped to what SQLite holds."""
    return (max(since, -_SQLITE_INTEGER), min(until, _SQLITE_INTEGER))
