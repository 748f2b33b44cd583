"""The tables of the embedded series store, which grow with what is written.

One table a kind of device, one column a metric, one row a device and time, as InfluxDB's measurements and fields:

    value_camera(series, at, reachable, response_seconds, …)   PRIMARY KEY (series, at) WITHOUT ROWID

Measured with 64 devices of 6 metrics a commit, synchronous=FULL: 394k values/s, 420 KiB written a commit, 9.6 bytes a
value. A row a value came to 72k values/s and 2.4 MiB a commit, wearing cheap disks; a JSON row to 196k and 756 KiB.
"""

import sqlite3
from collections.abc import Iterable, Sequence

SCHEMA_VERSION = 1
MAX_METRICS = 1000
"""The most columns of a kind: SQLite ends at 2000. The catalogue has a few dozen."""

_SCHEMA = """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL, kind TEXT NOT NULL, device TEXT NOT NULL,
    agent TEXT NOT NULL,  -- who reported last
    UNIQUE (site, kind, device)
);
CREATE TABLE metric (  -- what a device ever reported: reads ask for nothing else
    series INTEGER NOT NULL REFERENCES series(id), name TEXT NOT NULL,
    PRIMARY KEY (series, name)
) WITHOUT ROWID;
"""

Key = tuple[str, str, str]
"""(site, kind, device)"""


class SchemaTooNew(Exception):  # noqa: N818 - a state of the file
    """The file was written by a later version."""


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Make the fixed tables of a new file. Raises SchemaTooNew."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(f"{path} has schema {version}, this version knows up to {SCHEMA_VERSION}: upgrade the hub")
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def table(kind: str) -> str:
    """The table of a kind, quoted. Kinds and metrics were admitted: lower-case letters, digits and underscores."""
    return f'"value_{kind}"'


def column(metric: str) -> str:
    """The column of a metric, quoted; the prefix keeps metrics apart from `series` and `at`."""
    return f'"m_{metric}"'


class Tables:
    """Knows which tables, columns and series the file has, and adds what is missing within the caller's transaction.

    After a rollback call `forget`: what was added is gone.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Believe nothing; look again when asked."""
        self._columns: dict[str, set[str]] = {}
        self._series: dict[Key, tuple[int, str]] = {}
        self._metrics: set[tuple[int, str]] = set()

    def columns(self, kind: str) -> set[str]:
        """The metrics that the kind's table has columns for; empty without such a table."""
        if kind not in self._columns:
            rows = self._connection.execute(f"PRAGMA table_info({table(kind)})")
            found = {name.removeprefix("m_") for _, name, *_ in rows if name.startswith("m_")}
            if not found:
                return found
            self._columns[kind] = found
        return self._columns[kind]

    def add_columns(self, kind: str, metrics: Iterable[str]) -> None:
        """Make the kind's table hold these metrics."""
        missing = sorted(set(metrics) - self.columns(kind))
        if not missing:
            return
        if kind not in self._columns:
            self._connection.execute(
                f"CREATE TABLE {table(kind)} (series INTEGER NOT NULL, at INTEGER NOT NULL, "
                f"{column(missing[0])} REAL, PRIMARY KEY (series, at)) WITHOUT ROWID"
            )
            self._columns[kind] = {missing.pop(0)}
        for metric in missing:
            self._connection.execute(f"ALTER TABLE {table(kind)} ADD COLUMN {column(metric)} REAL")
            self._columns[kind].add(metric)

    def series(self, key: Key, agent: str) -> int:
        """The id of a series, made when new; `agent` is remembered as its reporter."""
        known = self._series.get(key)
        if known is None:
            query = "SELECT id, agent FROM series WHERE site = ? AND kind = ? AND device = ?"
            known = self._connection.execute(query, key).fetchone()
        if known is None:
            added = self._connection.execute(
                "INSERT INTO series (site, kind, device, agent) VALUES (?, ?, ?, ?)", (*key, agent)
            )
            known = (int(added.lastrowid or 0), agent)
        elif known[1] != agent:
            self._connection.execute("UPDATE series SET agent = ? WHERE id = ?", (agent, known[0]))
            known = (known[0], agent)
        self._series[key] = known
        return known[0]

    def note_metrics(self, series: int, metrics: Sequence[str]) -> None:
        """Remember that the series has values of these."""
        new = [(series, metric) for metric in metrics if (series, metric) not in self._metrics]
        if new:
            self._connection.executemany("INSERT OR IGNORE INTO metric VALUES (?, ?)", new)
            self._metrics.update(new)
