"""What counts as lag, as backlog and as waiting, and how spreads tell it."""

import pytest

from hub.measures import LIVE_MS, Committed, Measures, Spread
from hub.series.store import Point
from hub.store.writes import Rejection
from tests.hub.fleets import T0


def committed(ages_ms: list[int], waited_ms: int = 0) -> Committed:
    """A batch committed at T0: samples so old, the first message there for so long."""
    points = [Point("camera", "school", "gateway", "cam-1", T0 - age, {"reachable": 1}) for age in ages_ms]
    return Committed(len(ages_ms), len(ages_ms), points, T0 - waited_ms, T0, 0.001, 0.002, 0.003, 0.01)


def test_lag_is_from_the_sample_to_the_commit() -> None:
    measures = Measures()
    measures.committed(committed([900] * 29 + [4_000]))
    lag = measures.total.lag
    assert lag.quantile(0.5) == pytest.approx(0.75, abs=0.25)
    assert lag.quantile(1.0) == pytest.approx(4.0, abs=1.0)
    assert sum(lag.counts) == 30
    assert measures.total.backlog_points == 0


def test_three_days_of_backlog_do_not_look_like_a_slow_hub() -> None:
    measures = Measures()
    measures.committed(committed([1_000] * 20 + [3 * 86_400_000] * 12))
    recent = measures.take_recent()
    assert recent.lag.most == 1.0
    assert recent.backlog.most == 3 * 86_400
    assert recent.backlog_points == 12


def test_live_data_that_waited_in_the_hub_is_still_live() -> None:
    measures = Measures()
    measures.committed(committed([LIVE_MS + 60_000], waited_ms=90_000))
    recent = measures.take_recent()
    assert (recent.lag.most, recent.backlog_points) == (180.0, 0)
    assert recent.wait.most == 90.0


def test_a_sample_of_a_clock_that_is_ahead_has_no_lag() -> None:
    measures = Measures()
    measures.committed(committed([-5_000]))
    assert measures.total.lag.most == 0.0


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000, 32_000])
def test_every_point_is_counted_though_only_some_are_looked_at(count: int) -> None:
    measures = Measures()
    measures.committed(committed([2_000] * count))
    assert sum(measures.total.lag.counts) == measures.total.points == count
    assert measures.total.lag.total == pytest.approx(2.0 * count)


def test_a_spread_tells_how_many_lie_below_each_bound() -> None:
    spread = Spread((1.0, 2.0, 5.0))
    for value in (0.5, 1.0, 1.5, 4.0, 9.0):
        spread.add(value)
    assert spread.below() == [2, 3, 4, 5]
    assert (spread.total, spread.most) == (16.0, 9.0)
    assert spread.quantile(0.99) == pytest.approx(9.0, abs=0.5)
    assert Spread((1.0,)).quantile(0.5) is None


def test_what_is_recent_begins_anew_and_totals_go_on() -> None:
    measures = Measures()
    measures.committed(committed([1_000]))
    measures.rejected([Rejection("school", "gateway", "unknown_metric", 3, "x")])
    measures.queued(17, 0.5)
    assert measures.take_recent().queue_messages == 17
    measures.committed(committed([1_000]))
    recent = measures.take_recent()
    assert (recent.reports, recent.rejected.total(), recent.queue_messages) == (1, 0, 0)
    assert (measures.total.reports, measures.total.rejected) == (2, {"unknown_metric": 3})


def test_a_part_that_fails_to_tell_takes_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> dict[str, float]:
        raise OSError("no such part")

    measures = Measures()
    measures.watch(broken)
    measures.watch(lambda: {"open_files": 7.0})
    assert measures.gauges() == measures.gauges() == {"open_files": 7.0}
    assert len(caplog.records) == 1, "said once"
