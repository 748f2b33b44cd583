"""How far recordings reach back, as timelines: short, young, shrinking, and many short at once."""

import pytest

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, standing, timeline
from wire.messages import Device, DeviceKind

RULE, SOON = "retention_below_target", "retention_forecast"
DAY_MS = DAY * 1000
NVR = Device(device="nvr", kind=DeviceKind.RECORDER)
SLOT = Device(device="nvr-disk", kind=DeviceKind.DISK, parent="nvr")


def store(*devices: Device) -> Timeline:
    """Their history as it is told, without waiting for a second look."""
    return timeline(*devices, rules={RULE: {"hold_seconds": 0}})


def channel(number: int, known_days: float | None = 400) -> Device:
    """A channel whose first recording was made so many days ago."""
    facts = {} if known_days is None else {"recording_since": T0 - known_days * DAY_MS}
    return Device(device=f"ch-{number}", kind=DeviceKind.CHANNEL, parent="nvr", facts=facts)


def keep(line: Timeline, hours: range, days: float, device: str = "ch-1", a_day: float = 0.0) -> None:
    """Hourly values of a history that changes by so much a day."""
    for hour in hours:
        line.sample(hour * HOUR, device, recording_retention_days=days + a_day * (hour - hours.start) / 24)


def test_thirty_days_are_enough_anything_less_is_below() -> None:
    line = store(NVR, channel(1))
    keep(line, range(24), 30)
    assert line.log == []
    keep(line, range(24, 26), 29.9999)
    keep(line, range(26, 28), 30)
    assert lives(line, RULE) == ["86400 opened", "93600 closed"]


def test_a_history_that_only_began_is_immature_however_short() -> None:
    line = store(NVR, channel(1, known_days=2))
    keep(line, range(24 * 40), 2, a_day=1)
    assert line.log == []


def test_one_that_began_lately_and_is_already_cut_off_will_never_reach_the_target() -> None:
    line = store(NVR, channel(1, known_days=12))
    keep(line, range(3), 5)
    assert lives(line, RULE) == ["0 opened"]


def test_without_a_known_beginning_growth_tells_young_from_short() -> None:
    line = store(NVR, channel(1, None), channel(2, None))
    for hour in range(48):
        keep(line, range(hour, hour + 1), 3 + hour / 24, "ch-1")
        keep(line, range(hour, hour + 1), 20, "ch-2")
    assert lives(line, RULE, "ch-1") == []
    assert [life.split()[1] for life in lives(line, RULE, "ch-2")] == ["opened"]


@pytest.mark.parametrize("cause", ["undersized", "added", "bitrate", "disk"])
def test_the_ticket_names_why(cause: str) -> None:
    neighbour = channel(2, 5 if cause == "added" else 400)
    line = store(NVR, SLOT, channel(1), neighbour)
    for hour in range(0, 9 * 24, 6):
        line.sample(hour * HOUR, "ch-1", recording_retention_days=31, recording_bytes_per_second=500_000)
    rate = 700_000 if cause == "bitrate" else 500_000
    line.sample(9 * DAY, "nvr-disk", present=0 if cause == "disk" else 1)
    line.sample(9 * DAY + 1, "ch-1", recording_retention_days=29, recording_bytes_per_second=rate)
    assert case(line, "ch-1", RULE) == cause


def test_a_channel_whose_recorder_never_told_a_history_has_no_ticket() -> None:
    line = store(NVR, channel(1))
    line.samples(range(0, DAY, HOUR), "ch-1", recording_bytes_per_second=1000, online=1)
    assert line.log == []


def test_many_short_channels_of_one_store_are_one_ticket_and_it_ends_with_them() -> None:
    channels = [channel(number) for number in range(1, 5)]
    line = store(NVR, *channels)
    for hour, one in enumerate(channels):
        keep(line, range(hour * 12, hour * 12 + 1), 29, one.device)
    assert standing(line) == ["nvr store_too_small"]
    for one in channels:
        keep(line, range(100, 101), 31, one.device)
    line.tick(100 * HOUR + 120)
    assert standing(line) == []
    assert lives(line, "store_too_small")[-1].endswith("closed")


def test_a_history_that_shrinks_is_told_before_it_is_too_short_and_stays_one_ticket() -> None:
    line = store(NVR, channel(1))
    keep(line, range(72), 40)
    assert line.log == []
    keep(line, range(72, 72 + 24 * 5), 40, a_day=-1)
    assert [life.split()[1] for life in lives(line, SOON)] == ["opened"]
    keep(line, range(72 + 24 * 5, 72 + 24 * 12), 35, a_day=-1)
    assert standing(line) == ["ch-1 retention_forecast"]
    assert line.engine.sites["school"].devices["ch-1"].findings[RULE].explained
    keep(line, range(72 + 24 * 12, 72 + 24 * 22), 45)
    assert standing(line) == []


def test_channels_that_shrink_together_are_one_ticket_of_their_store_before_and_after() -> None:
    line = store(NVR, channel(1), channel(2))
    for hour in range(24 * 14):
        for device in ("ch-1", "ch-2"):
            keep(line, range(hour, hour + 1), 40 - max(0.0, hour / 24 - 3), device)
        assert standing(line) in ([], ["nvr store_too_small"])
    assert standing(line) == ["nvr store_too_small"]


