"""Reading a folder that is one recording, as ZoneMinder's events are: a video, or pictures one by one, and the like.

The video is `incomplete.mp4` while it is written and `{event}-video.mp4` after; older set-ups keep `00001-capture.jpg`
and so on. An empty file `.{event}`, made when the event begins, is its earliest; one scheme's path tells the time.
"""

import heapq
import os
import re
from itertools import islice

from agent.recordings.index import Piece
from agent.recordings.layout import Where
from agent.recordings.leaf import FUTURE_SECONDS, RATE_SECONDS, Found, Terms, which

_MOST_ENTRIES = 50_000
_MOST_LOOKS = 8
_LONGEST = 86_400
_VIDEO = re.compile(r".{1,200}\.(?:mp4|mkv|webm|avi|mov|ts|h264|h265)", re.DOTALL)
_PICTURE = re.compile(r"\d{1,10}-capture\.jpg", re.ASCII)


def read_event(terms: Terms, path: str, where: Where, changed: float, prior: Piece | None) -> Found:
    """What a folder of that path and mtime holds: at most one recording. Raises OSError."""
    found = Found()
    names = [
        entry.name for entry in islice(terms.disk.listing(path), _MOST_ENTRIES) if entry.is_file(follow_symlinks=False)
    ]
    found.entries = len(names)
    videos = [name for name in names if _VIDEO.fullmatch(name)][:_MOST_LOOKS]
    pictures = [name for name in names if _PICTURE.fullmatch(name)]
    # The first by name: the file that marks the event begins with a dot, the first picture with zeros.
    looks = {
        name: look
        for name in {*videos, *heapq.nsmallest(3, names), *pictures[:3]}
        if (look := _look(terms, f"{path}/{name}"))
    }
    size = sum(looks[name].st_size for name in videos if name in looks)
    kept = [look.st_size for name, look in looks.items() if _PICTURE.fullmatch(name)]
    if not size and kept:
        size = sum(kept) // len(kept) * len(pictures)
    channel = where.channel or terms.layout.channel
    if not size:
        found.pieces[channel] = Piece()
        return found
    written = [look.st_mtime for name, look in looks.items() if name in videos]
    until = int(max(written)) if written and not kept else int(changed)
    start = _start(terms, where, channel, looks, until)
    if start > terms.now + FUTURE_SECONDS:
        found.pieces[channel] = Piece(future=1)
        return found
    until = max(start + 1, min(until, start + _LONGEST))
    name = videos[0] if videos else pictures[0]
    spans = [(max(start, terms.spans_since), until)] if until > terms.spans_since else []
    found.pieces[channel] = Piece(1, size, 0, start, start, until, name, name, size, spans)
    found.signs[channel] = until
    if prior is not None or start >= terms.now - RATE_SECONDS:
        found.grew(channel, terms.now if prior else until, size - (prior.newest_size if prior else 0))
    return found


def _start(terms: Terms, where: Where, channel: str, looks: dict[str, os.stat_result], until: int) -> int:
    """By the path, by the earliest file, or by the usual length where there is but one file."""
    named = terms.layout.start_of(where)
    earliest = int(min(look.st_mtime for look in looks.values()))
    if named is not None:
        return named[0] if named[0] == named[1] else which(*named, next(iter(looks.values())), terms.segment(channel))
    if until - _LONGEST <= earliest < until - 1:
        return earliest
    return until - max(1, terms.segment(channel))


def _look(terms: Terms, path: str) -> os.stat_result | None:
    try:
        return terms.disk.look(path)
    except FileNotFoundError:
        return None
