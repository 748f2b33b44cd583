"""What is recorded of each channel, searched in few requests and remembered.

At first: the months that have recordings, found by doubling back and halving (one request a month), one page for the
oldest day, one for the newest hour: five or six requests. Later two: the oldest recording only moves forward, so the
search begins where it was; the newest lies in the last hour, or where it was.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from agent.device.errors import BadAnswer, Forbidden, Unsupported
from agent.isapi import search
from agent.isapi.client import IsapiClient, search_id
from agent.isapi.reckoning import Reckoning
from agent.isapi.search import Found
from agent.recorder.model import Extent, Spans
from agent.recordings.spans import clipped, merged

log = logging.getLogger(__name__)

MAX_PAGES = 64
"""Of one search; a recorder that gives one result a page is not asked for ever."""

MAX_CHANNELS = 256
_HOUR, _DAY = 3600, 86_400
_WIDER = (_DAY, 8 * _DAY, 32 * _DAY, 400 * _DAY)
_FURTHEST_MONTH = 120
_EPOCH = date(2000, 1, 1)


@dataclass(frozen=True)
class _Known:
    """Of one channel: where its oldest recording began, and its newest, Unix seconds of the recorder's clock."""

    oldest: int
    newest: int


class Archive:
    """Of one recorder. `reckoning` is asked anew for every search; it may cost a request."""

    def __init__(self, client: IsapiClient, reckoning: Callable[[], Reckoning]) -> None:
        self._client = client
        self._reckoning = reckoning
        self._known: dict[str, _Known] = {}
        self._months = True
        """Whether the recorder tells days with recordings (dailyDistribution), as far as we know."""

    def forget(self) -> None:
        """It may be another recorder now."""
        self._known.clear()
        self._months = True

    def extent(self, token: str) -> Extent:
        """See `Speaker.extent`."""
        track = track_of(token)
        reckoning = self._reckoning()
        found = self._extent(track, reckoning)
        for _ in range(2):
            if found is not None and reckoning.learn(found[1].end):
                # Everything was reckoned by the wrong clock: once more, by the other one.
                self._known.clear()
                found = self._extent(track, reckoning)
        if found is None:
            self._known.pop(track, None)
            return Extent(None, None)
        oldest, newest = found
        first, last = reckoning.moment(oldest.begin), reckoning.moment(newest.end)
        if first > last:
            raise BadAnswer("its oldest recording is younger than its newest")
        if track in self._known or len(self._known) < MAX_CHANNELS:
            self._known[track] = _Known(first, reckoning.moment(newest.begin))
        return Extent(float(first), float(last))

    def spans(self, token: str, begin: float, end: float, most: int) -> Spans:
        """See `Speaker.spans`. Pieces at most a second apart are one: the last second of a file is part of it."""
        reckoning = self._reckoning()
        first, last = int(begin), int(end)
        pieces: list[tuple[int, int]] = []
        for piece in self._pieces(track_of(token), reckoning.digits(first), reckoning.digits(last)):
            pieces.append((reckoning.moment(piece.begin), reckoning.moment(piece.end)))
            if len(pieces) > most:
                raise BadAnswer(f"more than {most} recordings between two moments")
        return clipped(merged(pieces, join=1), first, last)

    # -- oldest and newest ---------------------------------------------------------------------------------------

    def _extent(self, track: str, reckoning: Reckoning) -> tuple[Found, Found] | None:
        known = self._known.get(track)
        if known is not None:
            oldest = self._since(track, reckoning, known)
            if oldest is not None:
                return oldest, self._newest(track, reckoning, (known.newest,)) or oldest
        months = self._filled_months(track, reckoning)
        oldest = self._first(track, reckoning, months)
        if oldest is None:
            return None
        now = int(reckoning.now)
        last = _begin(months[-1][-1]) if months else None
        since = ([] if last is None else [reckoning.zone.moment(last)]) + [now - back for back in _WIDER]
        return oldest, self._newest(track, reckoning, since) or oldest

    def _since(self, track: str, reckoning: Reckoning, known: _Known) -> Found | None:
        """The oldest recording, from the one that was it; where that day is gone, of the next that has any."""
        zone, now = reckoning.zone, int(reckoning.now)
        end = zone.moment((zone.wall(known.oldest) // _DAY + 1) * _DAY)
        found = self._oldest_of(track, reckoning, known.oldest - 1, end)
        if found is not None or not self._months:
            return found
        day = datetime.fromtimestamp(zone.wall(end), UTC).date()
        for back in range(_months_between(day, _today(reckoning)), -1, -1)[:3]:
            later = [one for one in self._days(track, reckoning, back) if one >= day]
            if later:
                first = zone.moment(_begin(later[0]))
                return self._oldest_of(track, reckoning, first, min(first + _DAY, now + _HOUR))
        return None

    def _first(self, track: str, reckoning: Reckoning, months: list[list[date]]) -> Found | None:
        """The oldest recording of all: of the oldest day, or, where no days are told, of a search of everything."""
        if months:
            begin = reckoning.zone.moment(_begin(months[0][0]))
            found = self._oldest_of(track, reckoning, begin, begin + _DAY)
            if found is not None:
                return found
        return self._oldest_of(track, reckoning, reckoning.zone.moment(_begin(_EPOCH)), int(reckoning.now) + _HOUR)

    def _oldest_of(self, track: str, reckoning: Reckoning, begin: int, end: int) -> Found | None:
        """Of the first page: recorders sort by time."""
        page = self._page(search_id(), track, reckoning.digits(begin), reckoning.digits(end), 0)
        return min(page.found, key=lambda one: one.begin.wall, default=None)

    def _newest(self, track: str, reckoning: Reckoning, since: tuple[int, ...] | list[int]) -> Found | None:
        """Of the last hour; where that has none, of what is `since` these moments, each tried in turn."""
        now = int(reckoning.now)
        recent = now - _HOUR
        begins = [recent, *(begin for begin in since if begin < recent)]
        if len(since) == 1 and since[0] >= recent:
            begins = list(since)
        for begin in begins:
            pieces = self._pieces(track, reckoning.digits(begin), reckoning.digits(now + _HOUR))
            newest = max(pieces, key=lambda one: one.end.wall, default=None)
            if newest is not None:
                return newest
        return None

    # -- months --------------------------------------------------------------------------------------------------

    def _filled_months(self, track: str, reckoning: Reckoning) -> list[list[date]]:
        """Days with recordings of the oldest month that has any, and of the newest; empty where none are told."""
        if not self._months:
            return []
        try:
            return self._ends(track, reckoning)
        except (Unsupported, Forbidden):
            self._months = False
        except BadAnswer as error:
            # A month it makes no sense of, perhaps: a search of everything finds the oldest as well.
            log.info("%s", error)
        return []

    def _ends(self, track: str, reckoning: Reckoning) -> list[list[date]]:
        """See `_filled_months`. Two empty months on end count as the end of all recordings: holidays leave holes."""
        told = {back: self._days(track, reckoning, back) for back in (0, 1)}

        def filled(back: int) -> bool:
            if back not in told:
                told[back] = self._days(track, reckoning, back)
            return bool(told[back])

        def holds(back: int) -> bool:
            """Whether there are recordings so far back, a hole of one month left aside."""
            return filled(back) or (told.get(back - 1) != [] and filled(back + 1))

        good = max((back for back in told if told[back]), default=None)
        if good is None:
            return []
        empty = 2
        while empty <= _FURTHEST_MONTH and holds(empty):
            good = empty if told[empty] else empty + 1
            empty = 2 * good
        while empty - good > 1:
            middle = (good + empty) // 2
            good, empty = (middle, empty) if filled(middle) else (good, middle)
        newest = min(back for back in told if told[back])
        return [told[good], told[newest]]

    def _days(self, track: str, reckoning: Reckoning, back: int) -> list[date]:
        """Days with recordings of the month so many months ago, by the recorder's calendar."""
        today = _today(reckoning)
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        asked = search.month(year, month + 1)
        answer = self._client.ask(f"ContentMgmt/record/tracks/{track}/dailyDistribution", asked)
        found: list[date] = []
        for day in search.days(answer):
            try:
                found.append(date(year, month + 1, day))
            except ValueError:
                continue  # a 31st that the month has not
        return found

    # -- pages ---------------------------------------------------------------------------------------------------

    def _pieces(self, track: str, begin: int, end: int) -> Iterator[Found]:
        """Everything between two times (digits), page by page. Raises BadAnswer where it does not end.

        Some firmware gives the first page again, or stops counting at a few thousand: then a new search goes on where
        the last piece ended.
        """
        name, position, latest = search_id(), 0, begin
        before: tuple[Found, ...] = ()
        for _ in range(MAX_PAGES):
            page = self._page(name, track, begin, end, position)
            if page.found == before and before:
                if latest <= begin:
                    raise BadAnswer("a search that gives the same page again and again")
                name, position, begin, before = search_id(), 0, latest, ()
                continue
            yield from page.found
            if not page.more:
                return
            before = page.found
            position += page.count
            latest = max([latest, *(one.end.wall for one in page.found)])
        raise BadAnswer(f"a search of more than {MAX_PAGES} pages")

    def _page(self, name: str, track: str, begin: int, end: int, position: int) -> search.Page:
        asked = search.description(name, track, begin, end, position)
        page = search.page(self._client.ask("ContentMgmt/search", asked), track)
        if page.more and not page.count:
            raise BadAnswer("a search that promises more and gives nothing")
        return page


def track_of(token: str) -> str:
    """The track of a channel's main stream. Raises Unsupported for what is no channel of such a recorder."""
    if not (token.isascii() and token.isdecimal() and 0 < len(token) <= 4):
        raise Unsupported(f"no channel number: {token[:40]!r}")
    return f"{int(token)}01"


def _today(reckoning: Reckoning) -> date:
    return datetime.fromtimestamp(max(0, reckoning.zone.wall(int(reckoning.now))), UTC).date()


def _begin(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _months_between(earlier: date, later: date) -> int:
    return max(0, (later.year - earlier.year) * 12 + later.month - earlier.month)
