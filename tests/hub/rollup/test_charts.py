"""Long charts: from rollups they show what raw values show."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.rollup.charts import LongCharts
from hub.rollup.figures import DAY_MS, HOUR_MS
from hub.rollup.worker import GRACE_MS
from hub.series.store import Bucket, SeriesUnavailable
from tests.hub.fleets import SITE
from tests.hub.rollup.rig import MINUTE, Rig


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Three days and a half of values, rolled up to two hours ago."""
    rig = Rig(tmp_path_factory.mktemp("charts"))
    rig.hours(80, every=33 * MINUTE)
    rig.hub.now += GRACE_MS
    rig.roll()
    rig.hours(2, every=7 * MINUTE)
    yield rig
    rig.close()


def close(found: list[Bucket], wanted: list[Bucket]) -> bool:
    same = [(b.at, b.low, b.high, b.number) for b in found] == [(b.at, b.low, b.high, b.number) for b in wanted]
    return same and all(a.mean == pytest.approx(b.mean) for a, b in zip(found, wanted, strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    since=st.integers(-5, 90).map(lambda hours: hours * HOUR_MS),
    length=st.integers(0, 100).map(lambda hours: hours * HOUR_MS),
    step=st.sampled_from([HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 30 * DAY_MS]),
)
def test_a_chart_from_rollups_is_the_chart_from_raw_values(filled: Rig, since: int, length: int, step: int) -> None:
    first = (filled.start + since) // step * step
    last = -(-(first + length) // step) * step
    raw = filled.raw.chart(SITE, "camera", "cam-1", "response_seconds", first - 1, last - 1, step)
    assert close(filled.chart(first - 1, last - 1, step), raw)


def test_a_span_that_begins_within_a_step_shows_it_whole(filled: Rig) -> None:
    since = filled.start + HOUR_MS // 2
    whole = filled.raw.chart(SITE, "camera", "cam-1", "response_seconds", filled.start - 1, filled.hub.now, HOUR_MS)
    assert close(filled.chart(since, filled.hub.now, HOUR_MS), whole)


def test_only_what_is_not_rolled_yet_is_read_raw(filled: Rig) -> None:
    asked: list[tuple[int, int, int]] = []

    class Raw:
        def chart(self, *question: object) -> list[Bucket]:
            asked.append(question[-3:])  # type: ignore[arg-type]  # since, until, step
            return []

    charts = LongCharts(Raw(), filled.hourly, filled.daily, filled.done)  # type: ignore[arg-type]  # asked for nothing else
    now = filled.hub.now
    charts.chart(SITE, "camera", "cam-1", "response_seconds", now - 30 * DAY_MS, now, 6 * HOUR_MS)
    charts.chart(SITE, "camera", "cam-1", "response_seconds", now - 30 * DAY_MS, now, DAY_MS)
    assert asked == [(filled.done()["hour"] - 1, now, HOUR_MS)] * 2
    charts.chart(SITE, "camera", "cam-1", "response_seconds", now - HOUR_MS, now, MINUTE)
    assert asked[2:] == [(now - HOUR_MS, now, MINUTE)]


def test_rollups_that_are_away_are_done_without(filled: Rig) -> None:
    class Away:
        def points(self, *_: object) -> list[object]:
            raise SeriesUnavailable("away")

    charts = LongCharts(filled.raw, Away(), Away(), filled.done)  # type: ignore[arg-type]  # asked for nothing else
    question = (SITE, "camera", "cam-1", "response_seconds", filled.start - 1, filled.hub.now, DAY_MS)
    assert charts.chart(*question) == filled.raw.chart(*question)


def test_before_anything_is_rolled_all_is_raw(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.hours(2)
    assert [bucket.number for bucket in rig.chart(rig.start - 1, rig.hub.now, HOUR_MS)] == [3, 3]
    rig.close()
