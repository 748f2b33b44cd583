"""How a recorder names its files: a path pattern with strftime's codes, and the patterns of well-known recorders.

`{channel}/%Y-%m-%d/%H/%M.%S.mp4`: codes %Y %y %m %d %F %H %M %S %s (epoch seconds) %f (a fraction, left aside) and %%,
`{channel}`, `{any}` for a run of any characters, `{number}` for digits, `{ext}` for the usual endings of videos.

Ready ones, each as its documentation or source has it:
frigate  docs "Recording": `YYYY-MM-DD/HH/<camera_name>/MM.SS.mp4` in UTC below /media/frigate/recordings
shinobi  libs/ffmpeg/builders.js: segment muxer with `-strftime 1`, `{group}/{monitor}/%Y-%m-%dT%H-%M-%S.mp4`, local
         time, below its folder videos
ffmpeg   segment muxer with `-strftime 1` (which takes local time), one folder a channel
zoneminder-*  web/includes/Event.php, Relative_Path: an event is a folder, `{monitor}/%y/%m/%d/%H/%M/%S` (Deep),
         `{monitor}/%Y-%m-%d/{event}` (Medium), `{monitor}/{event}` (Shallow), local time
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.recordings.local_time import Zone

MOST_PARTS = 12
MOST_PATTERN = 300
_MOST_WILD = 2  # matching costs the power of it
UNKNOWN = 1 << 60
"""Beyond every moment: the bounds of a folder whose name tells no time."""

_CODES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "s": r"\d{9,11}",
}
_TOKEN = re.compile(r"%(.)|\{([a-z]+)\}|([^%{]+)|(.)", re.DOTALL)
_WILD = {
    "any": r"[^/]{1,255}",
    "number": r"\d{1,20}",
    "ext": r"(?:mp4|mkv|ts|webm|avi|mov|flv|m4v|mpg|264|265|h264|h265)",
}
_CHANNEL = r"[^/]{1,100}"
_CLOCK = "YmdHMS"
_FIRST = (1, 1, 1, 0, 0, 0)

Start = tuple[str, int, int]
"""Of a file: its channel, and when its name says it begins: the first and the last such moment (see `Zone.moments`)."""


class LayoutError(ValueError):
    """A pattern that cannot be used; the text is one line fit for the operator."""


@dataclass(frozen=True)
class Ready:
    """A well-known recorder's layout. `events`: every segment is a folder of its own. `zone` "" is local time."""

    pattern: str
    zone: str = ""
    events: bool = False


READY: Mapping[str, Ready] = {
    "frigate": Ready("recordings/%Y-%m-%d/%H/{channel}/%M.%S.mp4", zone="UTC"),
    "shinobi": Ready("{any}/{channel}/%Y-%m-%dT%H-%M-%S.{ext}"),
    "ffmpeg": Ready("{channel}/%Y-%m-%d_%H-%M-%S.{ext}"),
    "zoneminder-deep": Ready("{channel}/%y/%m/%d/%H/%M/%S", events=True),
    "zoneminder-medium": Ready("{channel}/%Y-%m-%d/{number}", events=True),
    "zoneminder-shallow": Ready("{channel}/{number}", events=True),
}


class Where(NamedTuple):
    """What the names from the root down to here have said: a channel, and fields of the time by their code."""

    channel: str | None
    fields: Mapping[str, int]


ROOT = Where(None, {})


@dataclass(frozen=True)
class _Part:
    """One name of the path: its expression, whose groups hold `codes` ("c" for the channel)."""

    expression: re.Pattern[str]
    codes: tuple[str, ...]
    pieces: tuple[tuple[str, str], ...] = field(repr=False)
    """What it is made of: ("code", "Y"), ("wild", "any"), ("text", "-")."""


