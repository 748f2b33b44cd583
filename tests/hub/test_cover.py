"""What a maintenance window or silence covers, and when."""

from hub.cover import Cover, Covers, Scope

HOUR = 3_600_000
DAY = 24 * HOUR
SCHOOL = Scope("school")
NIGHT = Cover(1, "maintenance", Scope("school"), DAY, DAY + 2 * HOUR, "Li", "weekly restart", "FREQ=DAILY")


def once(number: int = 1, scope: Scope = SCHOOL, start: int = 10, end: int = 20) -> Cover:
    return Cover(number, "silence", scope, start, end, "Li", "known")


def test_a_site_a_device_and_what_hangs_below_it_or_a_rule() -> None:
    covers = Covers([once(1, Scope("school", "nvr-1"))])
    assert covers.find("school", ["nvr-1-ch1", "nvr-1", "gateway"], "channel_offline", 15) is not None
    assert covers.find("school", ["cam-1", "gateway"], "camera_unreachable", 15) is None
    assert covers.find("hall", ["nvr-1"], "recorder_unreachable", 15) is None
    everywhere = Covers([once(1, Scope(rule="clock_drift"))])
    assert everywhere.find("hall", ["nvr-1"], "clock_drift", 15) is not None
    assert everywhere.find("hall", ["nvr-1"], "recorder_unreachable", 15) is None


def test_it_covers_from_its_beginning_until_just_before_its_end() -> None:
    covers = Covers([once()])
    assert [covers.find("school", ["x"], "r", at) is not None for at in (9, 10, 19, 20)] == [False, True, True, False]


def test_of_several_the_one_that_lasts_longest_is_named() -> None:
    covers = Covers([once(1, end=20), once(2, end=40), once(3, end=30)])
    found = covers.find("school", ["x"], "r", 15)
    assert found is not None
    assert found.id == 2


def test_a_recurring_one_covers_every_night_and_no_day() -> None:
    covers = Covers([NIGHT], now=5 * DAY)
    assert covers.find("school", ["x"], "r", 5 * DAY + HOUR) is NIGHT
    assert covers.find("school", ["x"], "r", 5 * DAY + 3 * HOUR) is None
    assert covers.next_change(5 * DAY + HOUR) == 5 * DAY + 2 * HOUR
    assert covers.ended(NIGHT, 5 * DAY + 3 * HOUR) == 5 * DAY + 2 * HOUR


def test_one_that_is_ended_early_covers_nothing_any_more() -> None:
    ended = Cover(1, "maintenance", Scope("school"), DAY, DAY + 2 * HOUR, "Li", "x", "FREQ=DAILY", ended=3 * DAY + HOUR)
    covers = Covers([ended], now=3 * DAY)
    assert covers.find("school", ["x"], "r", 3 * DAY + HOUR - 1) is ended
    assert covers.find("school", ["x"], "r", 3 * DAY + HOUR) is None
    assert covers.find("school", ["x"], "r", 4 * DAY + HOUR) is None
    assert list(Cover(1, "silence", Scope("s"), 10, 20, "Li", "x", ended=5).spans(0, 100)) == []
