"""What is recorded: found in few requests, which are counted, and remembered."""

from pathlib import Path

import pytest

from agent.device.errors import BadAnswer, Unsupported
from agent.isapi.archive import MAX_PAGES
from agent.recorder.model import Extent
from simulator.device.server import Answer, Exchange
from tests.agent.isapi.recorders import DAY, NOON, Bench

DAYS = "ContentMgmt/record/tracks/101/dailyDistribution"
SEARCH = "ContentMgmt/search"
HOUR = 3600.0


def test_the_oldest_and_the_newest_in_few_requests(bench: Bench) -> None:
    bench.speaker.device_time()
    with bench.counted() as first:
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)
    assert first == {DAYS: 4, SEARCH: 2}
    with bench.counted() as later:
        bench.clock.now += 600
        bench.speaker.device_time()
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY + 600, NOON + 600)
    assert later == {"System/time": 1, SEARCH: 2}


@pytest.mark.parametrize(
    ("days", "most"),
    [(0.1, 3), (7, 3), (43, 4), (90, 6), (180, 9), (400, 12), (3000, 18)],
    ids=lambda value: str(value),
)
def test_any_retention_is_found(bench: Bench, days: float, most: int) -> None:
    channel = bench.box.channels[0]
    channel.oldest_seconds, channel.segment_seconds = days * DAY, HOUR if days < 100 else 24 * HOUR
    with bench.counted() as asked:
        assert bench.speaker.extent("1").oldest == NOON - days * DAY
    assert asked[DAYS] <= most
    assert asked[SEARCH] == 2


def test_as_the_oldest_day_goes_the_next_one_is_found(bench: Bench) -> None:
    bench.speaker.extent("1")
    for _ in range(3):
        bench.clock.now += DAY
        bench.speaker.device_time()
        with bench.counted() as asked:
            assert bench.speaker.extent("1") == Extent(bench.clock.now - 30 * DAY, bench.clock.now)
        assert asked[SEARCH] + asked[DAYS] <= 4


def test_after_a_long_absence_it_begins_anew(bench: Bench) -> None:
    bench.speaker.extent("1")
    bench.clock.now += 200 * DAY
    bench.speaker.device_time()
    assert bench.speaker.extent("1") == Extent(bench.clock.now - 30 * DAY, bench.clock.now)


def test_a_channel_that_stopped_days_ago(bench: Bench) -> None:
    bench.box.channels[0].stopped_at = NOON - 3 * DAY
    assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON - 3 * DAY)
    with bench.counted() as later:
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON - 3 * DAY)
    assert later == {SEARCH: 3}


def test_a_channel_that_stopped_months_ago(bench: Bench) -> None:
    channel = bench.box.channels[0]
    channel.oldest_seconds, channel.stopped_at = 200 * DAY, NOON - 100 * DAY
    assert bench.speaker.extent("1") == Extent(NOON - 200 * DAY, NOON - 100 * DAY)


def test_a_channel_without_recordings_and_one_that_is_not_there(bench: Bench) -> None:
    bench.box.channels[0].stopped_at = NOON - 31 * DAY
    assert bench.speaker.extent("1") == Extent(None, None)
    assert bench.speaker.extent("99") == Extent(None, None)
    with pytest.raises(Unsupported, match="no channel number"):
        bench.speaker.extent("one")


def test_a_month_of_holidays_hides_nothing(bench: Bench) -> None:
    channel = bench.box.channels[0]
    channel.oldest_seconds = 100 * DAY  # from 6 April on
    channel.gaps = [(NOON - 46 * DAY, NOON - 14 * DAY)]  # the whole of June, and a day more
    assert bench.speaker.extent("1").oldest == NOON - 100 * DAY


def test_a_recorder_that_tells_no_days_is_searched_as_a_whole(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/record/tracks/"}
    bench.speaker.device_time()
    with bench.counted() as asked:
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)
    assert asked[SEARCH] == 2
    bench.box.channels[1].stopped_at = NOON - 5 * DAY
    assert bench.speaker.extent("2") == Extent(NOON - 30 * DAY, NOON - 5 * DAY)


def test_a_month_it_makes_no_sense_of_hides_nothing(bench: Bench) -> None:
    status = b"<ResponseStatus><statusCode>6</statusCode><subStatusCode>badParameters</subStatusCode></ResponseStatus>"
    bench.recorder.instead[DAYS] = lambda _: Answer(400, {}, status)
    assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)


def test_days_that_are_told_and_hold_nothing_are_not_believed(bench: Bench) -> None:
    body = b"<trackDailyDistribution><dayList><day><dayOfMonth>1</dayOfMonth><record>true</record></day></dayList>"
    bench.recorder.instead[DAYS] = lambda _: Answer(200, {}, body + b"</trackDailyDistribution>")
    assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)


@pytest.mark.parametrize("hours", [8, -5, 0])
def test_a_z_that_means_what_it_says_is_noticed(tmp_path: Path, hours: int) -> None:
    bench = Bench(tmp_path, hours=hours)
    bench.recorder.calendar.fake_zulu = False
    with bench.recorder:
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)
        assert bench.speaker.extent("2") == Extent(NOON - 30 * DAY, NOON)
        gap = (NOON - 5 * HOUR, NOON - 4 * HOUR)
        bench.box.channels[0].gaps = [gap]
        assert bench.speaker.spans("1", NOON - 10 * HOUR, NOON) == [
            (int(NOON - 10 * HOUR), int(gap[0])),
            (int(gap[1]), int(NOON)),
        ]
        bench.speaker.release()


