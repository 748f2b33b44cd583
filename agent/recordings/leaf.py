"""Reading one folder that holds recordings: from the names of its files to a `Piece` a channel.

Names tell when files begin, so most files are only listed. Looked at (lstat) are: what is new since the last reading,
what was empty then, the files at the edges of gaps, and of a folder read for the first time the last hour and a sample.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low

from agent.recordings.disk import Disk, Entry
from agent.recordings.index import Piece
from agent.recordings.layout import Layout, Start, Where
from agent.recordings.spans import Span, merged

FUTURE_SECONDS = 300
"""How far ahead of the clock a file may begin before it is left aside."""
RATE_SECONDS = 3600
MOST_NAMES = 4096
"""Channels whose files are counted in one folder, beside those known to be in it."""
_MOST_EDGES = 64
_MOST_EMPTY = 20_000
_LONGEST = 86_400
_JOIN = 2


@dataclass(frozen=True)
class Terms:
    """On what terms folders are read: `spans_since`, from when on covered spans are kept; `segment` the usual length
    of a channel's files in seconds, 0 where it is not known yet."""

    disk: Disk
    layout: Layout
    now: int
    spans_since: int
    segment: Callable[[str], int]
    fixed: Callable[[str], bool] = lambda _channel: False
    """Whether that length is configured, and not to be learnt."""
    accepts: Callable[[str], bool] = lambda _channel: True
    """Whether a channel is one to watch."""


@dataclass
class Found:
    """What a folder holds, by channel. `rate`: bytes by minute; `signs`: when the newest file was last written to."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    entries: int = 0
    rate: dict[str, dict[int, int]] = field(default_factory=dict)
    signs: dict[str, int] = field(default_factory=dict)
    segments: dict[str, int] = field(default_factory=dict)

    def grew(self, channel: str, moment: int, size: int) -> None:
        """Bytes were recorded."""
        minutes = self.rate.setdefault(channel, {})
        minutes[moment // 60] = minutes.get(moment // 60, 0) + size


@dataclass
class _Tally:
    """One channel's files while they are listed."""

    files: int = 0
    future: int = 0
    oldest: int = 0
    newest: int = 0
    oldest_name: str = ""
    newest_name: str = ""
    looked: int = 0
    looked_bytes: int = 0
    newest_look: os.stat_result | None = None
    recent: "array[int]" = field(default_factory=lambda: array("q"))
    empty: list[int] = field(default_factory=list)

    def add(self, name: str, start: int, look: os.stat_result | None, keep: bool) -> None:
        self.files += 1
        if look is not None:
            self.looked += 1
            self.looked_bytes += look.st_size
        if start > self.newest:
            self.newest, self.newest_name, self.newest_look = start, name, look
        if not self.oldest or start < self.oldest:
            self.oldest, self.oldest_name = start, name
        if keep:
            self.recent.append(start)


