"""Searches of recordings: ContentMgmt/search, page by page, and dailyDistribution, a month of days at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from agent.device.errors import BadAnswer
from agent.isapi import stamp
from agent.isapi.document import root
from agent.isapi.element import anywhere, descendants, name, number, text, yes
from agent.isapi.stamp import Stamp

PAGE = 40
"""Results asked for at once, as many as the maker's own pages do; recorders may give fewer, and say MORE."""

_RESULT = "cmsearchresult"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class Found:
    """A recorded piece, by the digits of its times."""

    begin: Stamp
    end: Stamp


@dataclass(frozen=True)
class Page:
    """Results of one page. `count`: how many there were in it, of other tracks too. `more`: another page follows."""

    found: tuple[Found, ...]
    count: int
    more: bool


def description(search: str, track: str, begin: int, end: int, position: int, most: int = PAGE) -> bytes:
    """A search's request; `begin` and `end` are digits as `stamp.written` takes them.

    `searchResultPostion` is misspelt in the protocol itself.
    """
    return (
        f"{_HEAD}<CMSearchDescription><searchID>{escape(search)}</searchID>"
        f"<trackList><trackID>{escape(track)}</trackID></trackList>{span(begin, end)}"
        f"<maxResults>{most}</maxResults><searchResultPostion>{position}</searchResultPostion>"
        "<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList>"
        "</CMSearchDescription>"
    ).encode()


def span(begin: int, end: int) -> str:
    """The part of a search's request that says from when to when."""
    return (
        f"<timeSpanList><timeSpan><startTime>{stamp.written(begin)}</startTime>"
        f"<endTime>{stamp.written(end)}</endTime></timeSpan></timeSpanList>"
    )


def page(body: bytes, track: str) -> Page:
    """What was found of this track. Raises BadAnswer (and what a ResponseStatus says)."""
    items, more = results(body)
    found: list[Found] = []
    for item in items:
        of = text(item, "trackid", limit=20)
        if of and of != track:
            continue
        begin, end = stamp.read(anywhere(item, "starttime")), stamp.read(anywhere(item, "endtime"))
        if begin is None or end is None or end.wall < begin.wall:
            raise BadAnswer("finds a recording without a beginning and an end")
        found.append(Found(begin, end))
    return Page(tuple(found), len(items), more)


def results(body: bytes) -> tuple[list[etree._Element], bool]:
    """The items of a page of any search, and whether another follows. What `numOfMatches` says is not believed."""
    element = root(body, _RESULT)
    status = text(element, "responsestatusstrg").upper()
    items = list(_outermost(element, "searchmatchitem"))
    if status not in ("OK", "MORE", "NO MATCHES") and (status or not items):
        raise BadAnswer(f"a search that ends with {status[:60]!r}")
    return items, status == "MORE"


def _outermost(element: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Those of this name, in their order, that lie in no other: each is looked through for what it tells, and one in
    the other a hundred times would be a hundred times the work."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if name(one) == wanted:
            yield one
        else:
            waiting += reversed(one)


def month(year: int, number_of: int) -> bytes:
    """The request for the days of a month on which anything was recorded."""
    return (
        f"{_HEAD}<trackDailyParam><year>{year}</year><monthOfYear>{number_of}</monthOfYear></trackDailyParam>".encode()
    )


def days(body: bytes) -> list[int]:
    """Days of the month on which anything was recorded, in order. Raises as `page`."""
    found = {
        int(day)
        for one in descendants(root(body, "trackdailydistribution"), "day")
        if yes(text(one, "record")) and (day := number(text(one, "dayofmonth") or text(one, "id"), 1, 31)) is not None
    }
    return sorted(found)
