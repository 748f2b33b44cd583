"""The machine, its volumes, backups and power, as timelines."""

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, timeline
from wire.messages import Device, DeviceKind

HOST = Device(device="gateway-host", kind=DeviceKind.HOST)
BACKUP = Device(device="backups", kind=DeviceKind.VOLUME, facts={"role": "backup"})
UPS = Device(device="ups", kind=DeviceKind.UPS)


def test_a_machine_at_its_limit_for_a_quarter_of_an_hour_is_a_ticket_that_says_which() -> None:
    line = timeline(HOST)
    line.samples(range(0, HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=0.4, memory_used_ratio=0.6)
    assert line.log == []
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=3, memory_used_ratio=0.6)
    assert case(line, "gateway-host", "host_overloaded") == "load"
    line.samples(range(2 * HOUR, 3 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.5, load1_ratio=1, memory_used_ratio=0.6)
    opened, closed = f"{HOUR + 15 * MINUTE} opened", f"{2 * HOUR + 5 * MINUTE} closed"
    assert [life for life in lives(line, "host_overloaded") if life.endswith(("opened", "closed"))] == [opened, closed]


def test_between_the_levels_nothing_changes() -> None:
    line = timeline(HOST)
    line.samples(range(0, HOUR, MINUTE), "gateway-host", cpu_ratio=0.99)
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "gateway-host", cpu_ratio=0.9)
    assert [life.split()[1] for life in lives(line, "host_overloaded")] == ["pending", "opened"]


def test_a_reboot_without_an_orderly_stop_is_a_ticket_for_an_hour_and_an_orderly_one_is_none() -> None:
    line = Timeline()
    line.engine.happen(SITE, "gateway-host", "host.rebooted", {"unexpected": False}, T0, T0)
    line.take()
    assert line.log == []
    line.engine.happen(SITE, "gateway-host", "host.rebooted", {"unexpected": True}, T0, T0)
    line.tick(30 * MINUTE)
    line.tick(HOUR)
    assert [life.split()[1] for life in lives(line, "host_rebooted")] == ["opened", "closed"]


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


def test_a_backup_is_stale_after_a_day_and_a_half_and_worth_nothing_where_it_cannot_be_read() -> None:
    line = timeline(BACKUP)
    line.sample(0, "backups", backup_age_seconds=1.4 * DAY, backup_readable=1)
    assert line.log == []
    line.sample(HOUR, "backups", backup_age_seconds=1.5 * DAY, backup_readable=1)
    assert case(line, "backups", "backup_stale") == "old"
    line.sample(2 * HOUR, "backups", backup_age_seconds=HOUR, backup_readable=1)
    assert lives(line, "backup_stale") == [f"{HOUR} opened", f"{2 * HOUR} closed"]
    line.sample(DAY, "backups", backup_age_seconds=HOUR, backup_readable=0)
    assert case(line, "backups", "backup_stale") == "unreadable"


def test_on_battery_the_ticket_says_how_long_it_lasts_and_a_self_test_is_none() -> None:
    line = timeline(UPS)
    line.samples(range(0, 600, MINUTE), "ups", on_battery=0, battery_low=0)
    line.sample(600, "ups", on_battery=1, battery_low=0, battery_runtime_seconds=1800)
    line.sample(610, "ups", on_battery=0, battery_low=0)
    assert [life.split()[1] for life in lives(line, "ups_on_battery")] == ["pending", "dropped"]
    line.samples(range(660, 900, MINUTE), "ups", on_battery=1, battery_low=0, battery_runtime_seconds=1800)
    assert case(line, "ups", "ups_on_battery") == "left"
    line.samples(range(900, 1200, MINUTE), "ups", on_battery=0, battery_low=0)
    assert lives(line, "ups_on_battery")[-1].endswith("closed")


def test_volumes_of_recordings_have_to_be_encrypted_and_a_system_volume_that_never_was_is_left_alone() -> None:
    line = Timeline()
    line.samples(range(0, HOUR, 5 * MINUTE), "vol-system", encrypted=0)
    assert line.log == []
    line.sample(HOUR, "vol-rec", encrypted=0)
    line.sample(2 * HOUR, "vol-rec", encrypted=1)
    assert lives(line, "volume_unencrypted", "vol-rec") == [f"{HOUR} opened", f"{2 * HOUR} closed"]
