"""Disks and arrays, as timelines: verdicts, counts that grow, and what explains what."""

from tests.hub.fleets import SITE
from tests.hub.rules.timelines import DAY, HOUR, case, lives, timeline
from wire.messages import Device, DeviceKind

SDA = Device(device="sda", kind=DeviceKind.DISK, parent="gateway-host")
MD0 = Device(device="md0", kind=DeviceKind.DISK, parent="gateway-host")


def test_the_disks_own_verdict_is_a_ticket_and_a_new_disk_ends_it() -> None:
    line = timeline(SDA)
    line.samples(range(0, 5 * HOUR, HOUR), "sda", smart_healthy=1)
    assert line.log == []
    line.sample(5 * HOUR, "sda", smart_healthy=0)
    assert case(line, "sda", "disk_failing") == "smart"
    line.sample(9 * HOUR, "sda", smart_healthy=1)
    assert lives(line, "disk_failing") == [f"{5 * HOUR} opened", f"{9 * HOUR} closed"]


def test_a_recorder_that_calls_its_disk_faulty_is_believed() -> None:
    line = timeline(Device(device="slot-1", kind=DeviceKind.DISK, parent="nvr-1"))
    line.sample(0, "slot-1", disk_healthy=1)
    line.sample(HOUR, "slot-1", disk_healthy=0)
    assert case(line, "slot-1", "disk_failing") == "recorder"


def test_a_count_that_grows_is_a_ticket_until_it_has_stood_still_for_a_week() -> None:
    line = timeline(SDA)
    for day in range(30):
        count = 8.0 if day < 10 else 8.0 + min(day - 9, 3)  # eight old ones are nobody's business
        line.sample(day * DAY, "sda", smart_pending_sectors=count)
    assert lives(line, "disk_wearing") == [f"{10 * DAY:g} opened", f"{18 * DAY:g} closed"]


def test_a_single_look_proves_no_growth_but_flash_that_is_used_up_is_told_at_once() -> None:
    line = timeline(SDA)
    line.sample(0, "sda", smart_reallocated_sectors=50)
    assert line.log == []
    line.sample(DAY, "sda", smart_reallocated_sectors=50, smart_wear_ratio=0.97)
    assert case(line, "sda", "disk_wearing") == "wear"


def test_a_missing_disk_is_the_cause_of_its_arrays_trouble_in_whatever_order_they_are_told() -> None:
    for order in (("sda", "md0"), ("md0", "sda")):
        line = timeline(SDA, MD0)
        bad = {"sda": {"present": 0.0}, "md0": {"raid_degraded": 1.0, "raid_disks_missing": 1.0}}
        for device in order:
            line.sample(HOUR, device, **bad[device])
        devices = line.engine.sites[SITE].devices
        missing = devices["sda"].findings["disk_missing"]
        assert missing.cause is None
        assert devices["md0"].findings["raid_degraded"].cause is missing


def test_when_the_disk_is_back_and_the_array_still_degraded_that_is_a_ticket_of_its_own() -> None:
    line = timeline(SDA, MD0)
    line.sample(0, "sda", present=0)
    line.sample(0, "md0", raid_degraded=1)
    for minute in range(5, 60, 5):
        line.sample(minute * 60, "sda", present=1)
        line.sample(minute * 60, "md0", raid_degraded=1)
        line.tick(minute * 60 + 1)
    assert lives(line, "raid_degraded")[-1].endswith("promoted")


def test_a_degraded_array_alone_is_a_ticket_until_it_is_rebuilt() -> None:
    line = timeline(MD0)
    line.sample(0, "md0", raid_degraded=0)
    line.sample(300, "md0", raid_degraded=1, raid_disks_missing=1)
    line.sample(600, "md0", raid_degraded=0, raid_disks_missing=0)
    assert lives(line, "raid_degraded") == ["300 opened", "600 closed"]
