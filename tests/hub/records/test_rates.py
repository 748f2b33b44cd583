"""The inspector's four rates: as reckoned by hand, absent without evidence, right again after late data."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.cover import Scope
from hub.records.days import date_of, day_span, month_span
from hub.records.rates import ClockRange, Share, fields, mean, month, of_fields, right
from hub.store import schema
from tests.hub import covers
from tests.hub.fleets import SITE
from tests.hub.records.rig import DAY_MS, SHANGHAI, Rig

HOUR_MS = 3_600_000
DAY = day_span(date(2027, 1, 14), SHANGHAI)


def _at(hour: float) -> int:
    """Hours since that day's midnight."""
    return DAY.start + round(hour * HOUR_MS)


@pytest.fixture
def day(rig: Rig) -> Rig:
    """The hub knows the site since the midnight of the day; half an hour and more after the next one."""
    rig.announce()
    rig.heard_since(DAY.start)
    rig.hub.now = _at(24.6)
    return rig


def _finding(rig: Rig, device: str, rule: str, since: float, closed: float) -> None:
    row = {"site": SITE, "device": device, "rule": rule, "state": "closed", "severity": "warning", "detail": {}}
    rig.sql(schema.finding, [{**row, "since": _at(since), "opened": _at(since), "closed": _at(closed)}])


def _rates(rig: Rig, period: str = "day", at: int = DAY.start) -> dict[str, float]:
    """Of that day: the ratios and devices alone."""
    rows = [row for row in rig.rows("site_rate") if row["period"] == period and row["time"] == at]
    assert len(rows) <= 1
    return {name: value for name, value in rows[0].items() if name not in ("time", "site", "period")} if rows else {}


def test_online_is_the_mean_over_cameras_channels_and_recorders_without_planned_and_blind_time(day: Rig) -> None:
    _finding(day, "cam-1", "camera_unreachable", 6, 12)
    _finding(day, "vol-rec", "volume_read_only", 0, 24)  # no video device
    covers.add(day.hub.database, Scope(SITE, "cam-1"), _at(9), _at(12))  # half of the outage is planned
    day.sql(schema.blindness, [{"start": _at(20), "end": _at(23), "reason": "hub"}])
    day.mirror.round()
    # cam-1: 24 h less 3 planned and 3 blind are 18, of which 3 down; the recorder and its channel were up throughout
    assert _rates(day)["online_ratio"] == pytest.approx((15 / 18 + 1 + 1) / 3)
    assert _rates(day)["online_devices"] == 3


def test_what_nobody_looked_at_has_no_rate(day: Rig) -> None:
    day.mirror.round()
    assert _rates(day) == {
        **{"online_ratio": 1, "online_devices": 3},
        **{"integrity_devices": 0, "picture_devices": 0, "clock_devices": 0},
    }
    day.heard_since(DAY.end)
    day.mirror.round()
    assert _rates(day, at=DAY.start - DAY_MS) == {}


def test_integrity_is_what_agents_say_of_the_day_on_the_next(day: Rig) -> None:
    name = "recording_integrity_ratio_mean"
    day.rollup("camera", "cam-1", _at(25), {name: 0.1})  # still of the day before
    day.mirror.round()
    assert _rates(day)["integrity_devices"] == 0
    day.rollup("camera", "cam-1", _at(31), {name: 0.9})
    day.rollup("channel", "nvr-1-ch1", _at(32), {name: 1.0})
    day.rollup("camera", "cam-1", _at(49), {name: 0.2})  # of the next day
    day.hub.now = _at(33)
    day.mirror.round()
    assert _rates(day)["integrity_ratio"] == pytest.approx(0.95)
    assert _rates(day)["integrity_devices"] == 2


def test_pictures_count_by_cameras_looked_at(day: Rig) -> None:
    for kind, device in (("camera", "cam-1"), ("channel", "nvr-1-ch1")):
        day.rollup(kind, device, _at(5), {"picture_taken_max": 1.0})
    day.rollup("camera", "cam-2", _at(5), {"picture_taken_max": 0.0})  # no picture came: a matter of the online rate
    _finding(day, "cam-1", "picture_dark", 5, 6)
    _finding(day, "nvr-1-ch1", "picture_moved", -20, -10)  # was over before
    day.mirror.round()
    assert (_rates(day)["picture_ratio"], _rates(day)["picture_devices"]) == (0.5, 2)


