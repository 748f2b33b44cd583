"""What the spool gives up at its bound: resolution first, then whole stretches of time, events last.

Events last, unless they take more than half of the bound: then the oldest of them go first, so that a door controller
that floods us cannot cost everyone else's samples.

Every report with samples has a thinning level, 0 when new. Of two neighbours of one stream at the lowest level there
is, the oldest such pair, the older gives up its samples and the other rises a level and tells of the loss. So the whole
backlog loses every second reading before any of it loses three of four, and so on. Reports in flight are left alone.

A body that cannot be read (a bit flipped on a worn-out card: SQLite keeps no checksums) is as good as lost: it is set
aside in the quarantine, and counted.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from agent.draft import body_of, joined
from wire.messages import Lost, Report

OVERHEAD = 256
"""What a report costs in the file besides its body (row, indexes, page slack), in bytes."""

MOST_HELD = 1000
"""The most reports that may be left alone: SQLite bounds the question marks of a statement."""


@dataclass
class Losses:
    """What was given up since the start; `unreadable` counts reports, their samples and events as lost too."""

    samples: int = 0
    events: int = 0
    unreadable: int = 0


class UnreadableBody(Exception):  # noqa: N818 - a state of the disk
    """The body at `position` is no report any more."""

    def __init__(self, position: int) -> None:
        super().__init__(f"report at {position} is unreadable")
        self.position = position


def read(report_id: str, body: bytes) -> Report | None:
    """The report of that id in `body`, None when it is not what was written."""
    try:
        report = Report.model_validate_json(body)
    except ValidationError:
        return None
    return report if report.id == report_id else None


def marks(positions: Collection[int]) -> str:
    """As many question marks."""
    return ",".join("?" * len(positions))


def lost_samples(report: Report) -> list[Lost]:
    """What is to be told when this report's samples go: one entry, or none."""
    if not report.samples:
        return []
    times = [sample.at for sample in report.samples]
    return [Lost(from_=min(times), to=max(times), count=len(times))]


def thin(db: sqlite3.Connection, max_bytes: int, held: Sequence[int], losses: Losses) -> None:
    """Bring the reports in `db` down to `max_bytes`, those at the `held` positions untouched, and count what went."""
    work = _Thinning(db, held, losses)
    while work.bytes() > max_bytes:
        try:
            if work.event_bytes() > max_bytes // 2 and work.drop_events():
                continue
            if not (work.thin_pair() or work.drop_samples() or work.drop_events() or work.join_telltales()):
                return
        except UnreadableBody as error:
            set_aside(db, error.position, losses)


def set_aside(db: sqlite3.Connection, position: int, losses: Losses) -> None:
    """Move an unreadable report into the quarantine, and count what it held as lost."""
    query = "SELECT samples, events FROM report WHERE position = ?"
    samples, events = db.execute(query, (position,)).fetchone()
    db.execute(
        "INSERT OR REPLACE INTO refused (position, id, reason, at, body)"
        " SELECT position, id, 'unreadable in the spool', sent, body FROM report WHERE position = ?",
        (position,),
    )
    db.execute("DELETE FROM report WHERE position = ?", (position,))
    losses.samples += samples
    losses.events += events
    losses.unreadable += 1


