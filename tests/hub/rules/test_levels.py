"""Rules of one number against a level, each as a timeline: the silence before, the hold, the ticket, the recovery."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.hub.rules.timelines import lives, others, timeline
from wire.messages import Device, DeviceKind

STEP = 60


class Level(NamedTuple):
    """A rule, its device, values that are well, that are not, and between (where nothing changes); its times in s."""

    rule: str
    kind: DeviceKind
    well: Mapping[str, float]
    ill: Mapping[str, float]
    hold: int
    clear: int
    between: Mapping[str, float] | None = None


def level(rule: str, kind: str, metric: str, well: float, ill: float, hold: int, clear: int, *between: float) -> Level:
    return Level(
        rule, DeviceKind(kind), {metric: well}, {metric: ill}, hold, clear, {metric: between[0]} if between else None
    )


LEVELS = [
    level("agent_behind", "agent", "spool_reports", 5, 20, 1200, 120, 19),
    level("host_overloaded", "host", "cpu_ratio", 0.85, 0.95, 900, 300, 0.9),
    level("host_overloaded", "host", "load1_ratio", 1.0, 2.0, 900, 300, 1.9),
    level("host_overloaded", "host", "memory_used_ratio", 0.85, 0.95, 900, 300, 0.9),
    level("host_hot", "host", "temperature_celsius", 75, 80, 300, 300, 78),
    level("recorder_process_down", "recorder", "process_running", 1, 0, 120, 60),
    level("volume_inodes", "volume", "inodes_used_ratio", 0.85, 0.9, 120, 60, 0.87),
    level("volume_read_only", "volume", "read_only", 0, 1, 0, 0),
    level("volume_unencrypted", "volume", "encrypted", 1, 0, 0, 0),
    level("disk_failing", "disk", "smart_healthy", 1, 0, 0, 0),
    level("disk_failing", "disk", "disk_healthy", 1, 0, 0, 0),
    level("disk_failing", "disk", "smart_critical_warning", 0, 4, 0, 0),
    level("disk_hot", "disk", "temperature_celsius", 56, 60, 0, 0, 58),
    level("disk_missing", "disk", "present", 1, 0, 0, 0),
    level("disk_wearing", "disk", "smart_wear_ratio", 0.94, 0.95, 0, 0),
    level("raid_degraded", "disk", "raid_degraded", 0, 1, 0, 0),
    level("recording_stalled", "channel", "recording_stalled", 0, 1, 0, 0),
    level("recording_gap", "channel", "recording_longest_gap_seconds", 299, 300, 1800, 0),
    level("daily_integrity", "channel", "recording_integrity_ratio", 0.99, 0.9899, 1800, 0),
    level("backup_stale", "volume", "backup_age_seconds", 129_599, 129_600, 0, 0),
    level("backup_stale", "volume", "backup_readable", 1, 0, 0, 0),
    level("backup_stale", "volume", "backups", 1, 0, 0, 0),
    level("ups_on_battery", "ups", "on_battery", 0, 1, 30, 60),
    level("ups_battery_worn", "ups", "battery_replace", 0, 1, 0, 0),
    level("room_hot", "room", "temperature_celsius", 32, 35, 600, 600, 33),
    level("room_humid", "room", "humidity_ratio", 0.7, 0.8, 1800, 600, 0.75),
    level("port_errors", "network", "network_errors_per_second", 0.1, 1.0, 600, 600, 0.5),
    level("switch_unreachable", "switch", "reachable", 1, 0, 120, 60),
]


@pytest.mark.parametrize("one", LEVELS, ids=lambda one: f"{one.rule}-{next(iter(one.ill))}")
def test_silence_a_ticket_after_the_hold_and_its_end_after_the_clear_time(one: Level) -> None:
    device = "gateway" if one.kind is DeviceKind.AGENT else "it"
    line = timeline(Device(device=device, kind=one.kind))
    line.samples(range(0, 600, STEP), device, **one.well)
    if one.between is not None:
        line.samples(range(600, 1200, STEP), device, **one.between)
    if one.hold > STEP:  # what passes sooner is no ticket
        line.samples(range(1200, 1200 + one.hold - STEP, STEP), device, **one.ill)
    line.samples(range(4800, 6000, STEP), device, **one.well)
    assert "opened" not in " ".join(line.log)
    line.log.clear()

    line.samples(range(6000, 9600, STEP), device, **one.ill)
    if one.between is not None:
        line.samples(range(9600, 10_200, STEP), device, **one.between)
    seen = 6000 + -(-one.hold // STEP) * STEP
    opened = [f"{seen} opened"]
    assert lives(line, one.rule) == ([*(["6000 pending"] if one.hold else []), *opened])

    line.samples(range(10_200, 12_000, STEP), device, **one.well)
    clearing = ["10200 clearing"] if one.clear else []
    assert lives(line, one.rule)[-1 - len(clearing) :] == [*clearing, f"{10_200 + one.clear} closed"]
    assert others(line, one.rule) == []


@pytest.mark.parametrize("kind", sorted({one.kind for one in LEVELS}))
def test_a_device_that_tells_nothing_of_it_accuses_nobody(kind: DeviceKind) -> None:
    device = "gateway" if kind is DeviceKind.AGENT else "it"
    line = timeline(Device(device=device, kind=kind))
    line.samples(range(0, 3600, STEP), device, response_seconds=0.1, size_bytes=1.0)
    assert line.log == []