def test_a_picture_covered_for_planned_work_is_none_to_blame(day: Rig) -> None:
    day.rollup("camera", "cam-1", _at(5), {"picture_taken_max": 1.0})
    _finding(day, "cam-1", "picture_covered", 5, 6)
    covers.add(day.hub.database, Scope(SITE), _at(4), _at(7))
    day.mirror.round()
    assert _rates(day)["picture_ratio"] == 1


def test_clocks_count_by_devices_within_what_the_rule_allows(day: Rig) -> None:
    low, high, error = (f"clock_offset_{name}" for name in ("seconds_min", "seconds_max", "error_seconds_max"))
    day.rollup("host", "gateway-host", _at(1), {low: -1.0, high: 2.0})
    day.rollup("host", "gateway-host", _at(30), {low: -90.0, high: 2.0})  # another day
    day.rollup("camera", "cam-1", _at(2), {low: 0.0, high: 12.0, error: 3.0})  # off by nine for certain
    day.rollup("recorder", "nvr-1", _at(3), {low: 0.0, high: 0.0})
    day.rollup("recorder", "nvr-1", _at(4), {low: -11.0, high: 0.0, error: 0.5})
    day.mirror.round()
    assert _rates(day)["clock_ratio"] == pytest.approx(2 / 3)
    assert _rates(day)["clock_devices"] == 3


def test_the_running_month_is_the_mean_of_its_finished_days(day: Rig) -> None:
    first = month_span(date(2027, 1, 14), SHANGHAI).start
    _finding(day, "cam-1", "camera_unreachable", 0, 12)
    day.mirror.round()
    assert _rates(day, "month", first)["online_ratio"] == pytest.approx(2.5 / 3)
    day.hub.now = _at(24 * 3 + 1)
    day.mirror.round()
    assert _rates(day, "month", first)["online_ratio"] == pytest.approx((2.5 + 3 + 3) / 9)
    assert _rates(day, "month", first)["online_devices"] == 3


def test_late_data_makes_a_day_and_its_month_right_again_within_a_day_and_a_half(day: Rig) -> None:
    day.hub.now = _at(24 * 10 + 1)
    day.mirror.round()
    first = month_span(date(2027, 1, 14), SHANGHAI).start
    assert (_rates(day)["online_ratio"], _rates(day, "month", first)["online_ratio"]) == (1, 1)
    _finding(day, "cam-1", "camera_unreachable", 0, 24)
    covers.add(day.hub.database, Scope(SITE, "nvr-1"), _at(0), _at(24))  # its channel hangs on it
    for _ in range(36):
        day.hub.now += HOUR_MS
        for _ in day.mirror.jobs["rates"]():
            pass
        if _rates(day)["online_ratio"] < 1:
            break
    assert (_rates(day)["online_ratio"], _rates(day)["online_devices"]) == (0, 1)
    assert _rates(day, "month", first)["online_ratio"] == pytest.approx((0 + 9 * 3) / (1 + 9 * 3))


def test_a_mean_of_nothing_is_no_rate() -> None:
    assert mean([]).ratio is None
    assert fields({"online": Share()})["online_ratio"] is None
    assert of_fields({"online_ratio": 0.5, "online_devices": 0.0}) == {}
    assert of_fields({"online_ratio": None, "online_devices": 3.0}) == {}
    assert month([]) == {}


def test_a_clock_is_right_below_the_limit_beyond_its_error() -> None:
    assert right(ClockRange(-9.9, 9.9), 10)
    assert not right(ClockRange(-10, 0), 10)
    assert right(ClockRange(-12, 0, 2.5), 10)
    assert not right(ClockRange(0, 13, 2.5), 10)


def test_a_day_is_that_of_its_zone_and_has_the_hours_it_has() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = day_span(date(2027, 3, 28), berlin)
    assert (spring.end - spring.start) // HOUR_MS == 23
    assert datetime.fromtimestamp(spring.start / 1000, UTC) == datetime(2027, 3, 27, 23, tzinfo=UTC)
    assert date_of(spring.end - 1, berlin) == date(2027, 3, 28)
    assert date_of(spring.end, berlin) == date(2027, 3, 29)
    december = month_span(date(2027, 12, 31), SHANGHAI)
    assert date_of(december.end, SHANGHAI) == date(2028, 1, 1)