class _Thinning:
    """One pass, within the caller's transaction. Each step removes samples, events or a row, so a pass ends."""

    def __init__(self, db: sqlite3.Connection, held: Sequence[int], losses: Losses) -> None:
        self._db = db
        self._held = tuple(held)
        self._free = f"position NOT IN ({marks(self._held)})"
        self._losses = losses

    def bytes(self) -> int:
        return int(self._db.execute("SELECT bytes FROM total").fetchone()[0])

    def event_bytes(self) -> int:
        """Of these the share of events, by their number in each report."""
        return int(self._db.execute("SELECT bytes FROM event_total").fetchone()[0])

    def thin_pair(self) -> bool:
        """The oldest pair of the lowest level that has one."""
        level, best = -1, None
        for found, stream in self._streams():
            if best is not None and found != level:
                break
            level = found
            pair = self._first(f"samples > 0 AND level = ? AND stream = ? AND {self._free}", (found, stream), 2)
            if len(pair) == 2 and (best is None or pair[0] < best[0]):
                best = pair
        if best is None:
            return False
        self._give_up_samples(best[0], onto=best[1], level=level + 1)
        return True

    def _streams(self) -> Iterator[tuple[int, str]]:
        """Every (level, stream) with samples, lowest first, by one seek of the index each."""
        row = (-1, "")
        while row is not None:
            row = self._db.execute(
                "SELECT level, stream FROM report WHERE samples > 0 AND (level, stream) > (?, ?)"
                " ORDER BY level, stream LIMIT 1",
                row,
            ).fetchone()
            if row is not None:
                yield row

    def drop_samples(self) -> bool:
        """No pair is left: the oldest report with samples, the next of any kind telling of it, or itself."""
        first = self._first(f"samples > 0 AND {self._free}", (), 1)
        if not first:
            return False
        after = self._first(f"position > ? AND {self._free}", (first[0],), 1)
        self._give_up_samples(first[0], onto=after[0] if after else first[0], level=None)
        return True

    def drop_events(self) -> bool:
        """The oldest report with events loses all of them, so that indexes stay true; with nothing else in it, it goes.

        What it told of losses the next report tells.
        """
        first = self._first(f"events > 0 AND {self._free}", (), 1)
        if not first:
            return False
        report = self._report(first[0])
        after = self._first(f"position > ? AND {self._free}", (first[0],), 1)
        if report.samples or (report.lost and not after):
            self._store(first[0], report.model_copy(update={"events": []}))
        else:
            if report.lost:
                self._store(after[0], self._telling(after[0], report.lost))
            self._delete(first[0])
        self._losses.events += len(report.events)
        return True

    def join_telltales(self) -> bool:
        """Only reports that tell of losses are left: two become one."""
        pair = self._first(f"samples = 0 AND events = 0 AND {self._free}", (), 2)
        if len(pair) < 2:
            return False
        self._store(pair[1], self._telling(pair[1], self._report(pair[0]).lost))
        self._delete(pair[0])
        return True

    def _give_up_samples(self, position: int, onto: int, level: int | None) -> None:
        report = self._report(position)
        lost = [*report.lost, *lost_samples(report)]
        telling = self._telling(onto, lost) if onto != position else None
        bare = report.model_copy(update={"samples": [], "lost": joined(lost) if telling is None else []})
        if report.events or telling is None:
            self._store(position, bare)
        else:
            self._delete(position)
        if telling is not None:
            self._store(onto, telling)
        if level is not None:
            self._db.execute("UPDATE report SET level = ? WHERE position = ?", (level, onto))
        self._losses.samples += len(report.samples)

    def _telling(self, position: int, lost: Sequence[Lost]) -> Report:
        report = self._report(position)
        return report.model_copy(update={"lost": joined([*report.lost, *lost])})

    def _first(self, condition: str, values: tuple[int | str, ...], most: int) -> list[int]:
        rows = self._db.execute(
            f"SELECT position FROM report WHERE {condition} ORDER BY position LIMIT {most}",  # noqa: S608 - our own words
            (*values, *self._held),
        )
        return [position for (position,) in rows]

    def _report(self, position: int) -> Report:
        query = "SELECT id, CAST(body AS BLOB) FROM report WHERE position = ?"
        report = read(*self._db.execute(query, (position,)).fetchone())
        if report is None:
            raise UnreadableBody(position)
        return report

    def _store(self, position: int, report: Report) -> None:
        self._db.execute(
            "UPDATE report SET body = ?, samples = ?, events = ? WHERE position = ?",
            (body_of(report), len(report.samples), len(report.events), position),
        )

    def _delete(self, position: int) -> None:
        self._db.execute("DELETE FROM report WHERE position = ?", (position,))
