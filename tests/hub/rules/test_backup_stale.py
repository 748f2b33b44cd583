"""Backups that grow old or can't be read, as timelines."""

from tests.hub.rules.timelines import DAY, HOUR, case, lives, timeline
from wire.messages import Device, DeviceKind

BACKUP = Device(device="backups", kind=DeviceKind.VOLUME, facts={"role": "backup"})


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