class Layout:
    """A pattern over a zone; `channel` is whose all is where the pattern names none.

    Raises LayoutError where the pattern is none.
    """

    def __init__(self, pattern: str, zone: Zone, *, events: bool = False, channel: str = "") -> None:
        names = pattern.split("/")
        if len(pattern) > MOST_PATTERN or len(names) > MOST_PARTS:
            raise LayoutError(f"pattern is longer than {MOST_PATTERN} characters or {MOST_PARTS} names")
        self.pattern = pattern
        self.zone = zone
        self.events = events
        self.channel = channel
        self._parts = tuple(_part(name) for name in names)
        codes = [code for part in self._parts for code in part.codes]
        if codes.count("c") > 1:
            raise LayoutError("pattern has {channel} more than once")
        self.has_channel = "c" in codes
        self.leaf_depth = len(names) if events else len(names) - 1
        """How many names below the root the folders lie that hold recordings."""
        whole = "s" in codes or (("Y" in codes or "y" in codes) and all(code in codes for code in "mdHM"))
        if not whole and not events:
            raise LayoutError("pattern tells no whole time: it needs %Y %m %d %H %M, or %s")
        self._whole = whole

    @property
    def names_tell_time(self) -> bool:
        """Whether the path of a segment says when it begins."""
        return self._whole

    @property
    def predictable(self) -> bool:
        """Whether a file's name follows from its channel and its time, to the second."""
        kinds = {(kind, what) for kind, what in self._parts[-1].pieces if kind != "text"}
        wild = any(kind == "wild" and what != "ext" for kind, what in kinds)
        return not self.events and not wild and bool({("code", "S"), ("code", "s")} & kinds)

    def below(self, where: Where, depth: int, name: str) -> Where | None:
        """A folder of that name, `depth` names below the root (the first is 0); None where it is not of the pattern."""
        part = self._parts[depth]
        found = part.expression.fullmatch(name)
        if found is None:
            return None
        channel, fields = where.channel, dict(where.fields)
        for code, text in zip(part.codes, found.groups(), strict=True):
            if code == "c":
                channel = text
            else:
                fields[code] = int(text)
        return Where(channel, fields)

    def where(self, names: tuple[str, ...]) -> Where | None:
        """The same for a whole path."""
        where: Where | None = ROOT
        for depth, name in enumerate(names):
            if where is None:
                return None
            where = self.below(where, depth, name)
        return where

    def bounds(self, where: Where) -> tuple[int, int]:
        """Between which moments segments in that folder begin; `UNKNOWN` both ways where the path does not say.

        Raises ValueError for a time that no clock shows.
        """
        fields = _dated(where.fields)
        known = 0
        while known < len(_CLOCK) and _CLOCK[known] in fields:
            known += 1
        if not known:
            return -UNKNOWN, UNKNOWN
        numbers = [fields[code] for code in _CLOCK[:known]]
        first = self.zone.moments(*numbers, *_FIRST[known:])[0]
        return first, self.zone.moments(*_following(numbers), *_FIRST[known:])[1]

    def starts(self, where: Where) -> Callable[[str], Start | None]:
        """What reads the names of files in that folder: when they begin, None for names that are not of the pattern."""
        expression, codes = self._parts[-1].expression, self._parts[-1].codes
        moments, outer = self.zone.moments, where.channel or self.channel
        if "s" in codes or "s" in where.fields or "c" in codes:
            return self._slow_starts(where)
        above = _dated(where.fields)
        known = [above.get(code, 0) for code in _CLOCK]
        # A million names pass here: a two-digit year has its century in the slot already.
        slots = [_CLOCK.index("Y" if code == "y" else code) for code in codes]
        century = 2000 if "y" in codes and "Y" not in codes else 0

        def start(name: str) -> Start | None:
            found = expression.fullmatch(name)
            if found is None:
                return None
            numbers = known.copy()
            for slot, text in zip(slots, found.groups(), strict=True):
                numbers[slot] = int(text)
            numbers[0] += century
            try:
                return outer, *moments(*numbers)
            except (ValueError, OverflowError):
                return None

        return start

    def _slow_starts(self, where: Where) -> Callable[[str], Start | None]:
        """The same for names with a channel or an epoch in them."""
        part, zone = self._parts[-1], self.zone

        def start(name: str) -> Start | None:
            found = part.expression.fullmatch(name)
            if found is None:
                return None
            channel, fields = where.channel or self.channel, dict(where.fields)
            for code, text in zip(part.codes, found.groups(), strict=True):
                if code == "c":
                    channel = text
                else:
                    fields[code] = int(text)
            try:
                return channel, *_moments(fields, zone)
            except (ValueError, OverflowError):
                return None

        return start

    def start_of(self, where: Where) -> tuple[int, int] | None:
        """Of a layout of events: when the folder's path says it begins, None where it does not say."""
        return _moments(where.fields, self.zone) if self._whole else None

    def file_name(self, channel: str, moment: int, like: str = "") -> str:
        """The name of a file that begins then, with the ending of the file `like`; only where `predictable`."""
        return self._name(len(self._parts) - 1, channel, moment, like.rpartition(".")[2])

    def path(self, channel: str, moment: int, ext: str = "") -> str:
        """The whole path below the root of a segment that begins then. Raises LayoutError where it can't be known."""
        return "/".join(self._name(depth, channel, moment, ext) for depth in range(len(self._parts)))

    def _name(self, depth: int, channel: str, moment: int, ext: str) -> str:
        reading = self.zone.reading(moment)
        name = ""
        for kind, what in self._parts[depth].pieces:
            if kind == "text":
                name += what
            elif kind == "wild":
                if what != "ext" or not ext:
                    raise LayoutError(f"{{{what}}} stands for many names")
                name += ext
            elif what == "c":
                name += channel
            else:
                name += str(moment) if what == "s" else f"{_number(what, reading):0{4 if what == 'Y' else 2}}"
        return name


