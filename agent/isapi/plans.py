"""ContentMgmt/record/tracks: when which channel is meant to be recorded. Track 101 is channel 1, main stream."""

from collections.abc import Iterator

from lxml import etree

from agent.device.errors import BadAnswer
from agent.isapi.document import root
from agent.isapi.element import anywhere, child, descendants, text, yes
from agent.recorder.model import RecordingPlan
from agent.recordings.plan import WEEK, Window

MAX_TRACKS = 1024
MAX_WINDOWS = 100
"""Of one channel: recorders take eight a day."""

MAIN_STREAM = 1
_DAY = 86_400
_CONTINUOUS = frozenset({"cmr", "continuous", "timing", "alltime", "time"})

Piece = tuple[int, int, int]
"""A day of the week from Monday 0, and seconds of it: when it begins and ends."""


def read(body: bytes) -> dict[str, RecordingPlan]:
    """Token → plan, at most 256. Raises BadAnswer (and what a ResponseStatus says).

    `Enable` is false on recorders that record all day: where the extension tells `enableSchedule`, that is the switch.
    """
    found: dict[str, RecordingPlan] = {}
    for number, track in enumerate(descendants(root(body, "tracklist", "track"), "track")):
        if number >= MAX_TRACKS:
            raise BadAnswer(f"tells more than {MAX_TRACKS} tracks")
        token = _token(track)
        if token and len(found) < 256:
            found.setdefault(token, _plan(track))
    return found


def _token(track: etree._Element) -> str:
    """Of the channel whose main stream this track is; empty for other streams."""
    said = text(track, "id", limit=9)
    if not said.isdecimal() or not said.isascii():
        return ""
    channel, stream = divmod(int(said), 100)
    return str(channel) if channel and stream == MAIN_STREAM else ""


def _plan(track: etree._Element) -> RecordingPlan:
    enabled = yes(anywhere(track, "enableschedule"))
    if enabled is None:
        enabled = yes(text(track, "enable")) is not False
    mode = text(track, "defaultrecordingmode")
    continuous: list[Piece] = []
    eventful: list[Piece] = []
    if child(track, "trackschedule") is None:
        # Without a schedule the track's own mode holds all week.
        (continuous if mode.lower() in _CONTINUOUS else eventful).extend((day, 0, _DAY) for day in range(7) if mode)
    for action in descendants(track, "scheduleaction"):
        if yes(text(action, "actions", "record")) is False:
            continue
        kind = text(action, "actions", "actionrecordingmode") or mode
        (continuous if kind.lower() in _CONTINUOUS else eventful).extend(_pieces(action))
        if len(continuous) + len(eventful) > MAX_WINDOWS:
            raise BadAnswer(f"tells more than {MAX_WINDOWS} windows of one track")
    return RecordingPlan(enabled, _windows(continuous), _windows(eventful))


def _pieces(action: etree._Element) -> Iterator[Piece]:
    """An action, cut at midnight. One that ends when it begins lasts the whole day: 00:00:00 is also written for 24."""
    begin, end = (child(action, f"scheduleaction{part}time") for part in ("start", "end"))
    first, last = _day(begin), _day(end)
    if first is None:
        raise BadAnswer("tells a schedule without days")
    since, until = _second(begin), _second(end)
    days = 0 if last is None else (last - first) % 7
    if days == 0 and until <= since:
        if until or since:
            raise BadAnswer("tells a schedule that ends before it begins")
        until = _DAY
    for step in range(days + 1):
        piece = (first + step) % 7, since if step == 0 else 0, until if step == days else _DAY
        if piece[1] < piece[2]:
            yield piece


def _day(element: etree._Element | None) -> int | None:
    word = text(element, "dayofweek").lower()[:3]
    return next((number for number, day in enumerate(WEEK) if day == word), None)


def _second(element: etree._Element | None) -> int:
    parts = text(element, "timeofday", limit=12).split(":")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdecimal() and len(part) <= 2 for part in parts):
        raise BadAnswer("tells a schedule without times")
    hour, minute, second = (int(part) for part in [*parts, "0"][:3])
    value = hour * 3600 + minute * 60 + second
    # 23:59 and 23:59:59 are how older firmware writes the end of a day.
    if value > _DAY or minute > 59 or second > 59:
        raise BadAnswer("tells a schedule with a time that is none")
    return _DAY if value >= _DAY - 60 else value


def _windows(pieces: list[Piece]) -> tuple[Window, ...]:
    """Pieces as windows; those of the same hours on several days are one."""
    days: dict[tuple[int, int], list[int]] = {}
    for day, begin, end in pieces:
        days.setdefault((begin, end), []).append(day)
    return tuple(
        Window(days=tuple(WEEK[day] for day in sorted(set(on))), from_=_clock(begin), to=_clock(end))
        for (begin, end), on in sorted(days.items())
        if _clock(begin) < _clock(end)
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}"
