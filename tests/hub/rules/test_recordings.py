"""Recordings that stand still, have gaps or lack parts of a day, as timelines."""

import pytest

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, standing, timeline
from wire.messages import Device, DeviceKind

LOOK = 10 * MINUTE
WAIT = 30 * MINUTE
"""How long others are waited for that lack the same day."""

HOST = Device(device="host", kind=DeviceKind.HOST)
VMS = Device(device="vms", kind=DeviceKind.RECORDER, parent="host")
VOLUME = Device(device="vol", kind=DeviceKind.VOLUME, parent="host", facts={"role": "recording", "mount": "/footage"})
CHANNELS = [
    Device(device=f"ch-{n}", kind=DeviceKind.CHANNEL, parent="vms", facts={"path": "/footage/vms"}) for n in range(1, 5)
]


def told(line: Timeline, second: int, device: str, ratio: float, gap: float) -> None:
    """The last full day, as it is told a few times a day."""
    line.sample(second, device, recording_longest_gap_seconds=gap, recording_integrity_ratio=ratio)


def wait(line: Timeline, *seconds: int) -> None:
    """The agent is heard, and has nothing to tell of recordings."""
    for second in seconds:
        line.engine.hear(SITE, "gateway", T0 + second * 1000)
        line.tick(second)


def day(line: Timeline, second: int, device: str, ratio: float, gap: float) -> None:
    """The same, and the wait for others."""
    told(line, second, device, ratio, gap)
    wait(line, second + WAIT - 1, second + WAIT)


# Recordings that stand still


def test_no_new_recording_is_a_ticket_and_the_next_one_ends_it() -> None:
    line = timeline(VMS, *CHANNELS)
    line.samples(range(0, HOUR, LOOK), "ch-1", recording_stalled=0)
    line.sample(HOUR, "ch-1", recording_stalled=1)
    line.sample(2 * HOUR, "ch-1", recording_stalled=0)
    assert lives(line, "recording_stalled") == [f"{HOUR} opened", f"{2 * HOUR} closed"]


def test_where_the_recorder_says_whether_it_records_the_rule_about_that_speaks() -> None:
    line = timeline()
    line.samples(range(0, HOUR, LOOK), "nvr-1-ch1", recording_stalled=1, recording_active=0)
    assert lives(line, "recording_stalled") == []


def test_a_recorder_that_says_it_records_while_nothing_new_appears_is_not_believed() -> None:
    line = timeline(VMS, *CHANNELS)
    line.samples(range(0, HOUR, LOOK), "ch-1", recording_stalled=0, recording_active=1)
    line.samples(range(HOUR, 2 * HOUR, LOOK), "ch-1", recording_stalled=1, recording_active=1)
    line.sample(2 * HOUR, "ch-1", recording_stalled=0, recording_active=1)
    assert lives(line, "recording_stalled") == [f"{HOUR} opened", f"{2 * HOUR} closed"]


def test_a_volume_that_went_read_only_has_the_ticket_of_all_that_is_written_to_it() -> None:
    line = timeline(HOST, VMS, VOLUME, *CHANNELS)
    line.sample(0, "vol", read_only=1)
    for channel in CHANNELS:
        line.sample(600, channel.device, recording_stalled=1)
    assert standing(line) == ["vol volume_read_only"]
    line.sample(1200, "vol", read_only=0)
    line.sample(1260, "ch-1", recording_stalled=1)
    line.sample(1260, "ch-2", recording_stalled=0)
    assert standing(line) == ["ch-1 recording_stalled"]


def test_another_volume_that_is_read_only_hides_nothing() -> None:
    line = timeline(HOST, VMS, VOLUME.model_copy(update={"facts": {"mount": "/foot"}}), *CHANNELS)
    line.sample(0, "vol", read_only=1)
    line.sample(600, "ch-1", recording_stalled=1)
    assert standing(line) == ["ch-1 recording_stalled", "vol volume_read_only"]


@pytest.mark.parametrize("parent", ["vms", "host"])
def test_a_process_that_is_gone_has_the_ticket_of_its_channels(parent: str) -> None:
    line = timeline(HOST, VMS, *(one.model_copy(update={"parent": parent}) for one in CHANNELS))
    line.samples(range(0, 5 * MINUTE, MINUTE), "vms", process_running=0)
    for channel in CHANNELS:
        line.sample(600, channel.device, recording_stalled=1)
    assert standing(line) == ["vms recorder_process_down"]


