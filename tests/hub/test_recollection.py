"""The newest values that rules have seen, read for a whole fleet with few questions."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from hub.fleet import AgentState, Site, Subject
from hub.recollection import LATELY_MS, LOOKBACK_MS, SITES_AT_ONCE, owed, read_newest
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Pick, Point, Spans, Value
from wire.messages import DeviceKind

MINUTE = 60_000
DAY = 86_400_000
T0 = 1_790_000_000_000 // MINUTE * MINUTE + 30_000


class Counted(EmbeddedSeries):
    """A store that keeps what it was asked: about which sites, what of a span."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[Collection[str] | None, Pick]] = []

    def across(
        self, kind: str, metric: str, spans: Spans, *, sites: Collection[str] | None = None, pick: Pick = "every"
    ) -> dict[tuple[str, str], list[Value]]:
        self.asked.append((sites, pick))
        return super().across(kind, metric, spans, sites=sites, pick=pick)


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Counted]:
    series = Counted(tmp_path / "series.db")
    yield series
    series.close()


def site(name: str, **marks: int) -> Site:
    """With a camera of each agent."""
    place = Site()
    for agent, mark in marks.items():
        place.agents[agent] = AgentState(name, agent, heard=mark, mark=mark)
        place.devices[f"cam-{agent}"] = Subject(name, f"cam-{agent}", DeviceKind.CAMERA, agent)
    return place


def told(series: EmbeddedSeries, name: str, at: int, agent: str = "a", **values: float) -> None:
    series.write([Point("camera", name, agent, f"cam-{agent}", at, values)])


Known = dict[tuple[str, str], dict[str, Value]]


def newest(places: dict[str, Site], series: EmbeddedSeries, now: int = T0) -> Known:
    return read_newest(owed(places), series, now)


def test_the_newest_of_each_metric_that_was_judged(series: Counted) -> None:
    place = site("depot", a=T0)
    told(series, "depot", T0 - DAY, reachable=0.0, response_seconds=2.0)
    told(series, "depot", T0, reachable=1.0)
    known = newest({"depot": place}, series)["depot", "cam-a"]
    assert known == {"reachable": Value(T0, 1.0), "response_seconds": Value(T0 - DAY, 2.0)}


def test_where_something_was_never_judged_the_one_before_it_is_the_newest(series: Counted) -> None:
    place, other = site("depot", a=T0), site("quay", a=T0 - 2 * MINUTE)
    told(series, "depot", T0 - LOOKBACK_MS, authenticated=1.0)
    told(series, "depot", T0 - DAY, response_seconds=2.0, authenticated=0.0)
    told(series, "depot", T0 - 20_000, reachable=0.0)
    told(series, "depot", T0 - 10_000, reachable=1.0)
    told(series, "depot", T0 + 10_000, reachable=0.0, response_seconds=9.0, fps=25.0)
    told(series, "quay", T0 - 2 * MINUTE, reachable=1.0)
    known = newest({"depot": place, "quay": other}, series)
    assert known["depot", "cam-a"] == {
        "reachable": Value(T0 - 10_000, 1.0),
        "response_seconds": Value(T0 - DAY, 2.0),
        "authenticated": Value(T0 - DAY, 0.0),
    }
    assert known["quay", "cam-a"] == {"reachable": Value(T0 - 2 * MINUTE, 1.0)}


def test_two_agents_of_a_site_are_looked_at_each_from_its_own_last_word(series: Counted) -> None:
    silent = T0 - 3 * LATELY_MS
    place = site("depot", a=T0, b=silent)
    told(series, "depot", T0, reachable=1.0)
    told(series, "depot", silent, "b", reachable=0.0)
    told(series, "depot", silent - LOOKBACK_MS + 1, "b", response_seconds=1.0)
    told(series, "depot", silent - LOOKBACK_MS, "b", authenticated=1.0)
    known = newest({"depot": place}, series)
    assert known["depot", "cam-a"] == {"reachable": Value(T0, 1.0)}
    assert known["depot", "cam-b"] == {
        "reachable": Value(silent, 0.0),
        "response_seconds": Value(silent - LOOKBACK_MS + 1, 1.0),
    }


def test_a_clock_that_is_ahead_makes_nobody_look_silent(series: Counted) -> None:
    places = {"depot": site("depot", a=T0), "quay": site("quay", a=T0 + 30 * DAY)}
    told(series, "depot", T0, reachable=1.0)
    told(series, "quay", T0 + 30 * DAY, reachable=0.0)
    known = newest(places, series, T0 + MINUTE)
    assert known["depot", "cam-a"] == {"reachable": Value(T0, 1.0)}
    assert known["quay", "cam-a"] == {"reachable": Value(T0 + 30 * DAY, 0.0)}


def test_whoever_was_heard_lately_is_asked_about_together_and_who_has_been_silent_by_the_week(series: Counted) -> None:
    live = {f"s{number}": site(f"s{number}", a=T0 - number) for number in range(5)}
    silent = {f"z{number}": site(f"z{number}", a=T0 - 40 * DAY - number * MINUTE) for number in range(5)}
    for name, place in (live | silent).items():
        told(series, name, place.agents["a"].mark, reachable=1.0)
    assert all(newest(live | silent, series).values())
    assert series.asked == [(sorted(live), "last"), (sorted(silent), "last")]


def test_so_many_sites_are_named_in_a_question(series: Counted) -> None:
    names = [f"z{number:03}" for number in range(SITES_AT_ONCE + 1)]
    silent = {name: site(name, a=T0 - 40 * DAY) for name in names}
    told(series, "z007", T0 - 40 * DAY, reachable=1.0)
    assert newest(silent | {"depot": site("depot", a=T0)}, series)["z007", "cam-a"]
    assert series.asked == [(["depot"], "last"), (names[:-1], "last"), (names[-1:], "last")]


def test_before_anybody_has_reported_nothing_is_asked(series: Counted) -> None:
    told(series, "depot", T0, reachable=1.0)
    assert newest({"depot": site("depot", a=0)}, series) == {}
    assert series.asked == []