def tolerance(segment: int) -> int:
    """How far apart two files may begin without a gap between them."""
    return segment + max(_JOIN, segment // 4)


def read(terms: Terms, path: str, where: Where, prior: Mapping[str, Piece], *, root: bool = False) -> Found:
    """List a folder of files. `prior` is what it held when last read. Raises OSError."""
    found, tallies, hollow = _listed(terms, path, where, prior, root=root, look_at_all=False)
    if hollow:
        # A sample was empty: a full disk leaves rows of them, and each has to be told from a recording.
        found, tallies, _ = _listed(terms, path, where, prior, root=root, look_at_all=True)
    for channel, tally in tallies.items():
        found.pieces[channel] = _piece(terms, path, channel, tally, prior.get(channel), found)
    return found


def _listed(
    terms: Terms, path: str, where: Where, prior: Mapping[str, Piece], *, root: bool, look_at_all: bool
) -> tuple[Found, dict[str, _Tally], bool]:
    found, tallies, hollow = Found(), dict[str, _Tally](), False
    begins = terms.layout.starts(where)
    revisit = {channel: frozenset(piece.empty) for channel, piece in prior.items()}
    for entry in terms.disk.listing(path, root=root):
        found.entries += 1
        start = begins(entry.name)
        if start is None or not _wanted(terms, start[0], tallies, prior) or not entry.is_file(follow_symlinks=False):
            continue
        channel, moment, look = _resolved(terms, entry, start)
        tally = tallies.setdefault(channel, _Tally())
        if moment > terms.now + FUTURE_SECONDS:
            tally.future += 1
            continue
        known = prior.get(channel)
        fresh = moment >= known.newest if known else moment >= terms.now - RATE_SECONDS
        sample = known is None and tally.files & (tally.files + 1) == 0
        if look is None and (fresh or sample or look_at_all or (known and moment in revisit[channel])):
            look = _look(terms.disk, entry)
            if look is None:
                continue
        if look is not None and not look.st_size:
            hollow |= known is None and not look_at_all
            if len(tally.empty) < _MOST_EMPTY:
                tally.empty.append(moment)
            continue
        tally.add(entry.name, moment, look, moment >= terms.spans_since)
        if fresh and look is not None:
            _note_growth(found, terms.now, channel, moment, look.st_size, known)
    return found, tallies, hollow


def _wanted(terms: Terms, channel: str, tallies: Mapping[str, _Tally], prior: Mapping[str, Piece]) -> bool:
    """Whether a channel's files are counted. Any name may be a channel's: what is held is bounded here, and what is
    watched, later and lower; known channels are never cut off."""
    if channel in tallies or channel in prior:
        return True
    return terms.accepts(channel) and len(tallies) < MOST_NAMES


def _note_growth(found: Found, now: int, channel: str, moment: int, size: int, known: Piece | None) -> None:
    if known is None:
        found.grew(channel, moment, size)
    else:
        found.grew(channel, now, size - known.newest_size if moment == known.newest else size)


def _resolved(terms: Terms, entry: Entry, start: Start) -> tuple[str, int, os.stat_result | None]:
    """A file's channel and beginning. In the hour that comes twice its last change tells which of the two it is."""
    channel, first, last = start
    if first == last:
        return channel, first, None
    look = _look(terms.disk, entry)
    return channel, which(first, last, look, terms.segment(channel)), look


def which(first: int, last: int, look: os.stat_result | None, segment: int) -> int:
    """Of two beginnings the one that fits the last change of the file."""
    if look is None or look.st_mtime < last - _JOIN:
        return first
    return min(first, last, key=lambda moment: abs(look.st_mtime - moment - segment))


def _look(disk: Disk, entry: Entry) -> os.stat_result | None:
    """None where it is gone by now."""
    try:
        return disk.size_of(entry)
    except FileNotFoundError:
        return None


def _piece(terms: Terms, path: str, channel: str, tally: _Tally, prior: Piece | None, found: Found) -> Piece:
    starts = sorted(tally.recent)
    learnt = None if terms.fixed(channel) else learned(starts)
    if learnt is not None:
        found.segments[channel] = learnt
    segment = learnt if learnt is not None else terms.segment(channel)
    piece = Piece(
        files=tally.files,
        bytes=_bytes(tally, prior),
        future=tally.future,
        oldest=tally.oldest,
        newest=tally.newest,
        oldest_name=tally.oldest_name,
        newest_name=tally.newest_name,
        empty=tally.empty,
    )
    if not tally.files:
        return piece
    look = tally.newest_look or _look_by_name(terms.disk, f"{path}/{tally.newest_name}")
    piece.until, piece.newest_size = end_of(tally.newest, segment, look), look.st_size if look else 0
    if look is not None:
        found.signs[channel] = int(look.st_mtime)
    piece.spans = _spans(terms, path, channel, starts, segment, piece)
    return piece


def learned(starts: list[int]) -> int | None:
    """The usual distance between files that begin at these sorted moments; None where there are too few."""
    distances = [later - sooner for sooner, later in pairwise(starts) if later > sooner]
    return min(median_low(distances), _LONGEST) if len(distances) >= 3 else None


def end_of(start: int, segment: int, look: os.stat_result | None) -> int:
    """When a file ends: with its last change, as far as that fits its usual length (a copy is changed much later)."""
    changed = int(look.st_mtime) if look is not None else 0
    if not segment:
        return changed if start < changed <= start + _LONGEST else start + 1
    return min(changed, start + tolerance(segment)) if changed > start else start + segment


def _bytes(tally: _Tally, prior: Piece | None) -> int:
    """What was looked at, and the rest by the mean of before or of the sample."""
    mean = tally.looked_bytes / tally.looked if tally.looked else 0.0
    if prior is not None and prior.files > 1:
        mean = (prior.bytes - prior.newest_size) / (prior.files - 1)
    elif prior is not None and prior.files:
        mean = float(prior.bytes)
    return tally.looked_bytes + round(mean * (tally.files - tally.looked))


def _spans(terms: Terms, path: str, channel: str, starts: list[int], segment: int, piece: Piece) -> list[Span]:
    """What the files cover; a file that is followed by none ends with its last change."""
    reach, edges = tolerance(segment) if segment else 0, 0

    def covered() -> Iterator[Span]:
        nonlocal edges
        for number, start in enumerate(starts):
            following = starts[number + 1] if number + 1 < len(starts) else None
            if following is None:
                yield start, piece.until if start == piece.newest else start + max(1, segment)
            elif following - start <= reach:
                yield start, following
            else:
                edges += 1
                yield start, min(following, _edge(terms, path, channel, start, segment, edges, piece))

    return merged(covered(), _JOIN)


def _edge(terms: Terms, path: str, channel: str, start: int, segment: int, number: int, piece: Piece) -> int:
    look = None
    if terms.layout.predictable and number <= _MOST_EDGES:
        look = _look_by_name(terms.disk, f"{path}/{terms.layout.file_name(channel, start, piece.newest_name)}")
    return end_of(start, segment, look)


def _look_by_name(disk: Disk, path: str) -> os.stat_result | None:
    try:
        return disk.look(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
