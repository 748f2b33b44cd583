"""One run's way through a tree: a folder is visited, read where it changed, and what it holds goes into the index."""

import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.recordings.disk import Disk
from agent.recordings.event import read_event
from agent.recordings.follow import follow
from agent.recordings.index import MOST_FOLDERS, Channel, Folder, Index, Piece
from agent.recordings.layout import ROOT, UNKNOWN, Layout, Where
from agent.recordings.leaf import FUTURE_SECONDS, RATE_SECONDS, Found, Terms, read
from agent.recordings.spans import Span

MOST_CHANNELS = 256
MOST_BELOW = 65_536
"""Folders of recordings in one folder."""
DAY = 86_400
_RACE_SECONDS = 2.0
_AHEAD_SECONDS = 2 * DAY
_LONGEST_BACK = 35 * DAY
_FOLLOWED_FROM = 20
_RELIST_SECONDS = 600
_SECONDS_PER_ENTRY = 0.2
_REFUSED = frozenset({errno.EACCES, errno.EPERM})


class StoreGone(Exception):  # noqa: N818 - a state of the disk, not an error of ours
    """The recordings can't be read; what was known stays known. The text is one line fit for a log."""


@dataclass
class Scan:
    """How a run went. `current`: everything that may hold segments of now was looked at. `unreadable` are channels.

    `away`: the last time before that it was is longer ago than an hour.
    """

    current: bool = True
    away: bool = False
    unreadable: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass
class Tree:
    """A tree of recordings, and what is remembered of it between two runs.

    `accepts` says of a channel's name whether it is one to watch; `configured` how long its segments are, 0 where that
    is to be learnt. `own_file_system`: it must lie on another file system than the root's. `lost` and `followed` are of
    folders that are followed by name: those whose thread is lost, and the time of change at the last look.
    """

    root: str
    layout: Layout
    index: Index
    disk: Disk
    accepts: Callable[[str], bool] = lambda _name: True
    configured: Callable[[str], int] = lambda _name: 0
    own_file_system: bool = False
    stopping: Callable[[], bool] = lambda: False
    folders: int = 0
    lost: set[int] = field(default_factory=set)
    followed: dict[int, int] = field(default_factory=dict)

    def look(self) -> os.stat_result:
        """At its root. Raises StoreGone."""
        try:
            look = self.disk.root(self.root)
            if self.own_file_system and look.st_dev == self.disk.root("/").st_dev:
                raise StoreGone(f"{self.root}: nothing is mounted there")
        except OSError as error:
            raise StoreGone(f"{self.root}: {error.strerror or error}") from None
        if not stat.S_ISDIR(look.st_mode):
            raise StoreGone(f"{self.root}: is no folder")
        return look

    def look_at_disk(self) -> os.stat_result:
        """At its root, and whether there is still a disk under it. Raises StoreGone."""
        look = self.look()
        if self.disk.gone(look):
            raise StoreGone(f"{self.root}: mounted, but its device is gone")
        return look

    def path(self, *names: str) -> str:
        """The full path of what lies below the root."""
        return "/".join((self.root.rstrip("/"), *(name for name in names if name)))

    def where(self, folder: Folder) -> Where | None:
        """What a folder's path says."""
        return self.layout.where(tuple(folder.path.split("/"))) if folder.path else ROOT

    def segment(self, name: str) -> int:
        """How long a channel's files are, 0 where that is not known yet."""
        channel = self.index.channels.get(name)
        return self.configured(name) or (channel.segment if channel else 0)