# Gaps, and days of which parts are missing


def test_a_channel_without_a_picture_has_that_ticket_alone() -> None:
    line = timeline()
    line.samples(range(0, 30 * MINUTE, MINUTE), "nvr-1-ch1", online=0)
    line.sample(31 * MINUTE, "nvr-1-ch1", recording_stalled=1)
    day(line, 32 * MINUTE, "nvr-1-ch1", 0.9, 900)
    assert standing(line) == ["nvr-1-ch1 channel_offline"]


def test_a_gap_that_is_a_hundredth_of_the_day_or_more_is_a_matter_of_integrity() -> None:
    line = timeline(VMS, *CHANNELS)
    day(line, 0, "ch-1", 0.9944, 480)
    day(line, 10 * HOUR, "ch-2", 0.979, 1800)
    assert standing(line) == ["ch-1 recording_gap", "ch-2 daily_integrity"]


def test_what_is_told_once_opens_after_half_an_hour_and_closes_with_the_next_full_day() -> None:
    line = timeline(VMS, *CHANNELS)
    day(line, 0, "ch-1", 0.996, 299)
    assert line.log == []
    day(line, DAY, "ch-1", 0.994, 480)
    day(line, 2 * DAY, "ch-1", 0.953, 4000)
    day(line, 3 * DAY, "ch-1", 1.0, 0)
    assert lives(line, "recording_gap") == [f"{DAY} pending", f"{DAY + WAIT} opened", f"{2 * DAY} closed"]
    assert lives(line, "daily_integrity") == [f"{2 * DAY} pending", f"{2 * DAY + WAIT} opened", f"{3 * DAY} closed"]


def test_what_was_told_and_taken_back_within_half_an_hour_is_no_ticket() -> None:
    line = timeline(VMS, *CHANNELS)
    line.sample(0, "ch-1", recording_integrity_ratio=0.9)
    line.sample(20 * MINUTE, "ch-1", recording_integrity_ratio=1)
    wait(line, HOUR)
    assert lives(line, "daily_integrity") == ["0 pending", f"{20 * MINUTE} dropped"]


@pytest.mark.parametrize(
    ("ratio", "which", "severity"),
    [(0.9899, "risk", "warning"), (0.95, "risk", "warning"), (0.9499, "broken", "critical")],
)
def test_a_day_is_at_risk_below_99_and_broken_below_95_hundredths(ratio: float, which: str, severity: str) -> None:
    line = timeline(VMS, *CHANNELS)
    day(line, 0, "ch-1", ratio, 900)
    assert standing(line) == ["ch-1 daily_integrity"]
    assert case(line, "ch-1", "daily_integrity") == which
    assert line.engine.sites[SITE].devices["ch-1"].findings["daily_integrity"].severity == severity


def test_channels_that_lack_the_same_day_are_one_ticket_of_their_recorder() -> None:
    line = timeline(VMS, *CHANNELS)
    for hour, channel in enumerate(CHANNELS):
        day(line, hour * HOUR, channel.device, 0.97, 2400)
    assert standing(line) == ["vms recordings_incomplete"]
    for channel in CHANNELS:
        told(line, 24 * HOUR, channel.device, 1.0, 0)
    line.tick(24 * HOUR + 120)
    assert lives(line, "recordings_incomplete")[-1].endswith("closed")
    assert lives(line, "daily_integrity", "ch-4")[-1].endswith("closed")


def test_channels_that_are_asked_one_after_the_other_have_no_ticket_before_their_recorders() -> None:
    line = timeline(VMS, *CHANNELS)
    for turn, channel in enumerate(CHANNELS):
        told(line, turn * 5 * MINUTE, channel.device, 0.97, 2400)
    wait(line, WAIT)
    opened = [entry.split()[1:3] for entry in line.log if entry.endswith("opened")]
    assert opened[0] == ["vms", "recordings_incomplete"]
    wait(line, HOUR)
    assert standing(line) == ["vms recordings_incomplete"]
    assert not [entry for entry in line.log if entry.endswith("explained")]  # no ticket was taken back
