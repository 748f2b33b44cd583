"""What an agent tells of its own box wakes the rule that was made for it, and no other."""

import pytest

from tests.hub.fleets import DEVICES, SITE, T0, Timeline
from wire.messages import Device, DeviceKind

OWN = [
    Device(device="frigate", kind=DeviceKind.RECORDER, parent="gateway-host", facts={"software": True}),
    Device(device="rec-yard", kind=DeviceKind.CHANNEL, parent="frigate"),
    Device(device="net-eth0", kind=DeviceKind.NETWORK, parent="gateway-host"),
    Device(device="disk-1", kind=DeviceKind.DISK, parent="gateway-host"),
    Device(device="ups-1", kind=DeviceKind.UPS),
    Device(device="room-1", kind=DeviceKind.ROOM),
    Device(device="backup", kind=DeviceKind.VOLUME, parent="gateway-host", facts={"role": "backup"}),
]
WORST = {
    "frigate": {"process_running": 0.0, "process_count": 0.0, "process_rss_growth_bytes_per_hour": 1e9},
    "rec-yard": {"recording_stalled": 1.0, "recording_integrity_ratio": 0.0, "recording_gaps": 99.0},
    "net-eth0": {"link_up": 0.0, "network_errors_per_second": 1e3},
    "disk-1": {"present": 0.0, "smart_healthy": 0.0, "temperature_celsius": 80.0},
    "ups-1": {"ups_reachable": 0.0, "on_battery": 1.0, "battery_low": 1.0},
    "room-1": {"temperature_celsius": 60.0, "humidity_ratio": 1.0},
    "backup": {"backup_age_seconds": 1e9, "backup_readable": 0.0, "backups": 0.0},
}


MADE_FOR_IT = {
    "frigate": "recorder_process_down",
    "rec-yard": "recording_stalled",
    "net-eth0": "port_errors",
    "disk-1": "disk_missing",
    "ups-1": "ups_on_battery",
    "room-1": "room_hot",
    "backup": "backup_stale",
}
"""Of a disk that is hot, failing and gone, that it is gone comes first."""


@pytest.fixture
def timeline() -> Timeline:
    timeline = Timeline()
    timeline.engine.inventory(timeline.state, [*DEVICES, *OWN], T0)
    timeline.take()
    return timeline


@pytest.mark.parametrize("device", sorted(WORST))
def test_even_the_worst_it_can_say_is_one_ticket(timeline: Timeline, device: str) -> None:
    timeline.samples(range(0, 7200, 60), device, **WORST[device])
    timeline.tick(7230)
    findings = timeline.engine.sites[SITE].devices[device].findings
    assert [name for name, finding in findings.items() if finding.cause is None] == [MADE_FOR_IT[device]]


def test_a_metric_that_comes_once_a_day_is_no_absence(timeline: Timeline) -> None:
    for second in range(0, 2 * 86_400, 60):
        if second % 86_400 == 0:
            timeline.sample(second, "disk-1", smart_healthy=1.0)
        timeline.sample(second, "gateway", up=1.0)
    timeline.tick(2 * 86_400)
    assert timeline.log == []
