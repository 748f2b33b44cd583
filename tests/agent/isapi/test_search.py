import time

import pytest

from agent.device.errors import BadAnswer
from agent.isapi import log, search
from agent.isapi.search import Found
from agent.isapi.stamp import Stamp, read


def stamp(text: str) -> Stamp:
    found = read(text)
    assert found is not None
    return found


def item(begin: str, end: str, track: str = "101") -> str:
    return (
        f"<searchMatchItem><sourceID>x</sourceID><trackID>{track}</trackID><timeSpan><startTime>{begin}</startTime>"
        f"<endTime>{end}</endTime></timeSpan><mediaSegmentDescriptor><contentType>video</contentType>"
        "<playbackURI>rtsp://x/Streaming/tracks/101?starttime=a&amp;size=1</playbackURI></mediaSegmentDescriptor>"
        "</searchMatchItem>"
    )


def result(status: str, *items: str, count: int = 0) -> bytes:
    return (
        '<CMSearchResult version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><searchID>{A}</searchID>'
        f"<responseStatus>true</responseStatus><responseStatusStrg>{status}</responseStatusStrg>"
        f"<numOfMatches>{count or len(items)}</numOfMatches><matchList>{''.join(items)}</matchList></CMSearchResult>"
    ).encode()


def test_a_page_of_recordings() -> None:
    page = search.page(result("MORE", item("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")), "101")
    assert page.found == (Found(stamp("2026-01-01T00:00:00Z"), stamp("2026-01-01T01:00:00Z")),)
    assert (page.count, page.more) == (1, True)


def test_what_the_recorder_says_of_their_number_is_not_believed() -> None:
    page = search.page(result("OK", item("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"), count=10**9), "101")
    assert (len(page.found), page.count, page.more) == (1, 1, False)


def test_no_matches_is_an_empty_page() -> None:
    page = search.page(result("NO MATCHES"), "101")
    assert (page.found, page.more) == ((), False)


def test_recordings_of_other_tracks_are_counted_and_left_out() -> None:
    page = search.page(result("OK", item("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "102")), "101")
    assert (page.found, page.count) == ((), 1)


@pytest.mark.parametrize(
    "body",
    [
        result("FAILED"),
        result("PARAM ERROR"),
        result("OK", item("soon", "later")),
        result("OK", item("2026-01-01T02:00:00Z", "2026-01-01T01:00:00Z")),
        result("OK", item("9999-01-01T02:00:00Z", "9999-01-01T03:00:00Z")),
        b"<CMSearchResult/>",
        b"<other/>",
    ],
)
def test_a_search_that_failed_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        search.page(body, "101")


def test_days_of_a_month() -> None:
    body = (
        b"<trackDailyDistribution><dayList><day><id>1</id><dayOfMonth>1</dayOfMonth><record>true</record>"
        b"<recordType>time</recordType></day><day><id>2</id><dayOfMonth>2</dayOfMonth><record>false</record></day>"
        b"<day><id>3</id><record>true</record></day><day><id>99</id><dayOfMonth>99</dayOfMonth><record>true</record></day>"
        b"</dayList></trackDailyDistribution>"
    )
    assert search.days(body) == [1, 3]


def test_requests_name_times_as_digits() -> None:
    asked = search.description("{A&B}", "101", 0, 3600, 64).decode()
    assert "<searchID>{A&amp;B}</searchID>" in asked
    assert "<startTime>1970-01-01T00:00:00Z</startTime><endTime>1970-01-01T01:00:00Z</endTime>" in asked
    assert "<searchResultPostion>64</searchResultPostion>" in asked
    assert search.month(2026, 2).endswith(b"<year>2026</year><monthOfYear>2</monthOfYear></trackDailyParam>")


def test_results_within_results_cost_no_more_than_others() -> None:
    nested = "<searchMatchItem>" * 200 + "<x/>" * 10_000 + "</searchMatchItem>" * 200
    begun = time.process_time()
    items, _ = search.results(result("OK", nested))
    assert len(items) == 1
    assert log.page(result("OK", nested)).lines == ()
    assert time.process_time() - begun < 1.0
