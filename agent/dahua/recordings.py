"""What a recorder has recorded, found with as few questions as its search allows. All times are wall clock seconds.

The search lists oldest first, so the oldest recording is the first found since 2010: nobody keeps older ones, and boxes
that lost their clock file under 1970 or 2000. The newest lies in the last hours, or in a time that grows backwards.
"""

import time
from collections.abc import Callable

from agent.dahua.client import DahuaClient
from agent.dahua.finder import PAGE, File, Finder
from agent.device.errors import BadAnswer
from agent.recordings.spans import Span, clipped, merged

EARLIEST = 1_262_304_000
"""2010-01-01: where the search for the oldest begins."""

HOUR, DAY = 3600, 86_400
REACHES = (2 * HOUR, DAY, 8 * DAY, 64 * DAY)
"""How far back the newest recording is looked for, step by step."""

FRESH = 120
"""A recording that ends less than this before now is the newest: nothing later is asked for."""

JOIN = 2
"""Files at most this many seconds apart are one recording: their ends are whole seconds, and written loosely."""

OLDEST_SECONDS = 3600.0
"""How long the oldest recording is taken as known: it moves by days, and costs nearly as much as the newest."""

MAX_HALVINGS = 32
MAX_PAGES = 120
MAX_IDLE = 3
"""Pages in a row that may bring nothing later than those before."""
Page = tuple[int, list[File]]
"""How many files were told, and those of them that count."""

MAX_DAYS = 45
"""The most single days searched for one question."""