class Walk:
    """One run at a moment. `entries` names may be listed in folders that can wait, up to the monotonic `deadline`.

    `seen` are folders looked at, `listed` those that were read. Raises StoreGone.
    """

    def __init__(self, tree: Tree, now: int, entries: int, deadline: float) -> None:
        self.tree, self.now, self.scan = tree, now, Scan()
        self.seen: set[int] = set()
        self.listed: set[int] = set()
        self._left, self._deadline = entries, deadline
        self._index, self._layout = tree.index, tree.layout
        self._device = tree.look_at_disk().st_dev
        self.live = self._live()
        self._terms = self._on_terms()

    def _live(self) -> Span:
        """Between which moments the segments lie that matter now: since the last look at all of them, and ahead."""
        longest = max((self.tree.segment(one.name) for one in self._index.channels.values()), default=0)
        looked = int(self._index.meta("looked") or self.now)
        back = min(DAY, 2 * longest + 900)
        return max(self.now - _LONGEST_BACK, min(self.now, looked) - back), self.now + _AHEAD_SECONDS

    def _on_terms(self) -> Terms:
        oldest = min((one.settled for one in self._index.channels.values() if one.settled), default=self.now)
        since = max(self.now - _LONGEST_BACK, min(self.now - 4 * DAY, oldest - DAY))
        fixed = self.tree.configured
        return Terms(
            self.tree.disk,
            self._layout,
            self.now,
            since,
            self.tree.segment,
            lambda name: bool(fixed(name)),
            self.tree.accepts,
        )

    def spent(self) -> bool:
        """Whether what can wait has to."""
        return self._left <= 0 or self.tree.stopping() or time.monotonic() >= self._deadline

    def root_still_there(self) -> None:
        """A folder that vanished was deleted; unless all vanished with their disk."""
        if self.tree.look_at_disk().st_dev != self._device:
            raise StoreGone(f"{self.tree.root}: the disk went away while it was read")

    def visit(self, folder: Folder, *, again: bool = False) -> None:
        """Read a folder where it changed; `again`: in any case."""
        self.seen.add(folder.id)
        path = self.tree.path(folder.path)
        try:
            look = self.tree.disk.look(path) if folder.path else self.tree.look()
            if not stat.S_ISDIR(look.st_mode):
                raise NotADirectoryError  # noqa: TRY301 - a link in its place is as if it were gone
            if again or look.st_mtime_ns not in {folder.changed, self.tree.followed.get(folder.id)}:
                self._read_folder(folder, path, look)
        except (FileNotFoundError, NotADirectoryError):
            self.root_still_there()
            self._index.drop(folder)
        except OSError as error:
            self.failed(folder, error)

    def _read_folder(self, folder: Folder, path: str, look: os.stat_result) -> None:
        where = self.tree.where(folder)
        if where is None:
            return
        if folder.depth < self._layout.leaf_depth:
            whole = self._read_branch(folder, path, where)
        elif not self._read_leaf(folder, path, where, look):
            return
        else:
            whole = True
        # What changes within the clock's grain of a listing would be missed: such a folder is read once more.
        folder.changed = look.st_mtime_ns if whole and _settled(look) else 0
        self.tree.followed.pop(folder.id, None)
        folder.listed = max(1, self.now)
        self.listed.add(folder.id)
        self._index.save(folder)

    def _read_branch(self, folder: Folder, path: str, where: Where) -> bool:
        """Whether it was listed to its end; of a part of a listing nothing can be said to be gone."""
        known = self._index.children(folder)
        seen: dict[str, Where] = {}
        whole = True
        folder.entries = 0
        for entry in self.tree.disk.listing(path, root=not folder.path):
            folder.entries += 1
            below = self._layout.below(where, folder.depth, entry.name)
            if below is not None and entry.is_dir(follow_symlinks=False):
                if len(seen) >= MOST_BELOW:
                    whole = False
                    break
                seen[entry.name] = below
        self._left -= folder.entries
        if known and not seen and where == ROOT:
            raise StoreGone(f"{self.tree.root}: is empty, and held recordings before: is the disk mounted?")
        fresh = sorted(seen.keys() - known.keys(), reverse=True)
        if whole:
            for name in known.keys() - seen.keys():
                self._index.drop(known[name])
        else:
            fresh = fresh[: max(0, MOST_BELOW - len(known))]
            self.scan.problem = f"{path}: more than {MOST_BELOW} folders, the rest is left aside"[:300]
        for name in fresh:
            self._find(folder, name, seen[name])
        return whole

    def _find(self, parent: Folder, name: str, where: Where) -> None:
        """A folder that was not there before; read at once where segments of now may lie in it."""
        if where.channel is not None and not self._accepted(where.channel):
            return
        try:
            bounds = self._layout.bounds(where)
        except (ValueError, OverflowError):  # a name like 2024-13-99
            return
        if self.tree.folders >= MOST_FOLDERS:
            self.scan.problem = f"{self.tree.root}: more than {MOST_FOLDERS} folders, the rest is left aside"
            return
        self.tree.folders += 1
        folder = self._index.add(parent, f"{parent.path}/{name}" if parent.path else name, bounds)
        since, until = self.live
        if folder.last >= since and folder.first <= until and not self.spent():
            self.visit(folder)

    def _read_leaf(self, folder: Folder, path: str, where: Where, look: os.stat_result) -> bool:
        """Whether it was listed; a large one is followed by name in between."""
        prior = self._index.pieces(folder.id)
        if self._layout.events:
            found = read_event(self._terms, path, where, look.st_mtime, next(iter(prior.values()), None))
            until = max((piece.until for piece in found.pieces.values()), default=0)
            if folder.last >= UNKNOWN and until:
                folder.first, folder.last = min(until, self.now) - DAY, until
        else:
            if self._can_follow(folder, prior):
                followed = follow(self._terms, path, prior, folder.last)
                if followed is not None and (not followed[1] or folder.id in self.tree.lost):
                    if not followed[1]:
                        self.tree.lost.discard(folder.id)
                    self._note(folder, followed[0])
                    self.tree.followed[folder.id] = look.st_mtime_ns if _settled(look) else 0
                    return False
                self.tree.lost.add(folder.id)  # listed once; from then on what comes is waited for by name
            found = read(self._terms, path, where, prior, root=not folder.path)
            if prior and not found.entries and not folder.path:
                raise StoreGone(f"{self.tree.root}: is empty, and held recordings before: is the disk mounted?")
        folder.entries = found.entries
        self._left -= found.entries
        self._note(folder, found)
        return True

    def _can_follow(self, folder: Folder, prior: dict[str, Piece]) -> bool:
        large = folder.listed and folder.entries >= _FOLLOWED_FROM and bool(prior) and self._layout.predictable
        return bool(large) and self.now - folder.listed < _relist_after(folder)

    def _note(self, folder: Folder, found: Found) -> None:
        """Keep what was found in a folder, of channels that are watched."""
        pieces = {name: piece for name, piece in found.pieces.items() if self._accepted(name)}
        self._index.put(folder.id, pieces, self.now)
        for name in pieces:
            channel = self._index.channel(name, self.now)
            channel.segment = found.segments.get(name, channel.segment)
            self.count_rate(channel, found.rate.get(name, {}))
            self.note_sign(channel, found.signs.get(name, 0))

    def _accepted(self, name: str) -> bool:
        if not self.tree.accepts(name):
            return False
        if name in self._index.channels or len(self._index.channels) < MOST_CHANNELS:
            return True
        self.scan.problem = f"{self.tree.root}: more than {MOST_CHANNELS} channels, the rest is left aside"
        return False

    def note_sign(self, channel: Channel, moment: int) -> None:
        """Its writer lived then."""
        if moment <= self.now + FUTURE_SECONDS:
            channel.sign = max(channel.sign, min(moment, self.now))

    def count_rate(self, channel: Channel, minutes: dict[int, int]) -> None:
        """Bytes it recorded, by minute; the last hour's are kept."""
        for minute, size in minutes.items():
            channel.rate[minute] = channel.rate.get(minute, 0) + max(0, size)
        first = (self.now - RATE_SECONDS) // 60
        if len(channel.rate) > 1 and min(channel.rate) < first:
            channel.rate = {minute: size for minute, size in channel.rate.items() if minute >= first}

    def failed(self, folder: Folder, error: OSError) -> None:
        """A folder that may not be read costs its channel; a disk that fails, all."""
        self.root_still_there()
        text = f"{self.tree.root}/{folder.path}: {error.strerror or error}".rstrip("/")[:300]
        where = self.tree.where(folder)
        if error.errno not in _REFUSED or where is None or where.channel is None:
            raise StoreGone(text)
        self.scan.unreadable[where.channel] = text
        if not folder.listed:
            folder.listed = max(1, self.now)
            self._index.save(folder)


def _settled(look: os.stat_result) -> bool:
    """Whether the clock has moved on since the folder was changed: else a change to come may show the same time."""
    return abs(time.time() - look.st_mtime) >= _RACE_SECONDS


def _relist_after(folder: Folder) -> float:
    return max(_RELIST_SECONDS, folder.entries * _SECONDS_PER_ENTRY)
