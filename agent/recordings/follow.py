"""Following a large folder by name: the next file is looked for where its name must be, instead of listing all again.

A flat folder with a month of ten-second files holds 259,200 names and changes every ten seconds. With the usual length
known, a look or three per new file say the same as listing them all; so is the oldest followed as it is deleted.
"""

import os
from collections.abc import Iterable, Iterator, Mapping

from agent.recordings.index import Piece
from agent.recordings.leaf import Found, Terms, end_of, tolerance
from agent.recordings.spans import clipped, merged

_REACH = 15
_MOST_STEPS = 500
_WINDOW = 120
_EARLY = 2


def follow(terms: Terms, path: str, pieces: Mapping[str, Piece], last: int) -> tuple[Found, bool] | None:
    """What the folder holds now, from what it held, and whether the thread is lost: nothing follows in the usual time.

    Files in it begin before `last`. Those of the last two minutes are found all the same, whatever their distance.
    None where the folder has to be listed. Raises OSError.
    """
    found, lost = Found(), False
    for channel, before in pieces.items():
        if not before.files or not terms.segment(channel):
            return None
        piece = Piece(**{**vars(before), "spans": list(before.spans)})
        if not _drop_oldest(terms, path, channel, piece) or not _look_again(terms, path, channel, piece, found):
            return None
        at = _add_newest(terms, path, channel, piece, found, last)
        lost |= min(terms.now, last - 1) - at > tolerance(terms.segment(channel)) + _EARLY
        found.pieces[channel] = piece
    return found, lost


def _look_again(terms: Terms, path: str, channel: str, piece: Piece, found: Found) -> bool:
    """The newest file may have grown; False where it is gone."""
    look = _look(terms, f"{path}/{piece.newest_name}")
    if look is None:
        return False
    grown = look.st_size - piece.newest_size
    until = max(piece.until, end_of(piece.newest, terms.segment(channel), look))
    if piece.spans and piece.spans[-1][1] == piece.until:
        piece.spans[-1] = (piece.spans[-1][0], until)
    piece.until, piece.newest_size, piece.bytes = until, look.st_size, max(0, piece.bytes + grown)
    found.grew(channel, terms.now, grown)
    found.signs[channel] = int(look.st_mtime)
    return True


def _add_newest(terms: Terms, path: str, channel: str, piece: Piece, found: Found, last: int) -> int:
    """Add what came; the beginning of the last file seen, be it empty."""
    at, segment, until = piece.newest, terms.segment(channel), min(terms.now, last - 1)
    for _ in range(_MOST_STEPS):
        step = _next(terms, path, channel, _candidates(at, segment), piece.newest_name, until)
        if step is None and until - at > tolerance(segment):
            late = range(max(at + 1, terms.now - _WINDOW), until + 1)
            step = _next(terms, path, channel, late, piece.newest_name, until)
        if step is None:
            break
        at, name, look = step
        if look.st_size:
            _append(piece, at, name, look, segment)
            found.grew(channel, terms.now, look.st_size)
            found.signs[channel] = int(look.st_mtime)
    return at


def _append(piece: Piece, start: int, name: str, look: os.stat_result, segment: int) -> None:
    until = end_of(start, segment, look)
    began = piece.newest if start - piece.newest <= tolerance(segment) else start
    piece.spans = merged([*piece.spans, (began, start), (start, until)], _EARLY)
    piece.files += 1
    piece.bytes += look.st_size
    piece.newest, piece.newest_name, piece.newest_size, piece.until = start, name, look.st_size, until


def _drop_oldest(terms: Terms, path: str, channel: str, piece: Piece) -> bool:
    """Leave out what was deleted at the old end; False where that can't be followed."""
    mean, segment = piece.bytes // piece.files, terms.segment(channel)
    for _ in range(_MOST_STEPS):
        if _look(terms, f"{path}/{piece.oldest_name}") is not None:
            piece.spans = clipped(piece.spans, terms.spans_since, terms.now + segment)
            return True
        step = _next(terms, path, channel, _candidates(piece.oldest, segment), piece.oldest_name, piece.newest)
        # Where several went at once, the next is tried where it should have been.
        oldest = step[0] if step is not None else piece.oldest + segment
        gone = max(1, round((oldest - piece.oldest) / segment))
        piece.files, piece.bytes = piece.files - gone, max(0, piece.bytes - gone * mean)
        if oldest > piece.newest or piece.files < 1:
            return False
        piece.oldest, piece.oldest_name = oldest, terms.layout.file_name(channel, oldest, piece.oldest_name)
    return False


def _next(
    terms: Terms, path: str, channel: str, candidates: Iterable[int], like: str, last: int
) -> tuple[int, str, os.stat_result] | None:
    """The first of the moments at which a file begins, up to the last."""
    for moment in candidates:
        if moment > last:
            continue
        name = terms.layout.file_name(channel, moment, like)
        look = _look(terms, f"{path}/{name}")
        # In the hour that comes twice, the name may be that of an hour ago.
        if look is not None and look.st_mtime >= moment - _EARLY:
            return moment, name, look
    return None


def _candidates(start: int, segment: int) -> Iterator[int]:
    """Where the next file begins: after the usual length, or a little off."""
    yield start + segment
    for distance in range(1, min(_REACH, max(_EARLY, segment // 4)) + 1):
        yield start + segment + distance
        if distance < segment:
            yield start + segment - distance


def _look(terms: Terms, path: str) -> os.stat_result | None:
    try:
        return terms.disk.look(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
