"""Volumes, as timelines."""

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, lives, timeline
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


def test_a_volume_that_fills_is_told_days_before_and_is_one_ticket_when_it_is_full() -> None:
    line = Timeline()
    for second in range(0, 13 * DAY, 5 * MINUTE):
        left = 14 - second / DAY
        line.sample(second, "vol-system", fill_ratio=1 - left / 20, full_in_days=left)
    findings = line.engine.sites[SITE].devices["vol-system"].findings
    soon = findings["volume_full_by"]
    assert 7 * DAY <= (soon.life.opened or 0) / 1000 - T0 / 1000 <= 7.2 * DAY
    assert findings["volume_filling"].cause is soon
    line.samples(range(13 * DAY, 14 * DAY, 5 * MINUTE), "vol-system", fill_ratio=0.4)  # tidied up: no forecast any more
    assert not line.engine.sites[SITE].devices["vol-system"].findings


def test_volumes_of_recordings_have_to_be_encrypted_and_a_system_volume_that_never_was_is_left_alone() -> None:
    line = Timeline()
    line.samples(range(0, HOUR, 5 * MINUTE), "vol-system", encrypted=0)
    assert line.log == []
    line.sample(HOUR, "vol-rec", encrypted=0)
    line.sample(2 * HOUR, "vol-rec", encrypted=1)
    assert lives(line, "volume_unencrypted", "vol-rec") == [f"{HOUR} opened", f"{2 * HOUR} closed"]