class Recordings:
    """Of one recorder, by the index of a channel, which counts from 0.

    `base` is what the recorder's search calls the first channel: most call it 1 (and tell of it as 0), some 0. None: it
    is found out, for the search tells whose recordings it found.
    """

    def __init__(
        self, client: DahuaClient, base: int | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._base = base
        self._monotonic = monotonic
        self._oldest: dict[int, tuple[float, File]] = {}  # index → when it was asked, and what was found
        self._short_searches = False
        """Whether the recorder refused to search through years, but not through a day."""

    def extent(self, index: int, now: float) -> tuple[int, int] | None:
        """Beginning of the oldest and end of the newest recording, None without any. Raises DeviceError."""
        with Finder(self._client) as finder:
            return self._extent(finder, index, int(now))

    def spans(self, index: int, begin: int, end: int, most: int) -> list[Span]:
        """What is recorded between two moments. Raises DeviceError; BadAnswer beyond `most` files."""
        with Finder(self._client) as finder:
            whole = None if self._short_searches else self._all(finder, index, begin, end, most)
            if whole is not None:
                files = whole
            elif self._splits(finder, index, begin, end):
                files = self._all_by_days(finder, index, begin, end, most)
            else:
                files = []
        return clipped(merged([(file.begin, file.end) for file in files], JOIN), begin, end)

    # -- one search ----------------------------------------------------------------------------------------------

    def _page(self, finder: Finder, index: int, begin: int, end: int, count: int = PAGE) -> Page | None:
        """The first page of a time, None where the search is refused; finds out how channels are numbered."""
        number = index + (1 if self._base is None else self._base)
        found = self._ask(finder, number, begin, end, count)
        if self._base is not None:
            return found
        if found is None or not found[0]:
            # Nothing under a number counted from 1: perhaps the first channel is called 0.
            if not self._has_zero(finder, EARLIEST if index else begin, end):
                return found
            self._base = 0
            return self._ask(finder, index, begin, end, count)
        told = {file.channel for file in found[1]} - {None}
        if told == {index}:
            self._base = 1
        elif told == {index + 1}:
            # Asked and told alike: both count from 0, or both from 1.
            self._base = 0 if self._has_zero(finder, EARLIEST, end) else 1
            return self._ask(finder, index + self._base, begin, end, count)
        elif told:
            raise BadAnswer(f"tells of channels {sorted(told, key=str)[:4]} where {number} was asked for")
        return found

    def _ask(self, finder: Finder, number: int, begin: int, end: int, count: int) -> Page | None:
        if not finder.search(number, begin, end):
            return None
        told, files = finder.page(count)
        return told, [file for file in files if file.end >= begin and file.begin <= end]

    def _has_zero(self, finder: Finder, begin: int, end: int) -> bool:
        found = self._ask(finder, 0, begin, end, 1)
        return found is not None and any(file.channel == 0 for file in found[1])

    # -- oldest and newest ---------------------------------------------------------------------------------------

    def _extent(self, finder: Finder, index: int, now: int) -> tuple[int, int] | None:
        if self._short_searches:
            return self._by_days(finder, index, now)
        known = self._oldest.get(index)
        if known is not None and self._monotonic() - known[0] <= OLDEST_SECONDS:
            newest = self._newest(finder, index, known[1].begin, now)
            if newest is not None:
                return known[1].begin, max(newest, known[1].end)
        first = self._first(finder, index, EARLIEST, now + DAY)
        if first is None:
            self._oldest.pop(index, None)
            return self._by_days(finder, index, now)
        self._oldest[index] = self._monotonic(), first
        return first.begin, max(self._newest(finder, index, first.begin, now) or first.end, first.end)

    def _first(self, finder: Finder, index: int, begin: int, end: int) -> File | None:
        """The oldest recording that touches a time. Raises BadAnswer where only others are told."""
        found = self._page(finder, index, begin, end, 1)
        if found is None or not found[0]:
            return None
        told, files = found
        if not files:  # a picture, or one from before the time that was asked for: the next ones may be better
            told, files = finder.page()
            files = [file for file in files if file.end >= begin and file.begin <= end]
        if told and not files:
            raise BadAnswer("tells of recordings at other times than was asked for")
        return files[0] if files else None

    def _newest(self, finder: Finder, index: int, floor: int, now: int) -> int | None:
        """The end of the newest recording; nothing lies before `floor`."""
        end = now + DAY
        for reach in (*REACHES, now - floor):
            begin = max(floor, now - reach)
            found = self._latest(finder, index, begin, end, now)
            if found is not None or begin == floor:
                return found
            end = begin
        return None

    def _latest(self, finder: Finder, index: int, begin: int, end: int, now: int) -> int | None:
        """The latest end within a time. A time with more than a page in it is halved until its last page is left."""
        low, high, best = begin, end, None
        for _ in range(MAX_HALVINGS):
            page = self._page(finder, index, low, high)
            files = page[1] if page else []
            if files:
                best = max([file.end for file in files] + ([best] if best is not None else []))
                if best >= now - FRESH or not finder.page()[0]:
                    return best
                low = max(max(file.begin for file in files), (low + high) // 2)
            elif best is None:
                return None
            else:
                low, high = best, low
            if low >= high:
                return best
        return best

    # -- recorders that search short times only ------------------------------------------------------------------

    def _by_days(self, finder: Finder, index: int, now: int) -> tuple[int, int] | None:
        """Oldest and newest by searches through single days. Nothing in the last day: either nothing at all, or, where
        days are all that is searched, nothing for some days."""
        for days in range(8 if self._short_searches else 1):
            at = now + FRESH - days * DAY
            newest = self._latest(finder, index, at - DAY, at, now)
            if newest is not None:
                self._short_searches = True
                return self._oldest_by_days(finder, index, newest), newest
        return None

    def _oldest_by_days(self, finder: Finder, index: int, newest: int) -> int:
        """Backwards in doubling steps to a day without recordings, then between that and the last day with some."""
        known, empty, step = newest - DAY, EARLIEST, DAY
        while known - step > EARLIEST:
            if self._first(finder, index, known - step, known - step + DAY) is None:
                empty = known - step
                break
            known, step = known - step, step * 2
        while known - empty > DAY:
            middle = (known + empty) // 2
            if self._first(finder, index, middle, middle + DAY) is None:
                empty = middle
            else:
                known = middle
        first = self._first(finder, index, known, known + DAY)
        return first.begin if first else known

    # -- all of a time -------------------------------------------------------------------------------------------

    def _all(self, finder: Finder, index: int, begin: int, end: int, most: int) -> list[File] | None:
        """All files of a time, None where the search is refused. Raises BadAnswer beyond `most`."""
        page = self._page(finder, index, begin, end)
        if page is None:
            return None
        told, files = page
        found, count, idle = list(files), told, 0
        for _ in range(MAX_PAGES):
            if count > most:
                raise BadAnswer(f"more than {most} recordings in the time")
            if not told:
                return found
            reached = max((file.end for file in found), default=0)
            told, files = finder.page()
            found += files
            count += told
            # Overlapping files may come in any order, but a list that never goes on has no end.
            idle = idle + 1 if max((file.end for file in files), default=0) <= reached else 0
            if told and idle > MAX_IDLE:
                raise BadAnswer("tells the same recordings again and again")
        raise BadAnswer(f"not told within {MAX_PAGES} pages")

    def _all_by_days(self, finder: Finder, index: int, begin: int, end: int, most: int) -> list[File]:
        if end - begin > MAX_DAYS * DAY:
            raise BadAnswer(f"more than {MAX_DAYS} days, where it searches one at a time")
        files: list[File] = []
        for at in range(begin, end, DAY):
            files += self._all(finder, index, at, min(at + DAY, end), most - len(files)) or []
        return files

    def _splits(self, finder: Finder, index: int, begin: int, end: int) -> bool:
        """Whether a refused search may be one that is only too long: its first or last day is not refused."""
        if end - begin <= DAY:
            return False
        if self._short_searches:
            return True
        days = ((end - DAY, end), (begin, begin + DAY))
        self._short_searches = any(self._page(finder, index, *day, 1) for day in days)
        return self._short_searches