def test_a_channel_that_stopped_as_long_ago_as_the_zone_is_wide_misleads_nobody_for_long(bench: Bench) -> None:
    bench.box.channels[0].stopped_at = NOON - 8 * HOUR
    bench.speaker.extent("1")
    assert bench.speaker.extent("2") == Extent(NOON - 30 * DAY, NOON)
    assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON - 8 * HOUR)


# -- spans -------------------------------------------------------------------------------------------------------


def test_gaps_between_recordings_over_several_pages(bench: Bench) -> None:
    channel = bench.box.channels[0]
    channel.segment_seconds = 600
    channel.gaps = [(NOON - 20 * HOUR, NOON - 19 * HOUR), (NOON - 2 * HOUR, NOON - 2 * HOUR + 60)]
    bench.speaker.device_time()
    with bench.counted() as asked:
        spans = bench.speaker.spans("1", NOON - DAY, NOON)
    assert spans == [
        (int(NOON - DAY), int(NOON - 20 * HOUR)),
        (int(NOON - 19 * HOUR), int(NOON - 2 * HOUR)),
        (int(NOON - 2 * HOUR) + 60, int(NOON)),
    ]
    assert asked == {SEARCH: 4}, "138 files of ten minutes, 40 a page"


def test_pages_as_small_as_the_recorder_likes(bench: Bench) -> None:
    bench.recorder.searches.page_limit = 5
    bench.speaker.device_time()
    with bench.counted() as asked:
        assert bench.speaker.spans("1", NOON - DAY, NOON) == [(int(NOON - DAY), int(NOON))]
    assert asked == {SEARCH: 5}


def test_a_recorder_that_gives_the_first_page_again_is_searched_from_there_on(bench: Bench) -> None:
    bench.recorder.searches.page_limit, bench.recorder.searches.repeats_pages = 10, True
    assert bench.speaker.spans("1", NOON - DAY, NOON) == [(int(NOON - DAY), int(NOON))]


def test_more_pieces_than_wanted_say_nothing_of_gaps(bench: Bench) -> None:
    bench.box.channels[0].segment_seconds = 60
    with pytest.raises(BadAnswer, match="more than 100 recordings"):
        bench.speaker.spans("1", NOON - DAY, NOON, most=100)


def test_nothing_recorded_is_no_span(bench: Bench) -> None:
    assert bench.speaker.spans("1", NOON - 90 * DAY, NOON - 80 * DAY) == []


def result(status: str, *times: tuple[str, str]) -> bytes:
    items = "".join(
        f"<searchMatchItem><trackID>101</trackID><timeSpan><startTime>{begin}</startTime><endTime>{end}</endTime>"
        "</timeSpan></searchMatchItem>"
        for begin, end in times
    )
    return (
        f"<CMSearchResult><responseStatusStrg>{status}</responseStatusStrg><numOfMatches>{10**9}</numOfMatches>"
        f"<matchList>{items}</matchList></CMSearchResult>"
    ).encode()


@pytest.mark.parametrize(
    "body",
    [
        result("MORE"),
        result("MORE", ("2026-07-15T01:00:00Z", "2026-07-15T01:00:00Z")),
        result("MORE", ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z")),
        result("OK", ("2026-07-15T02:00:00Z", "2026-07-15T01:00:00Z")),
        result("OK", ("1e300", "1e300")),
        result("FAILED"),
    ],
    ids=["nothing and more", "one and more", "1970 and more", "backwards", "no time", "failed"],
)
def test_searches_that_lie_end(bench: Bench, body: bytes) -> None:
    bench.recorder.instead[SEARCH] = lambda _: Answer(200, {}, body)
    with bench.counted() as asked, pytest.raises(BadAnswer):
        bench.speaker.spans("1", NOON - DAY, NOON)
    assert asked[SEARCH] <= MAX_PAGES
    with bench.counted() as asked, pytest.raises(BadAnswer):
        bench.speaker.extent("1")
    assert asked[SEARCH] <= 2 * MAX_PAGES


def test_a_search_that_never_ends_ends(bench: Bench) -> None:
    pages = iter(range(10**6))

    def another(_: Exchange) -> Answer:
        minute = next(pages)
        begin, end = (
            f"2026-07-{minute // 1440 + 10}T{minute // 60 % 24:02}:{minute % 60:02}:00Z",
            "2026-07-14T00:00:00Z",
        )
        return Answer(200, {}, result("MORE", (begin, end)))

    bench.recorder.instead[SEARCH] = another
    with bench.counted() as asked, pytest.raises(BadAnswer, match=f"more than {MAX_PAGES} pages"):
        bench.speaker.spans("1", NOON - DAY, NOON)
    assert asked[SEARCH] == MAX_PAGES


def test_a_recorder_that_answers_every_month_is_asked_for_ten_years_at_most(bench: Bench) -> None:
    every = "".join(f"<day><dayOfMonth>{day}</dayOfMonth><record>true</record></day>" for day in range(1, 32))
    body = f"<trackDailyDistribution><dayList>{every}</dayList></trackDailyDistribution>".encode()
    bench.recorder.instead[DAYS] = lambda _: Answer(200, {}, body)
    with bench.counted() as asked:
        assert bench.speaker.extent("1") == Extent(NOON - 30 * DAY, NOON)
    assert asked[DAYS] <= 25


def test_a_clock_of_1970_finds_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, now=100.0)
    bench.box.channels[0].oldest_seconds = 50.0
    with bench.recorder:
        assert bench.speaker.device_time() == 100.0
        assert bench.speaker.extent("1") == Extent(50.0, 100.0)
        bench.speaker.release()
