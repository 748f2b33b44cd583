"""Recordings that stand still, have gaps or lack parts of a day, as timelines."""

import pytest

from tests.hub.fleets import Timeline
from tests.hub.rules.timelines import HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

HOST = Device(device="host", kind=DeviceKind.HOST)
VMS = Device(device="vms", kind=DeviceKind.RECORDER, parent="host")
VOLUME = Device(device="vol", kind=DeviceKind.VOLUME, parent="host", facts={"role": "recording", "mount": "/footage"})
CHANNELS = [
    Device(device=f"ch-{n}", kind=DeviceKind.CHANNEL, parent="vms", facts={"path": "/footage/vms"}) for n in range(1, 5)
]


def standing(line: Timeline) -> list[str]:
    """What has a ticket of its own now."""
    live = line.engine.sites["school"].live()
    return sorted(f"{f.device} {f.rule}" for f in live if f.life.state == "open" and not f.explained)


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


def test_a_channel_without_a_picture_has_that_ticket_alone() -> None:
    line = timeline()
    line.samples(range(0, 30 * MINUTE, MINUTE), "nvr-1-ch1", online=0)
    line.sample(31 * MINUTE, "nvr-1-ch1", recording_stalled=1)
    line.sample(32 * MINUTE, "nvr-1-ch1", recording_longest_gap_seconds=900, recording_integrity_ratio=0.9)
    assert standing(line) == ["nvr-1-ch1 channel_offline"]


def test_a_gap_that_is_a_hundredth_of_the_day_or_more_is_a_matter_of_integrity() -> None:
    line = timeline(VMS, *CHANNELS)
    line.sample(0, "ch-1", recording_longest_gap_seconds=480, recording_integrity_ratio=0.9944)
    line.sample(10 * HOUR, "ch-2", recording_longest_gap_seconds=1800, recording_integrity_ratio=0.979)
    assert standing(line) == ["ch-1 recording_gap", "ch-2 daily_integrity"]


@pytest.mark.parametrize(("ratio", "told"), [(0.9899, "risk"), (0.95, "risk"), (0.9499, "broken")])
def test_a_day_is_at_risk_below_99_and_broken_below_95_hundredths(ratio: float, told: str) -> None:
    line = timeline(VMS, *CHANNELS)
    line.sample(0, "ch-1", recording_integrity_ratio=ratio, recording_longest_gap_seconds=900)
    assert standing(line) == ["ch-1 daily_integrity"]
    assert case(line, "ch-1", "daily_integrity") == told


def test_channels_that_lack_the_same_day_are_one_ticket_of_their_recorder() -> None:
    line = timeline(VMS, *CHANNELS)
    for hour, channel in enumerate(CHANNELS):
        line.sample(hour * HOUR, channel.device, recording_longest_gap_seconds=2400, recording_integrity_ratio=0.97)
    assert standing(line) == ["vms recordings_incomplete"]
    for channel in CHANNELS:
        line.sample(24 * HOUR, channel.device, recording_longest_gap_seconds=0, recording_integrity_ratio=1)
    line.tick(24 * HOUR + 120)
    assert lives(line, "recordings_incomplete")[-1].endswith("closed")
    assert lives(line, "daily_integrity", "ch-4")[-1].endswith("closed")


def test_where_the_recorder_says_what_it_records_that_rule_speaks() -> None:
    line = timeline()
    line.sample(0, "nvr-1-ch1", recording_stalled=1, recording_active=0)
    assert lives(line, "recording_stalled") == []
