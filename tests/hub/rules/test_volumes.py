"""Volumes, as timelines."""

from tests.hub.rules.timelines import HOUR, MINUTE, lives, timeline
from wire.messages import Device, DeviceKind

VOLUME = Device(device="vol", kind=DeviceKind.VOLUME, facts={"role": "system", "path": "/"})


def test_full_within_a_week_is_a_ticket_and_a_slower_growth_ends_it() -> None:
    line = timeline(VOLUME)
    line.samples(range(0, HOUR, MINUTE), "vol", fill_ratio=0.5, full_in_days=7.1)
    assert line.log == []
    line.samples(range(HOUR, 3 * HOUR, MINUTE), "vol", fill_ratio=0.6, full_in_days=7.0)
    line.samples(range(3 * HOUR, 4 * HOUR, MINUTE), "vol", fill_ratio=0.6, full_in_days=9.9)  # between the levels
    line.samples(range(4 * HOUR, 6 * HOUR, MINUTE), "vol", fill_ratio=0.6, full_in_days=30)
    assert lives(line, "volume_full_by") == ["3600 pending", "7200 opened", "14400 clearing", "18000 closed"]


def test_a_volume_that_no_longer_grows_tells_no_date_and_the_ticket_ends() -> None:
    line = timeline(VOLUME)
    line.samples(range(0, 2 * HOUR, MINUTE), "vol", fill_ratio=0.6, full_in_days=3)
    line.samples(range(2 * HOUR, 4 * HOUR, MINUTE), "vol", fill_ratio=0.4)
    assert lives(line, "volume_full_by") == ["0 pending", "3600 opened", "7200 clearing", "10800 closed"]


def test_a_volume_that_is_soon_full_and_then_nearly_is_one_ticket() -> None:
    line = timeline(VOLUME)
    line.samples(range(0, 2 * HOUR, MINUTE), "vol", fill_ratio=0.6, full_in_days=3)
    line.samples(range(2 * HOUR, 3 * HOUR, MINUTE), "vol", fill_ratio=0.91, full_in_days=1)
    found = line.engine.sites["school"].devices["vol"].findings
    assert sorted(found) == ["volume_filling", "volume_full_by"]
    assert found["volume_filling"].explained
    assert not found["volume_full_by"].explained


def test_what_is_read_only_by_design_is_no_fault() -> None:
    line = timeline(VOLUME.model_copy(update={"facts": {"writable": False}}))
    line.samples(range(0, HOUR, MINUTE), "vol", read_only=1)
    assert line.log == []
