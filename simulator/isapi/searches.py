"""Searches of the simulated recorder: recordings, days of a month, log. Pages belong to a search id."""

import calendar as months
from collections import OrderedDict
from collections.abc import Sequence

from lxml import etree

from simulator.isapi.calendar import Calendar
from simulator.isapi.document import Node
from simulator.recorder.box import Box, Entry

MAX_SEARCHES = 16
_WORDS = {
    "playback": "Operation/remotePlayByTime",
    "download": "Operation/remoteDownloadRecFile",
    "login": "Operation/remoteLogin",
    "login_failed": "Exception/illlegealAccess",
    "configure": "Operation/remoteCfgPara",
    "restart": "Operation/devicePowerOn",
    "format": "Operation/localFormatDisk",
    "time": "Operation/localCfgTime",
}


class BadRequest(Exception):  # noqa: N818 - what the recorder says
    """A request that it does not understand."""


class Searches:
    """Attributes may be set at any time. `page_limit` is the most results it gives at once, whatever is asked for."""

    def __init__(self, box: Box, calendar: Calendar) -> None:
        self.page_limit = 64
        self.log_limit = 2000
        """The most lines of one log search; what is beyond them is silently left out."""
        self.repeats_pages = False
        """Gives the first page whatever position is asked for."""
        self._box = box
        self._calendar = calendar
        self._open: OrderedDict[str, Sequence[Node]] = OrderedDict()

    def recordings(self, body: bytes) -> Node:
        """ContentMgmt/search."""
        asked = _read(body, "CMSearchDescription")
        track = asked.findtext(".//{*}trackID") or ""
        begin, end = self._span(asked)

        def items() -> list[Node]:
            number = int(track) // 100
            try:
                found = self._box.recorded(number, begin, end)
            except KeyError:
                found = []
            return [self._piece(track, *span) for span in found]

        return self._page(asked, items() if self._first(asked) else None)

    def days(self, track: str, body: bytes) -> Node:
        """record/tracks/N/dailyDistribution."""
        asked = _read(body, "trackDailyParam")
        try:
            year, month = int(asked.findtext("{*}year") or ""), int(asked.findtext("{*}monthOfYear") or "")
            length = months.monthrange(year, month)[1]
            self._box.channel(int(track) // 100)
        except (ValueError, KeyError, months.IllegalMonthError):
            raise BadRequest("badParameters") from None
        nodes: list[Node] = []
        for day in range(1, length + 1):
            begin = self._local_midnight(year, month, day)
            recorded = bool(self._box.recorded(int(track) // 100, begin, begin + 86_400))
            kind: list[Node] = [("recordType", "time")] if recorded else []
            nodes.append(
                ("day", [("id", day), ("dayOfMonth", day), ("record", str(recorded).lower()), *kind]),
            )
        return "trackDailyDistribution", [("dayList", nodes)]

    def log(self, body: bytes) -> Node:
        """ContentMgmt/logSearch."""
        asked = _read(body, "CMSearchDescription")
        kind = (asked.findtext("{*}metaId") or "").partition("/")[2]
        begin, end = self._span(asked)
        lines = [
            self._line(entry, what)
            for entry in sorted(self._box.log, key=lambda one: one.at)
            if begin <= entry.at <= end and (what := _WORDS.get(entry.kind, f"Operation/{entry.kind}")).startswith(kind)
        ]
        return self._page(asked, lines[: self.log_limit] if self._first(asked) else None)

    def _page(self, asked: etree._Element, items: Sequence[Node] | None) -> Node:
        name = asked.findtext("{*}searchID") or ""
        if items is not None:
            self._open[name] = items
            while len(self._open) > MAX_SEARCHES:
                self._open.popitem(last=False)
        if name not in self._open:
            raise BadRequest("badParameters")
        every = self._open[name]
        position = 0 if self.repeats_pages else self._position(asked)
        most = min(self.page_limit, int(asked.findtext("{*}maxResults") or 0) or self.page_limit)
        page = every[position : position + most]
        status = "MORE" if position + most < len(every) else "OK" if page else "NO MATCHES"
        return (
            "CMSearchResult",
            [
                ("searchID", name),
                ("responseStatus", "true"),
                ("responseStatusStrg", status),
                ("numOfMatches", len(page)),
                ("matchList", page),
            ],
        )

    def _first(self, asked: etree._Element) -> bool:
        return self._position(asked) == 0

    def _position(self, asked: etree._Element) -> int:
        said = asked.findtext("{*}searchResultPostion") or "0"
        if not said.isdecimal():
            raise BadRequest("badParameters")
        return int(said)

    def _span(self, asked: etree._Element) -> tuple[float, float]:
        try:
            begin, end = (
                self._calendar.moment(asked.findtext(f".//{{*}}{name}") or "") for name in ("startTime", "endTime")
            )
        except ValueError:
            raise BadRequest("badXmlContent") from None
        return begin, end

    def _local_midnight(self, year: int, month: int, day: int) -> float:
        """Days are those of the wall calendar, whatever a Z means."""
        shown = self._calendar.local(0).replace(year=year, month=month, day=day, hour=0, minute=0, second=0)
        return shown.timestamp()

    def _piece(self, track: str, begin: float, end: float) -> Node:
        since, until = self._calendar.stamp(begin), self._calendar.stamp(end)
        uri = f"rtsp://127.0.0.1/Streaming/tracks/{track}/?starttime={since}&endtime={until}&name=ch01&size=1024"
        return (
            "searchMatchItem",
            [
                ("sourceID", "{00000000-0000-0000-0000-000000000000}"),
                ("trackID", track),
                ("timeSpan", [("startTime", since), ("endTime", until)]),
                ("mediaSegmentDescriptor", [("contentType", "video"), ("codecType", "H.265"), ("playbackURI", uri)]),
                ("metadataMatches", [("metadataDescriptor", "recordType.meta.hikvision.com/timing")]),
            ],
        )

    def _line(self, entry: Entry, what: str) -> Node:
        channel = f"/{entry.channel}" if entry.channel is not None else ""
        return (
            "searchMatchItem",
            [
                (
                    "logDescriptor",
                    [
                        ("metaId", f"log.hikvision.com/{what}{channel}"),
                        ("StartDateTime", self._calendar.stamp(entry.at)),
                        ("paraType", ""),
                        ("userName", entry.user),
                        ("ipAddress", entry.address),
                    ],
                )
            ],
        )


def _read(body: bytes, name: str) -> etree._Element:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise BadRequest("badXmlFormat") from None
    if etree.QName(root).localname != name:
        raise BadRequest("badXmlContent")
    return root