def _number(code: str, reading: datetime) -> int:
    """What a clock shows in that field."""
    match code:
        case "Y":
            return reading.year
        case "y":
            return reading.year % 100
        case "m":
            return reading.month
        case "d":
            return reading.day
        case "H":
            return reading.hour
        case "M":
            return reading.minute
        case _:
            return reading.second


def _part(text: str) -> _Part:
    """One name of the pattern."""
    if text in {"", ".", ".."}:
        raise LayoutError(f"pattern has an empty name, or one that is {text!r}")
    expression, codes, pieces = "", list[str](), list[tuple[str, str]]()
    for percent, brace, plain, odd in _TOKEN.findall(text.replace("%F", "%Y-%m-%d")):
        if percent == "%" or plain:
            expression += re.escape(plain or "%")
            pieces.append(("text", plain or "%"))
        elif percent in _CODES or brace == "channel":
            code = percent or "c"
            expression += f"({_CODES[percent] if percent else _CHANNEL})"
            codes.append(code)
            pieces.append(("code", code))
        elif percent == "f" or brace in _WILD:
            expression += r"\d{1,9}" if percent else _WILD[brace]
            pieces.append(("wild", brace or "f"))
        else:
            raise LayoutError(
                f"pattern has {'%' + percent if percent else '{' + brace + '}' if brace else odd!r}, which "
                "is none of %Y %y %m %d %F %H %M %S %s %f %% {channel} {any} {number} {ext}"
            )
    if sum(what in {"any", "number", "f", "c"} for _, what in pieces) > _MOST_WILD:
        text = f"a name in the pattern has more than {_MOST_WILD} of {{any}}, {{channel}}, {{number}} and %f"
        raise LayoutError(text)
    return _Part(re.compile(expression, re.ASCII), tuple(codes), tuple(pieces))


def _dated(fields: Mapping[str, int]) -> Mapping[str, int]:
    return fields if "y" not in fields or "Y" in fields else {**fields, "Y": 2000 + fields["y"]}


def _moments(fields: Mapping[str, int], zone: Zone) -> tuple[int, int]:
    if "s" in fields:
        return fields["s"], fields["s"]
    year = fields["Y"] if "Y" in fields else 2000 + fields["y"]
    return zone.moments(year, fields["m"], fields["d"], fields["H"], fields["M"], fields.get("S", 0))


def _following(numbers: list[int]) -> list[int]:
    """The next year, month, day, hour or minute, as readings of a clock."""
    known = len(numbers)
    if known == 1:
        return [numbers[0] + 1]
    if known == 2:
        return [numbers[0] + numbers[1] // 12, numbers[1] % 12 + 1]
    step = {3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}[known]
    whole = datetime(*numbers, *_FIRST[known:]) + step  # type: ignore[arg-type]  # noqa: DTZ001 - a reading, no moment
    return [whole.year, whole.month, whole.day, whole.hour, whole.minute, whole.second][:known]
