"""Recordings that stop, have gaps or do not reach back far enough, as timelines."""

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

LOOK = 10 * MINUTE
NVR = Device(device="vms", kind=DeviceKind.RECORDER)


def channel(name: str, **facts: float) -> Device:
    return Device(device=name, kind=DeviceKind.CHANNEL, parent="vms", facts=dict(facts))


def keep(line: Timeline, start: int, end: int, days: float, a_day: float = 0.0, *devices: str, **more: float) -> None:
    """So many days are kept at the start, and so many more a day."""
    for second in range(start, end, LOOK):
        for device in devices or ("ch1",):
            kept = days + a_day * (second - start) / DAY
            line.sample(second, device, recording_retention_days=kept, **more)


def test_no_new_recording_is_a_ticket_and_the_next_one_ends_it() -> None:
    line = timeline(NVR, channel("ch1"))
    line.samples(range(0, HOUR, LOOK), "ch1", recording_stalled=0)
    line.sample(HOUR, "ch1", recording_stalled=1)
    line.sample(2 * HOUR, "ch1", recording_stalled=0)
    assert lives(line, "recording_stalled") == [f"{HOUR} opened", f"{2 * HOUR} closed"]


def test_where_the_recorder_says_whether_it_records_the_rule_about_that_speaks() -> None:
    line = timeline(NVR, channel("ch1"))
    line.samples(range(0, HOUR, LOOK), "ch1", recording_stalled=1, recording_active=0)
    assert lives(line, "recording_stalled") == []


def test_a_recorder_that_says_it_records_while_nothing_new_appears_is_not_believed() -> None:
    line = timeline(NVR, channel("ch1"))
    line.samples(range(0, HOUR, LOOK), "ch1", recording_stalled=0, recording_active=1)
    line.samples(range(HOUR, 2 * HOUR, LOOK), "ch1", recording_stalled=1, recording_active=1)
    line.sample(2 * HOUR, "ch1", recording_stalled=0, recording_active=1)
    assert lives(line, "recording_stalled") == [f"{HOUR} opened", f"{2 * HOUR} closed"]


def test_a_gap_is_listed_for_a_day_and_a_day_of_which_more_is_missing_is_a_matter_of_integrity() -> None:
    line = timeline(NVR, channel("ch1"))
    line.sample(0, "ch1", recording_longest_gap_seconds=299, recording_integrity_ratio=0.996)
    assert line.log == []
    line.sample(DAY, "ch1", recording_longest_gap_seconds=480, recording_integrity_ratio=0.994)
    line.sample(2 * DAY, "ch1", recording_longest_gap_seconds=4000, recording_integrity_ratio=0.953)
    line.sample(3 * DAY, "ch1", recording_longest_gap_seconds=0, recording_integrity_ratio=1)
    assert lives(line, "recording_gap") == [f"{DAY} opened", f"{2 * DAY} closed"]
    assert lives(line, "daily_integrity") == [f"{2 * DAY} opened", f"{3 * DAY} closed"]


def test_below_ninety_five_of_a_hundred_it_is_broken() -> None:
    line = timeline(NVR, channel("ch1"), channel("ch2"))
    line.sample(0, "ch1", recording_integrity_ratio=0.98)
    line.sample(0, "ch2", recording_integrity_ratio=0.94)
    assert (case(line, "ch1", "daily_integrity"), case(line, "ch2", "daily_integrity")) == ("risk", "broken")
    devices = line.engine.sites[SITE].devices
    graver = [devices[name].findings["daily_integrity"].severity for name in ("ch1", "ch2")]
    assert graver == ["warning", "critical"]


def test_twenty_nine_days_of_thirty_are_too_few_unrounded_and_thirty_are_enough() -> None:
    line = timeline(NVR, channel("ch1"))
    keep(line, 0, DAY, 30.0)
    assert line.log == []
    keep(line, DAY, 2 * DAY, 29.99)
    keep(line, 2 * DAY, 2 * DAY + HOUR, 30.0)
    assert [life.split()[1] for life in lives(line, "retention_below_target")] == ["pending", "opened", "closed"]


def test_a_channel_that_began_lately_is_immature_and_no_ticket() -> None:
    line = timeline(NVR, channel("ch1"), channel("ch2", recording_since=T0 - 5.0 * DAY * 1000))
    keep(line, 0, 3 * DAY, 5.0, 1.0)  # grows a day a day: nobody said when it began
    keep(line, 0, 3 * DAY, 5.0, 1.0, "ch2")  # its files begin five days ago
    assert lives(line, "retention_below_target", "ch1") == []
    assert lives(line, "retention_below_target", "ch2") == []


def test_a_short_history_that_does_not_grow_is_short() -> None:
    line = timeline(NVR, channel("ch1"))
    keep(line, 0, DAY, 21.0)
    assert lives(line, "retention_below_target")[-1].endswith("opened")
    assert case(line, "ch1", "retention_below_target") == "undersized"


def test_the_ticket_names_what_changed() -> None:
    line = timeline(NVR, channel("ch1"))
    keep(line, 0, 5 * DAY, 31.0, recording_bytes_per_second=4e5)
    keep(line, 5 * DAY, 6 * DAY, 28.0, recording_bytes_per_second=6e5)
    assert case(line, "ch1", "retention_below_target") == "bitrate"
    line = timeline(NVR, channel("ch1"), channel("new", recording_since=T0 + 1000.0 * DAY))
    keep(line, 0, 3 * DAY, 31.0)
    keep(line, 3 * DAY, 4 * DAY, 28.0)
    assert case(line, "ch1", "retention_below_target") == "added"


def test_channels_of_one_store_are_one_ticket() -> None:
    line = timeline(NVR, channel("ch1"), channel("ch2"), channel("ch3"))
    keep(line, 0, DAY, 31.0, 0.0, "ch1", "ch2", "ch3")
    keep(line, DAY, 2 * DAY, 27.0, 0.0, "ch1", "ch2", "ch3")
    devices = line.engine.sites[SITE].devices
    group = devices["vms"].findings["store_too_small"]
    assert {devices[name].findings["retention_below_target"].cause for name in ("ch1", "ch2", "ch3")} == {group}
    assert not [entry for entry in line.log if entry.endswith("retention_below_target promoted")]


def test_a_history_that_grows_shorter_is_told_before_it_is_too_short() -> None:
    line = timeline(NVR, channel("ch1"))
    keep(line, 0, 3 * DAY, 35.0)
    assert line.log == []
    keep(line, 3 * DAY, 8 * DAY, 35.0, -0.6)
    (opened,) = lives(line, "retention_forecast")
    assert 4 * DAY <= float(opened.split()[0]) <= 7 * DAY
    keep(line, 8 * DAY, 14 * DAY, 35.0)
    assert lives(line, "retention_forecast")[-1].endswith("closed")
    assert lives(line, "retention_below_target") == []
