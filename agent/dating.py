"""Reports made before the clock was known get its offset afterwards: a gateway without a battery boots in 1970.

Each report carries the boot's id and its monotonic clock; once a reference answers in the same boot, or somebody sets
the clock, the offset of every such report that was not sent yet follows from that. It is written down before anything
is sent, so a report that is sent again says the same. Those of an earlier boot can't be dated any more.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent import thinning
from wire.messages import Offset, Report

EARLIEST_MS = 1_793_491_200_000
"""2026-11-01, before this was written: a wall clock that says less was never set. Not only 1970 is such a time: systemd
moves an unset clock to the day of its own making, some years later."""

_BATCH_BYTES = 1024 * 1024

_UNDATED = (
    "json_valid(CAST(body AS TEXT)) AND json_extract(CAST(body AS TEXT), '$.boot') = ?"
    " AND json_extract(CAST(body AS TEXT), '$.offset.ms') IS NULL"
)


@dataclass(frozen=True)
class Scope:
    """Which reports may be dated: those that were surely never sent, for what was said once is never said otherwise.

    Of this boot's, those at `unset_from` and behind from before the clock was set: they were kept back all the time.
    And of the reports of the process called `name`, if it is not empty, all but those `held`, which are in flight.
    """

    boot: str
    unset_from: int
    name: str
    held: Sequence[int]


def first_unset(db: sqlite3.Connection, boot: str) -> int | None:
    """Position of this boot's first report from before the clock was set, None where there is none."""
    query = f"SELECT min(position) FROM report WHERE sent < ? AND {_UNDATED}"  # noqa: S608 - constants of ours
    (position,) = db.execute(query, (EARLIEST_MS, boot)).fetchone()
    return None if position is None else int(position)


def undated(db: sqlite3.Connection, after: int, scope: Scope) -> Iterator[tuple[int, Report]]:
    """The next such reports behind a position, as many as are about a megabyte."""
    rows = db.execute(
        "SELECT position, id, CAST(body AS BLOB) FROM report WHERE position > ?"  # noqa: S608 - constants of ours
        f" AND (position >= ? AND sent < ? OR id >= ? AND id < ?) AND position NOT IN ({thinning.marks(scope.held)})"
        f" AND {_UNDATED} ORDER BY position",
        (after, scope.unset_from, EARLIEST_MS, f"{scope.name}:", f"{scope.name};", *scope.held, scope.boot),
    )
    size = 0
    for position, name, body in rows:
        size += len(body)
        report = thinning.read(name, body)
        if report is not None:
            yield position, report
        if size > _BATCH_BYTES:
            return


def write(db: sqlite3.Connection, fresh: Sequence[tuple[bytes, int, int]]) -> None:
    """Put dated reports (body, when made, position) in the places of what was there."""
    db.executemany("UPDATE report SET body = ?, sent = ? WHERE position = ?", fresh)


def made(report: Report) -> int:
    """When a report was made, as well as it knows (ms)."""
    return report.sent + round(report.offset.ms or 0.0)


def dated(report: Report, ahead_ms: float, source: str) -> Report:
    """The report with its offset. `ahead_ms` is reference time minus the monotonic clock of the same boot."""
    offset = Offset(ms=round(ahead_ms + report.mono - report.sent, 3), source=source[:200])
    return report.model_copy(update={"offset": offset})
