"""Looking through a tree of recordings a little at every run, so that the recorder does not notice.

Each run: the folders in which segments of now may lie, by their times of change; the newest file of every channel; the
folder with its oldest; then, within bounds and at idle disk priority, folders never read (newest first) and the next
few of a slow round over all. A folder is listed only when its time of change is another than when it was last listed.
"""

import math
import os
import time
from dataclasses import dataclass

from agent.recordings.disk import idle_priority
from agent.recordings.index import Channel, Folder, Piece
from agent.recordings.leaf import RATE_SECONDS, end_of
from agent.recordings.walk import DAY, Scan, Tree, Walk

_LEAST_SWEEP, _MOST_SWEEP = 20, 1000
_COUNT_EVERY = 20


@dataclass(frozen=True)
class Bounds:
    """Of one run: `entries` names listed in folders that can wait, `seconds` spent on them; `round_seconds` is how long
    a round over all folders takes when one run begins every `interval` seconds."""

    entries: int = 20_000
    seconds: float = 10.0
    interval: float = 30.0
    round_seconds: float = float(DAY)


class Scanner:
    """Looks through one tree, run by run."""

    def __init__(self, tree: Tree, bounds: Bounds) -> None:
        self._tree, self._index, self._bounds = tree, tree.index, bounds
        self._runs = 0

    def run(self, now: int) -> Scan:
        """Look around at a moment. Raises StoreGone where the tree can't be read, or went away meanwhile."""
        walk = Walk(self._tree, now, self._bounds.entries, time.monotonic() + self._bounds.seconds)
        self._look_at_live(walk)
        self._refresh_newest(walk)
        with idle_priority():
            self._look_at_oldest(walk)
            self._read_backlog(walk)
            self._go_round(walk)
        walk.scan.current = not self._index.live_unread(*walk.live)
        walk.scan.away = now - int(self._index.meta("looked") or now) > RATE_SECONDS
        if walk.scan.current:
            self._index.set_meta("looked", str(now))
        walk.root_still_there()
        return walk.scan

    def _refresh_newest(self, walk: Walk) -> None:
        """Whether the newest file of every channel grows."""
        for channel in list(self._index.channels.values()):
            ends = self._index.ends(channel)
            if ends is None:
                continue
            folder, piece = ends[1]
            if folder.id in walk.listed:
                continue
            try:
                look = self._tree.disk.look(self._tree.path(folder.path, piece.newest_name))
            except (FileNotFoundError, NotADirectoryError):
                walk.visit(folder, again=True)
                continue
            except OSError as error:
                walk.failed(folder, error)
                continue
            self._note_newest(walk, channel, folder, piece, look)

    def _note_newest(self, walk: Walk, channel: Channel, folder: Folder, piece: Piece, look: os.stat_result) -> None:
        walk.note_sign(channel, int(look.st_mtime))
        if look.st_size == piece.newest_size:
            return
        grown = look.st_size - piece.newest_size
        until = max(piece.until, end_of(piece.newest, self._tree.segment(channel.name), look))
        piece.bytes, piece.newest_size = max(0, piece.bytes + grown), look.st_size
        if piece.spans and piece.spans[-1][1] == piece.until:
            piece.spans[-1] = (piece.spans[-1][0], until)
        piece.until = until
        walk.count_rate(channel, {walk.now // 60: grown})
        self._index.put(folder.id, {**self._index.pieces(folder.id), channel.name: piece}, walk.now)

    def _look_at_live(self, walk: Walk) -> None:
        since, until = walk.live
        for folder in self._index.live(since, until):
            if folder.id not in walk.seen:
                walk.visit(folder)
        # Never read yet: the root at the first run, and what a run before had no time for.
        for folder in self._index.newest_unread(_MOST_SWEEP):
            if folder.last >= since and not walk.spent():
                walk.visit(folder)
        for folder in self._index.with_future(_LEAST_SWEEP):
            if folder.first <= walk.now and folder.id not in walk.seen and folder.listed < walk.now - RATE_SECONDS:
                walk.visit(folder, again=True)

    def _look_at_oldest(self, walk: Walk) -> None:
        """Overwriting recorders delete at this end."""
        for channel in list(self._index.channels.values()):
            for _ in range(_LEAST_SWEEP):
                ends = self._index.ends(channel)
                if ends is None or ends[0][0].id in walk.seen:
                    break
                walk.visit(ends[0][0])

    def _read_backlog(self, walk: Walk) -> None:
        while not walk.spent():
            folders = self._index.newest_unread(_LEAST_SWEEP)
            if not folders:
                break
            for folder in folders:
                if walk.spent():
                    return
                if folder.id in walk.seen:  # refused just now
                    return
                walk.visit(folder)
        if not self._index.meta("complete") and not self._index.unread():
            self._index.set_meta("complete", "1")
            self._index.set_meta("scanned", str(walk.now))

    def _go_round(self, walk: Walk) -> None:
        if self._runs % _COUNT_EVERY == 0:
            self._tree.folders = self._index.count()
        self._runs += 1
        share = math.ceil(self._tree.folders * self._bounds.interval / self._bounds.round_seconds)
        most = min(_MOST_SWEEP, max(_LEAST_SWEEP, share))
        if self._index.unread() or self._tree.stopping():
            return
        at = int(self._index.meta("round") or 0)
        folders = self._index.after(at, most)
        for folder in folders:
            if folder.id not in walk.seen and folder.listed:
                walk.visit(folder)
        over = len(folders) < most
        self._index.set_meta("round", "0" if over else str(folders[-1].id))
        if over:
            self._index.set_meta("scanned", str(walk.now))
