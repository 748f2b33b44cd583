"""What is known of a tree of recordings, in SQLite: its folders, and what lies in them by channel.

A million files are some thousand rows here: a folder has its time of change, which decides whether it is read again,
and one `Piece` a channel: how many files, how many bytes, from when to when, and, of the last days only, which spans
they cover. A channel has what must outlive its files. What is no index, or one of another layout, is begun afresh.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from agent.recordings.spans import Span, packed, unpacked

log = logging.getLogger(__name__)

MOST_FOLDERS = 500_000
_CACHE_KIB = 1024
_LONGEST = 86_400
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folder(id INTEGER PRIMARY KEY, parent INTEGER, path BLOB UNIQUE, depth INTEGER,
  first INTEGER, last INTEGER, changed INTEGER, listed INTEGER, entries INTEGER);
CREATE INDEX IF NOT EXISTS folder_last ON folder(last);
CREATE INDEX IF NOT EXISTS folder_parent ON folder(parent);
CREATE INDEX IF NOT EXISTS folder_new ON folder(last DESC, path DESC) WHERE listed = 0;
CREATE TABLE IF NOT EXISTS channel(id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS piece(folder INTEGER, channel INTEGER, files INTEGER, bytes INTEGER, future INTEGER,
  oldest INTEGER, newest INTEGER, until INTEGER, oldest_name BLOB, newest_name BLOB, newest_size INTEGER, spans BLOB,
  empty BLOB, PRIMARY KEY(folder, channel)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS piece_oldest ON piece(channel, oldest);
CREATE INDEX IF NOT EXISTS piece_newest ON piece(channel, newest);
CREATE INDEX IF NOT EXISTS piece_future ON piece(folder) WHERE future > 0;
"""


@dataclass
class Folder:
    """A folder below the root, "" the root itself. `changed` is its mtime in ns when it was read, 0 where it is to be
    read again; `listed` when that was, 0 for never; segments in it begin between `first` and `last`."""

    id: int
    parent: int
    path: str
    depth: int
    first: int
    last: int
    changed: int = 0
    listed: int = 0
    entries: int = 0


@dataclass
class Piece:
    """One channel's recordings in one folder. `spans` are of the last days only; `bytes` may be an estimate.

    `until` is the end of the newest; `empty` are the beginnings of files without content, which are no recordings;
    `future` counts those whose names lie ahead of the clock, which are left aside as well.
    """

    files: int = 0
    bytes: int = 0
    future: int = 0
    oldest: int = 0
    newest: int = 0
    until: int = 0
    oldest_name: str = ""
    newest_name: str = ""
    newest_size: int = 0
    spans: list[Span] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


Ends = tuple[tuple[Folder, Piece], tuple[Folder, Piece]]
"""Where a channel's oldest recording lies, and its newest."""


