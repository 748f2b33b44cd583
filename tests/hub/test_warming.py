"""After a start the hub knows what is usual from the rollups, as if it had never stopped."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from hub.detector import Detector
from hub.fleet import Subject
from hub.rollup.figures import HOUR_MS, rolled
from hub.rule import Unusual
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Bucket, Point, Scope, SeriesUnavailable, Summary
from hub.unusual import measure
from hub.warming import BACK_MS, Warming
from tests.waiting import wait_until
from wire.messages import DeviceKind

METRIC = "response_seconds"
CONDITION = Unusual(METRIC, lambda _: (0.6, 4.0, 14.0), floor=0.01)
NOW = 1_800_000_000_000 // HOUR_MS * HOUR_MS
CAMERA = Subject("school", "cam-1", DeviceKind.CAMERA, "gateway")


def hours(number: int) -> list[Point]:
    random = Random(1)
    return [
        rolled(
            "camera",
            Summary("school", "gateway", "cam-1", {METRIC: Bucket(0, random.uniform(0.05, 0.1), 0.01, 1.0, 60)}),
            NOW + hour * HOUR_MS,
        )
        for hour in range(-number, 0)
    ]


def filled(path: Path, points: Sequence[Point]) -> EmbeddedSeries:
    store = EmbeddedSeries(path / "hourly.db")
    store.write(points)
    return store


def answer(warming: Warming) -> Detector:
    stop = threading.Event()
    thread = threading.Thread(target=warming.run, args=(stop,))
    thread.start()
    try:
        found: list[Detector] = []

        def answered() -> bool:
            found.extend(one for one in [warming.learned(CAMERA, CONDITION)] if one is not None)
            return bool(found)

        wait_until(answered)
    finally:
        stop.set()
        thread.join(5)
    return found[0]


def test_the_hours_of_five_weeks_are_learnt_as_they_were(tmp_path: Path) -> None:
    points = hours(500)
    live = Detector()
    for point in points:
        live.update(point.at / 1000, measure(CONDITION)(point.values[f"{METRIC}_mean"]))
    store = filled(tmp_path, points)
    try:
        found = answer(Warming(store, lambda: NOW))
    finally:
        store.close()
    assert (found.number, found.at) == (live.number, live.at) == (500, NOW / 1000 - 3600)
    assert found.update(NOW / 1000, math.log(5.0)) == live.update(NOW / 1000, math.log(5.0))


def test_no_more_is_read_than_is_kept_in_mind(tmp_path: Path) -> None:
    store = filled(tmp_path, hours(BACK_MS // HOUR_MS + 50))
    try:
        found = answer(Warming(store, lambda: NOW))
    finally:
        store.close()
    assert abs(found.number - BACK_MS // HOUR_MS) <= 1


def test_a_question_is_asked_once_and_its_answer_given_once(tmp_path: Path) -> None:
    store = filled(tmp_path, hours(30))
    warming = Warming(store, lambda: NOW)
    assert [warming.learned(CAMERA, CONDITION) for _ in range(3)] == [None] * 3
    assert warming._wanted.qsize() == 1
    try:
        assert answer(warming).number == 30
    finally:
        store.close()
    assert warming.learned(CAMERA, CONDITION) is None


class Away:
    """A store that comes back after so many calls."""

    def __init__(self, calls: int, points: list[Point]) -> None:
        self.left = calls
        self.found = points

    def points(self, kind: str, scope: Scope, metrics: Sequence[str], since: int, until: int) -> list[Point]:
        self.left -= 1
        if self.left >= 0:
            raise SeriesUnavailable("away")
        return self.found


def test_while_the_store_is_away_the_question_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.warming.PAUSE_SECONDS", 0.01)
    store = Away(3, hours(40))
    assert answer(Warming(store, lambda: NOW)).number == 40  # type: ignore[arg-type] # all it needs of a store
