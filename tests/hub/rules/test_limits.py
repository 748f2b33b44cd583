"""Rules with one limit, each as a timeline: silence before, the ticket after its hold time, the recovery."""

from typing import NamedTuple

import pytest

from tests.hub.rules.timelines import MINUTE, lives, others, timeline
from wire.messages import Device, DeviceKind


class Story(NamedTuple):
    """A metric's values, well and bad, a sample every five minutes; and when it opens and closes (minutes)."""

    rule: str
    kind: DeviceKind
    metric: str
    well: float
    bad: float
    opens: int
    closes: int


STORIES = [
    Story("agent_behind", DeviceKind.AGENT, "spool_reports", 0, 40, 80, 125),
    Story("disk_hot", DeviceKind.DISK, "temperature_celsius", 40, 60, 60, 120),
    Story("disk_missing", DeviceKind.DISK, "present", 1, 0, 60, 120),
    Story("host_hot", DeviceKind.HOST, "temperature_celsius", 50, 82, 65, 125),
    Story("port_errors", DeviceKind.NETWORK, "network_errors_per_second", 0, 3, 70, 130),
    Story("recorder_process_down", DeviceKind.RECORDER, "process_running", 1, 0, 65, 125),
    Story("room_hot", DeviceKind.ROOM, "temperature_celsius", 24, 36, 70, 130),
    Story("switch_unreachable", DeviceKind.SWITCH, "reachable", 1, 0, 65, 125),
    Story("ups_battery_worn", DeviceKind.UPS, "battery_replace", 0, 1, 60, 120),
    Story("volume_inodes", DeviceKind.VOLUME, "inodes_used_ratio", 0.1, 0.95, 65, 125),
    Story("volume_read_only", DeviceKind.VOLUME, "read_only", 0, 1, 60, 120),
    Story("volume_unencrypted", DeviceKind.VOLUME, "encrypted", 1, 0, 60, 120),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_silence_the_ticket_and_the_recovery(story: Story) -> None:
    device = "gateway" if story.kind is DeviceKind.AGENT else "thing"
    line = timeline(*([] if device == "gateway" else [Device(device=device, kind=story.kind)]))
    line.samples(range(0, 60 * MINUTE, 5 * MINUTE), device, **{story.metric: story.well})
    assert line.log == []
    line.samples(range(60 * MINUTE, 120 * MINUTE, 5 * MINUTE), device, **{story.metric: story.bad})
    line.samples(range(120 * MINUTE, 180 * MINUTE, 5 * MINUTE), device, **{story.metric: story.well})
    seen = lives(line, story.rule)
    assert f"{story.opens * MINUTE} opened" in seen
    assert seen[-1] == f"{story.closes * MINUTE} closed"
    assert others(line, story.rule) == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_what_does_not_tell_of_it_is_not_accused(story: Story) -> None:
    line = timeline(Device(device="thing", kind=story.kind if story.kind is not DeviceKind.AGENT else DeviceKind.HOST))
    line.samples(range(0, 120 * MINUTE, 5 * MINUTE), "thing", uptime_seconds=5.0)
    assert line.log == []


def test_a_volume_that_is_read_only_by_design_is_well() -> None:
    line = timeline(Device(device="iso", kind=DeviceKind.VOLUME, facts={"writable": False}))
    line.samples(range(0, 60 * MINUTE, 5 * MINUTE), "iso", read_only=1.0)
    assert line.log == []