@dataclass
class Channel:
    """What is known of a channel beside its files. Times are 0 where there are none yet.

    `since`: the first recording ever known. `watched`: when it was first looked for. `settled`: up to when its gaps
    have been told. `segment`: the usual length of its files. `ledger`: what was seen recorded in the last days, whether
    it is still there or not. `rate`: bytes by the minute they were seen in. `sign`: the last sign of a writer. `blind`:
    before it recordings were overwritten that nobody looked at.
    """

    id: int
    name: str
    watched: int = 0
    since: int = 0
    settled: int = 0
    segment: int = 0
    sign: int = 0
    blind: int = 0
    ledger: list[Span] = field(default_factory=list)
    rate: dict[int, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    future: int = 0
    day: Span = (-1 << 60, 1 << 60)
    """The day whose figures are kept."""
    touched: bool = True
    """Its recordings of that day changed since this was set false."""


class Index:
    """One tree's. Every call may raise sqlite3.Error; nothing lasts before `commit`."""

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        self.path = path
        try:
            self._open(fingerprint)
        except (sqlite3.Error, ValueError, TypeError) as error:
            if path is None or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise  # another process, or a collector that is about to end, still has it: it is not broken
            log.warning("index of recordings is begun afresh path=%s reason=%r", path, str(error))
            self._discard()
            self._open(fingerprint)

    def _open(self, fingerprint: str) -> None:
        if self.path is not None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sql = sqlite3.connect(self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1.0)
        try:
            # WAL and NORMAL: a power cut may cost the last runs' reading, never the file; what was told is forced out.
            # EXCLUSIVE: sums are kept in memory, so there must be no second writer.
            for pragma in (
                "locking_mode=EXCLUSIVE",
                "journal_mode=WAL",
                "synchronous=NORMAL",
                f"cache_size=-{_CACHE_KIB}",
                "temp_store=FILE",
            ):
                self._sql.execute(f"PRAGMA {pragma}")
            self._sql.executescript(_SCHEMA)
            self._sql.execute("BEGIN")
            self._tally()
            known = self.meta("fingerprint")
            if known not in {"", fingerprint}:
                raise ValueError("layout or path is another")  # noqa: TRY301 - as any file that is not this index
            self.set_meta("fingerprint", fingerprint)
            if self.folder("") is None:
                self._add_root()
            self.commit()
        except (sqlite3.Error, ValueError, TypeError):
            self._sql.close()
            raise

    def _add_root(self) -> None:
        self._sql.execute("INSERT INTO folder VALUES(1, 0, x'', 0, ?, ?, 0, 0, 0)", (-1 << 60, 1 << 60))

    def _discard(self) -> None:
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def _tally(self) -> None:
        """Channels from the file, with sums over their pieces."""
        self.channels: dict[str, Channel] = {}
        self._ends: dict[int, Ends | None] = {}
        by_id: dict[int, Channel] = {}
        for number, text in self._sql.execute("SELECT id, body FROM channel"):
            body = json.loads(text)
            body["ledger"] = [tuple(span) for span in body["ledger"]]
            body["rate"] = {int(minute): size for minute, size in body["rate"].items()}
            channel = Channel(id=number, **body)
            self.channels[channel.name] = by_id[number] = channel
        sums = "SELECT channel, sum(files), sum(bytes), sum(future) FROM piece GROUP BY channel"
        for number, *totals in self._sql.execute(sums):
            by_id[number].files, by_id[number].bytes, by_id[number].future = totals
        self._by_id = by_id

    # Transactions

    def begin(self) -> None:
        """From here on `undo` leads back here."""
        self._before = {
            name: replace(one, ledger=list(one.ledger), rate=dict(one.rate)) for name, one in self.channels.items()
        }
        self._sql.execute("SAVEPOINT run")

    def undo(self) -> None:
        """Forget everything since `begin`."""
        self._sql.execute("ROLLBACK TO run")
        self._sql.execute("RELEASE run")
        self.channels, self._ends = self._before, {}
        self._by_id = {one.id: one for one in self.channels.values()}

    def keep(self) -> None:
        """What was done since `begin` stays; on disk it is with the next `commit`."""
        self._sql.execute("RELEASE run")

    def commit(self, *, force: bool = False) -> None:
        """Put everything into the file; `force`: onto the disk before this returns."""
        self._sql.executemany(
            "INSERT OR REPLACE INTO channel VALUES(?, ?)", [(one.id, _body(one)) for one in self.channels.values()]
        )
        self._sql.execute("COMMIT")
        if force:
            self._sql.execute("PRAGMA wal_checkpoint(FULL)")
        self._sql.execute("BEGIN")

    def restart(self) -> None:
        """Forget all but which index this is."""
        for table in ("folder", "piece", "channel"):
            self._sql.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        self._sql.execute("DELETE FROM meta WHERE name <> 'fingerprint'")
        self._add_root()
        self._tally()
        self.commit()

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()

    # Facts about the whole

    def meta(self, name: str) -> str:
        """A remembered text, "" where there is none."""
        row = self._sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, name: str, value: str) -> None:
        """Remember a text."""
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, value))

    def count(self) -> int:
        """How many folders are known."""
        return int(self._sql.execute("SELECT count(*) FROM folder").fetchone()[0])

    def unread(self) -> int:
        """How many folders wait to be read for the first time."""
        return int(self._sql.execute("SELECT count(*) FROM folder WHERE listed = 0").fetchone()[0])

    # Folders

    def folder(self, path: str) -> Folder | None:
        """By its path."""
        row = self._sql.execute("SELECT * FROM folder WHERE path = ?", (os.fsencode(path),)).fetchone()
        return _folder(row) if row else None

    def live(self, since: int, until: int) -> list[Folder]:
        """Read folders in which segments of that time may lie, upper ones first."""
        rows = self._sql.execute(
            "SELECT * FROM folder WHERE last >= ? AND first <= ? AND listed > 0 ORDER BY depth, path", (since, until)
        )
        return [_folder(row) for row in rows]

    def live_unread(self, since: int, until: int) -> int:
        """How many of those wait to be read for the first time."""
        query = "SELECT count(*) FROM folder WHERE listed = 0 AND last >= ? AND first <= ?"
        return int(self._sql.execute(query, (since, until)).fetchone()[0])

    def newest_unread(self, most: int) -> list[Folder]:
        """Folders never read, of the newest time first."""
        query = "SELECT * FROM folder WHERE listed = 0 ORDER BY last DESC, path DESC LIMIT ?"
        return [_folder(row) for row in self._sql.execute(query, (most,))]

    def after(self, number: int, most: int) -> list[Folder]:
        """Folders in the order they were found, from behind the one of that id."""
        rows = self._sql.execute("SELECT * FROM folder WHERE id > ? ORDER BY id LIMIT ?", (number, most))
        return [_folder(row) for row in rows]

    def children(self, folder: Folder) -> dict[str, Folder]:
        """The folders in a folder, by name."""
        rows = self._sql.execute("SELECT * FROM folder WHERE parent = ?", (folder.id,))
        return {one.path.rpartition("/")[2]: one for one in map(_folder, rows)}

    def add(self, parent: Folder, path: str, bounds: Span) -> Folder:
        """A folder that was found."""
        added = Folder(0, parent.id, path, parent.depth + 1, *bounds)
        cursor = self._sql.execute(
            "INSERT INTO folder VALUES(NULL, ?, ?, ?, ?, ?, 0, 0, 0)",
            (added.parent, os.fsencode(path), added.depth, added.first, added.last),
        )
        added.id = cursor.lastrowid or 0
        return added

    def save(self, folder: Folder) -> None:
        """What was learnt of it."""
        self._ends.clear()  # they hold copies of folders
        self._sql.execute(
            "UPDATE folder SET first = ?, last = ?, changed = ?, listed = ?, entries = ? WHERE id = ?",
            (folder.first, folder.last, folder.changed, folder.listed, folder.entries, folder.id),
        )

    def drop(self, folder: Folder) -> None:
        """It is gone, with all below it; the root stays, empty."""
        path = os.fsencode(folder.path)
        low, high = (path + b"/", path + b"0") if path else (b"", b"\xff" * 8)  # "0" is what follows "/"
        rows = self._sql.execute(
            "SELECT id FROM folder WHERE id = ? OR (path > ? AND path < ?)", (folder.id, low, high)
        ).fetchall()
        for (number,) in rows:
            self.put(number, {})
            if number != 1:
                self._sql.execute("DELETE FROM folder WHERE id = ?", (number,))

    # Channels and pieces

    def channel(self, name: str, now: int) -> Channel:
        """By its name; a new one is looked for from now on."""
        known = self.channels.get(name)
        if known is None:
            number = max(self._by_id, default=0) + 1
            known = self.channels[name] = self._by_id[number] = Channel(id=number, name=name, watched=now)
        return known

    def pieces(self, folder: int) -> dict[str, Piece]:
        """What lies in a folder, by channel."""
        rows = self._sql.execute("SELECT * FROM piece WHERE folder = ?", (folder,))
        return {self._by_id[row[1]].name: _piece(row) for row in rows}

    def put(self, folder: int, pieces: Mapping[str, Piece], now: int = 0) -> None:
        """All that lies in a folder; sums and ledgers of the channels follow."""
        before = self.pieces(folder)
        for name, piece in before.items():
            if name not in pieces:
                self._count(self.channels[name], piece, -1)
                self._sql.execute(
                    "DELETE FROM piece WHERE folder = ? AND channel = ?", (folder, self.channels[name].id)
                )
        for name, piece in pieces.items():
            channel = self.channel(name, now)
            if name in before:
                self._count(channel, before[name], -1)
            self._count(channel, piece, 1)
            self._sql.execute(
                "INSERT OR REPLACE INTO piece VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (folder, channel.id, *_row(piece)),
            )

    def _count(self, channel: Channel, piece: Piece, sign: int) -> None:
        self._ends.pop(channel.id, None)
        channel.files += sign * piece.files
        channel.bytes += sign * piece.bytes
        channel.future += sign * piece.future
        channel.touched |= piece.oldest < channel.day[1] and piece.until > channel.day[0]

    def ends(self, channel: Channel) -> Ends | None:
        """The folders with its oldest and its newest recording, None where there is no recording."""
        if channel.id not in self._ends:
            first, last = self._end(channel, "oldest"), self._end(channel, "newest DESC")
            self._ends[channel.id] = (first, last) if first is not None and last is not None else None
        return self._ends[channel.id]

    def _end(self, channel: Channel, order: str) -> tuple[Folder, Piece] | None:
        # Zero is the beginning of a piece that has none: only files of the future, or empty ones.
        column = order.partition(" ")[0]
        row = self._sql.execute(
            f"SELECT * FROM piece WHERE channel = ? AND {column} > 0 ORDER BY {order} LIMIT 1",  # noqa: S608 - ours
            (channel.id,),
        ).fetchone()
        if row is None:
            return None
        folder = self._sql.execute("SELECT * FROM folder WHERE id = ?", (row[0],)).fetchone()
        return _folder(folder), _piece(row)

    def spans(self, channel: Channel, since: int) -> list[Span]:
        """What is covered after a moment by recordings still there; unsorted."""
        rows: Iterable[tuple[bytes]] = self._sql.execute(
            "SELECT spans FROM piece WHERE channel = ? AND newest > 0 AND newest >= ? AND until > ?",
            (channel.id, since - _LONGEST, since),
        )
        return [span for (body,) in rows for span in unpacked(body) if span[1] > since]

    def with_future(self, most: int) -> Iterator[Folder]:
        """Folders in which something lies ahead of the clock."""
        query = "SELECT folder.* FROM piece JOIN folder ON folder.id = piece.folder WHERE future > 0 LIMIT ?"
        for row in self._sql.execute(query, (most,)).fetchall():
            yield _folder(row)


def _body(channel: Channel) -> str:
    body = asdict(channel)
    for name in ("id", "files", "bytes", "future", "day", "touched"):
        del body[name]
    return json.dumps(body)


def _folder(row: tuple[int, int, bytes, int, int, int, int, int, int]) -> Folder:
    return Folder(row[0], row[1], os.fsdecode(row[2]), *row[3:])


def _piece(row: tuple[int, int, int, int, int, int, int, int, bytes, bytes, int, bytes, bytes]) -> Piece:
    empty = [moment for span in unpacked(row[12]) for moment in span if moment]
    return Piece(*row[2:8], os.fsdecode(row[8]), os.fsdecode(row[9]), row[10], unpacked(row[11]), empty)


def _row(piece: Piece) -> tuple[int | bytes, ...]:
    even = [*piece.empty, 0] if len(piece.empty) % 2 else piece.empty
    return (
        *(piece.files, piece.bytes, piece.future, piece.oldest, piece.newest, piece.until),
        *(os.fsencode(piece.oldest_name), os.fsencode(piece.newest_name), piece.newest_size),
        packed(piece.spans),
        packed(list(zip(even[::2], even[1::2], strict=True))),
    )
