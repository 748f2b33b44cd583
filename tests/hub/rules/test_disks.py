"""Disks, arrays and what rests on them, as timelines: verdicts, counts that grow, and one ticket a cause."""

from tests.hub.fleets import SITE, T0
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

SDA = Device(device="sda", kind=DeviceKind.DISK, parent="gateway-host")
MD0 = Device(device="md0", kind=DeviceKind.DISK, parent="gateway-host")
HOST = Device(device="host", kind=DeviceKind.HOST)
DISK = Device(device="sda", kind=DeviceKind.DISK, parent="host", facts={"path": "/dev/sda"})
NVR = Device(device="nvr", kind=DeviceKind.RECORDER)
SLOT = Device(device="nvr-disk-1", kind=DeviceKind.DISK, parent="nvr")


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


def test_a_disk_that_is_asked_only_every_hour_is_the_cause_of_what_was_seen_before() -> None:
    line = timeline(SDA, MD0)
    line.samples(range(0, 7200, 300), "md0", raid_degraded=1, raid_disks_missing=1)
    assert lives(line, "raid_degraded")[-1].endswith("opened")
    devices = line.engine.sites[SITE].devices
    since = (devices["md0"].findings["raid_degraded"].began - T0) / 1000
    line.sample(since + 3500, "sda", present=0)
    assert devices["md0"].findings["raid_degraded"].cause is devices["sda"].findings["disk_missing"]


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


# What explains what


def test_a_failing_disk_explains_only_the_array_it_is_in() -> None:
    for members, opened in (("sda1 sdb1", []), ("sdc1 sdd1", ["0 opened"])):
        line = timeline(HOST, DISK, MD0.model_copy(update={"parent": "host", "facts": {"members": members}}))
        for minute in range(10):
            line.sample(minute * MINUTE, "sda", smart_healthy=0)
            line.sample(minute * MINUTE, "md0", raid_degraded=1)
        assert lives(line, "raid_degraded") == opened
        assert lives(line, "disk_failing") == ["0 opened"]


def test_a_recorder_that_tells_of_failing_storage_and_of_the_disk_has_one_ticket() -> None:
    line = timeline(NVR, SLOT)
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr", storage_failure=1)
    line.sample(11 * MINUTE, "nvr-disk-1", disk_healthy=0, present=1)
    line.sample(12 * MINUTE, "nvr-disk-1", disk_healthy=0, present=0)
    assert lives(line, "hardware_failing") == ["0 pending", "120 opened"]
    assert lives(line, "disk_failing") == lives(line, "disk_missing") == []


def test_a_fan_that_fails_in_the_recorder_hides_no_disk() -> None:
    line = timeline(NVR, SLOT)
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr", fan_failure=1, storage_failure=0)
    line.sample(11 * MINUTE, "nvr-disk-1", disk_healthy=0)
    assert lives(line, "disk_failing") == ["660 opened"]
    assert case(line, "nvr-disk-1", "disk_failing") == "recorder"


def test_a_recorder_that_tells_of_its_disks_once_an_hour_has_its_tickets_at_once() -> None:
    line = timeline(NVR, SLOT)
    line.samples(range(0, 6 * HOUR, HOUR), "nvr-disk-1", present=1, temperature_celsius=40)
    line.samples(range(6 * HOUR, 9 * HOUR, HOUR), "nvr-disk-1", present=1, temperature_celsius=61)
    line.samples(range(9 * HOUR, 12 * HOUR, HOUR), "nvr-disk-1", present=0, temperature_celsius=50)
    line.sample(12 * HOUR, "nvr-disk-1", present=1)
    assert lives(line, "disk_hot") == ["21600 opened", "32400 closed"]
    assert lives(line, "disk_missing") == ["32400 opened", "43200 closed"]


def test_reallocated_sectors_that_grow_are_a_ticket_old_ones_that_stand_still_are_not() -> None:
    line = timeline(HOST, DISK)
    line.samples(range(0, 5 * DAY, DAY), "sda", smart_reallocated_sectors=8, smart_pending_sectors=0)
    assert line.log == []
    line.samples(range(5 * DAY, 8 * DAY, DAY), "sda", smart_reallocated_sectors=9, smart_pending_sectors=0)
    assert lives(line, "disk_wearing") == [f"{5 * DAY} opened"]
    line.samples(range(8 * DAY, 20 * DAY, DAY), "sda", smart_reallocated_sectors=9, smart_pending_sectors=0)
    assert lives(line, "disk_wearing")[-1].endswith("closed")


def test_what_wears_and_then_fails_is_one_ticket_a_disk() -> None:
    line = timeline(HOST, DISK)
    line.sample(0, "sda", smart_healthy=0, smart_wear_ratio=0.99, temperature_celsius=65)
    findings = line.engine.sites["school"].devices["sda"].findings
    standing = [name for name, finding in findings.items() if not finding.explained]
    assert standing == ["disk_failing"]


def test_a_hot_room_has_the_ticket_of_the_machine_and_the_disk_in_it() -> None:
    line = timeline(HOST, DISK, Device(device="rack", kind=DeviceKind.ROOM, parent="host"))
    line.samples(range(0, 20 * MINUTE, MINUTE), "rack", temperature_celsius=40)
    line.samples(range(20 * MINUTE, 40 * MINUTE, MINUTE), "host", temperature_celsius=85)
    line.samples(range(20 * MINUTE, 40 * MINUTE, MINUTE), "sda", temperature_celsius=63)
    assert [entry.split()[2] for entry in line.log if entry.endswith("opened")] == ["room_hot"]


def test_a_hot_machine_has_the_ticket_of_its_disk() -> None:
    line = timeline(HOST, DISK)
    line.samples(range(0, 10 * MINUTE, MINUTE), "host", temperature_celsius=85)
    line.sample(11 * MINUTE, "sda", temperature_celsius=63)
    assert [entry.split()[2] for entry in line.log if entry.endswith("opened")] == ["host_hot"]