def test_a_forecast_that_came_true_in_one_channel_belongs_to_the_store_that_is_too_small_for_all() -> None:
    line = store(NVR, channel(1), channel(2))
    keep(line, range(72), 40, "ch-1")
    keep(line, range(72), 29.5 + 6, "ch-2")
    for hour in range(72, 24 * 12):  # the one is foretold days before the other falls
        keep(line, range(hour, hour + 1), 40 - (hour - 72) / 16, "ch-1")
        keep(line, range(hour, hour + 1), 35.5 if hour < 24 * 11 else 29, "ch-2")
    assert standing(line) == ["nvr store_too_small"]
    forecast = line.engine.sites["school"].devices["ch-1"].findings[SOON]
    group = line.engine.sites["school"].devices["nvr"].findings["store_too_small"]
    assert forecast.began < group.began - 4 * 86_400_000
    assert forecast.cause is group


def test_a_young_channel_that_reaches_the_end_of_a_store_already_too_small_belongs_to_that_ticket() -> None:
    line = store(NVR, channel(1), channel(2, known_days=3))
    for hour in range(24 * 20):
        keep(line, range(hour, hour + 1), 19, "ch-1")
        keep(line, range(hour, hour + 1), min(19, 3 + hour / 24), "ch-2")
    young = line.engine.sites["school"].devices["ch-2"].findings[RULE]
    assert young.began > T0 + 14 * DAY_MS
    assert standing(line) == ["ch-1 retention_below_target"]
    keep(line, range(24 * 20, 24 * 21), 31, "ch-1")
    keep(line, range(24 * 20, 24 * 21), 19, "ch-2")
    assert standing(line) == ["ch-2 retention_below_target"], "what is short for a reason of its own stands for itself"


def test_one_that_shrinks_slowly_or_only_breathes_is_not_foretold() -> None:
    line = store(NVR, channel(1), channel(2))
    keep(line, range(240), 60, "ch-1", a_day=-0.5)
    for hour in range(240):
        keep(line, range(hour, hour + 1), 31 + 0.4 * (hour % 12) / 12, "ch-2")  # it overwrites twice a day
    assert line.log == []


# As a recorder's software tells it: every ten minutes, with the hold time that is set unless told


def look(line: Timeline, start: int, end: int, days: float, a_day: float = 0.0, *devices: str, **more: float) -> None:
    """So many days are kept at the start, and so many more a day; told every ten minutes."""
    for second in range(start, end, 10 * MINUTE):
        for device in devices or ("ch-1",):
            kept = days + a_day * (second - start) / DAY
            line.sample(second, device, recording_retention_days=kept, **more)


def test_twenty_nine_days_of_thirty_are_too_few_unrounded_and_thirty_are_enough() -> None:
    line = timeline(NVR, channel(1, None))
    look(line, 0, DAY, 30.0)
    assert line.log == []
    look(line, DAY, 2 * DAY, 29.99)
    look(line, 2 * DAY, 2 * DAY + HOUR, 30.0)
    assert [life.split()[1] for life in lives(line, RULE)] == ["pending", "opened", "closed"]


def test_a_channel_that_began_lately_is_immature_and_no_ticket() -> None:
    line = timeline(NVR, channel(1, None), channel(2, 5.0))
    look(line, 0, 3 * DAY, 5.0, 1.0)  # grows a day a day: nobody said when it began
    look(line, 0, 3 * DAY, 5.0, 1.0, "ch-2")  # its files begin five days ago
    assert lives(line, RULE, "ch-1") == []
    assert lives(line, RULE, "ch-2") == []


def test_a_short_history_that_does_not_grow_is_short() -> None:
    line = timeline(NVR, channel(1, None))
    look(line, 0, DAY, 21.0)
    assert lives(line, RULE)[-1].endswith("opened")
    assert case(line, "ch-1", RULE) == "undersized"


def test_a_channel_that_is_new_by_its_facts_alone_counts_as_added() -> None:
    line = timeline(NVR, channel(1, None), channel(2, -1000.0))
    look(line, 0, 3 * DAY, 31.0)
    look(line, 3 * DAY, 4 * DAY, 28.0)
    assert case(line, "ch-1", RULE) == "added"


def test_a_group_explains_its_channels_and_none_of_them_ever_stands_for_itself() -> None:
    names = ("ch-1", "ch-2", "ch-3")
    line = timeline(NVR, *(channel(number, None) for number in (1, 2, 3)))
    look(line, 0, DAY, 31.0, 0.0, *names)
    look(line, DAY, 2 * DAY, 27.0, 0.0, *names)
    devices = line.engine.sites[SITE].devices
    group = devices["nvr"].findings["store_too_small"]
    assert {devices[name].findings[RULE].cause for name in names} == {group}
    assert not [entry for entry in line.log if entry.endswith(f"{RULE} promoted")]


def test_the_forecast_comes_days_before_and_ends_when_history_stands_still() -> None:
    line = timeline(NVR, channel(1, None))
    look(line, 0, 3 * DAY, 35.0)
    assert line.log == []
    look(line, 3 * DAY, 8 * DAY, 35.0, -0.6)
    (opened,) = lives(line, SOON)
    assert 4 * DAY <= float(opened.split()[0]) <= 7 * DAY
    look(line, 8 * DAY, 14 * DAY, 35.0)
    assert lives(line, SOON)[-1].endswith("closed")
    assert lives(line, RULE) == []
