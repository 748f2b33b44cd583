"""The backup collector: what it says of the newest backup, and what it leaves open."""

import gzip
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.clock import SystemClock
from agent.collector import Context, NotAvailable, Reading
from agent.collectors.backup import BackupCollector, BackupSet, BackupSettings, build, plugin
from agent.device_ids import device_id
from agent.machine.archives import Examined, Source, examine
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

NOW = 1_800_000_000.0
HOUR = 3600.0
NOISE = random.Random(1).randbytes(50_000)


class Clock(SystemClock):
    """Stands still until a test turns it."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def wall(self) -> float:
        return self.now

    def mono(self) -> float:
        return self.now - NOW


def put(path: Path, data: bytes = NOISE, age: float = HOUR) -> Path:
    path.write_bytes(data)
    os.utime(path, (NOW - age, NOW - age))
    return path


def collector(path: Path, clock: Clock | None = None, **settings: object) -> BackupCollector:
    one = BackupSet.model_validate({"name": "Database", "path": str(path), **settings})
    return BackupCollector(one, 60.0, Context(agent="a", host="h"), clock or Clock())


def values(reading: Reading) -> dict[str, float]:
    (measurement,) = reading.measurements
    assert measurement.device == device_id("h", "backup", "Database")
    return dict(measurement.values)


def facts(reading: Reading) -> dict[str, object]:
    assert reading.devices is not None
    (device,) = reading.devices
    return dict(device.facts)


def test_the_newest_is_told_by_age_size_and_a_sample(tmp_path: Path) -> None:
    packed = gzip.compress(NOISE)
    put(tmp_path / "1.gz", packed, age=30 * HOUR)
    put(tmp_path / "2.gz", packed, age=6 * HOUR)
    reading = collector(tmp_path, pattern="*.gz").collect()
    assert values(reading) == {
        "backup_age_seconds": 6 * HOUR,
        "backup_size_bytes": len(packed),
        "backup_readable": 1.0,
        "backups": 2.0,
    }
    assert reading.problem == ""
    assert facts(reading) == {
        "path": str(tmp_path),
        "role": "backup",
        "pattern": "*.gz",
        "newest": "2.gz",
        "sample": "well: gzip",
    }


def test_no_backup_at_all_is_none_and_of_no_age(tmp_path: Path) -> None:
    reading = collector(tmp_path).collect()
    assert values(reading) == {"backups": 0.0}
    assert reading.problem == ""


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.gz", gzip.compress(NOISE)[:-100], "a.gz its end is missing"),
        ("a.gz", b"", "a.gz has only 0 bytes"),
        ("a.tar.gz", gzip.compress(NOISE), "a.tar.gz no tar header at byte 0"),
        ("a.img", bytes(5000), "a.img holds nothing but zero bytes"),
    ],
)
def test_a_newest_that_is_not_well_says_why(name: str, data: bytes, why: str, tmp_path: Path) -> None:
    put(tmp_path / "old", age=48 * HOUR)
    put(tmp_path / name, data)
    reading = collector(tmp_path).collect()
    assert values(reading)["backup_readable"] == 0.0
    assert reading.problem == f"Database: {why}"
    assert str(facts(reading)["sample"]) in why


def test_one_that_is_smaller_than_it_may_be_is_not_well(tmp_path: Path) -> None:
    put(tmp_path / "a")
    assert values(collector(tmp_path, min_size_bytes=50_000).collect())["backup_readable"] == 1.0
    reading = collector(tmp_path, min_size_bytes=50_001).collect()
    assert values(reading)["backup_readable"] == 0.0
    assert "has only 50000 bytes" in reading.problem


def test_one_being_written_is_not_the_newest_until_it_rests(tmp_path: Path) -> None:
    clock = Clock()
    put(tmp_path / "old.gz", gzip.compress(NOISE), age=24 * HOUR)
    growing = put(tmp_path / "new.gz", gzip.compress(NOISE)[:1000], age=10)
    one = collector(tmp_path, clock)
    assert values(one.collect())["backup_age_seconds"] == 24 * HOUR
    clock.now += 600
    growing.write_bytes(gzip.compress(NOISE))
    os.utime(growing, (NOW, NOW))  # as a copy that keeps times does
    assert values(one.collect())["backup_age_seconds"] == 24 * HOUR + 600
    clock.now += 600
    reading = one.collect()
    assert values(reading)["backup_age_seconds"] == 1200
    assert values(reading)["backup_readable"] == 1.0


def test_the_sample_is_read_again_when_it_changes_fails_or_a_day_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, read = Clock(), list[str]()

    def counted(name: str, source: Source) -> Examined:
        read.append(name)
        return examine(name, source)

    monkeypatch.setattr("agent.collectors.backup.examine", counted)
    put(tmp_path / "a.gz", gzip.compress(NOISE))
    one = collector(tmp_path, clock)
    for step in (0.0, HOUR, HOUR):
        clock.now += step
        one.collect()
    assert read == ["a.gz"]
    clock.now += 24 * HOUR
    one.collect()
    assert read == ["a.gz"] * 2
    put(tmp_path / "b.gz", b"x", age=-24 * HOUR)
    for _ in range(2):
        one.collect()
    assert read == ["a.gz"] * 2 + ["b.gz"] * 2


def test_without_a_sample_nothing_is_said_of_reading(tmp_path: Path) -> None:
    put(tmp_path / "a.gz", b"")
    assert set(values(collector(tmp_path, sample="none", min_size_bytes=0).collect())) == {
        "backup_age_seconds",
        "backup_size_bytes",
        "backups",
    }


def test_a_folder_as_backup_is_sampled_by_its_largest_file(tmp_path: Path) -> None:
    snapshot = tmp_path / "daily.0"
    (snapshot / "etc").mkdir(parents=True)
    put(snapshot / "etc/a", b"x")
    put(snapshot / "etc/b.gz", gzip.compress(NOISE)[:-9])
    os.utime(snapshot, (NOW - HOUR, NOW - HOUR))
    one = collector(tmp_path, pattern="daily.*", folders=True)
    reading = one.collect()
    assert values(reading)["backup_readable"] == 0.0
    assert values(reading)["backup_size_bytes"] > 40_000
    assert reading.problem == "Database: daily.0/etc/b.gz its end is missing"
    empty = tmp_path / "daily.1"
    empty.mkdir()
    os.utime(empty, (NOW - 400, NOW - 400))
    assert "daily.1 has only 0 bytes" in one.collect().problem


def test_a_missing_folder_is_a_problem_and_the_device_is_told(tmp_path: Path) -> None:
    reading = collector(tmp_path / "unplugged").collect()
    assert not reading.measurements
    assert "No such file or directory" in reading.problem
    assert facts(reading)["role"] == "backup"


def test_dates_ahead_of_the_clock_are_passed_over_and_a_clock_never_set_tells_no_age(tmp_path: Path) -> None:
    put(tmp_path / "a", age=-48 * HOUR)
    reading = collector(tmp_path).collect()
    assert values(reading) == {"backups": 1.0}
    assert "1 backups are dated in the future" in reading.problem
    unset = collector(tmp_path, Clock(1000.0)).collect()
    assert not unset.measurements
    assert "the clock was not set" in unset.problem


def test_names_may_hold_anything(tmp_path: Path) -> None:
    put(Path(os.fsdecode(bytes(tmp_path) + b"/a\n\xff\x1b[2J.gz")), b"x")
    reading = collector(tmp_path).collect()
    assert facts(reading)["newest"] == "a???[2J.gz"
    assert "\n" not in reading.problem
    assert "\x1b" not in reading.problem


def in_child_as_nobody(work: Callable[[], bool]) -> int:
    """The exit status of a child process that is user nobody: 1 where `work` held, 99 where it raised."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os._exit(int(work()))
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def reachable(tmp_path: Path) -> Path:
    """A folder whose parents everyone may pass."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user wants root")
def test_without_the_right_it_says_so_and_invents_nothing(tmp_path: Path) -> None:
    closed = reachable(tmp_path) / "closed"
    closed.mkdir(0o700)
    secret = put(tmp_path / "secret.gz")
    secret.chmod(0o600)

    def closed_folder() -> bool:
        with pytest.raises(NotAvailable, match="let the agent's account list and read it"):
            collector(closed).collect()
        return True

    def closed_file() -> bool:
        reading = collector(tmp_path, pattern="*.gz", max_depth=1).collect()
        assert set(values(reading)) == {"backup_age_seconds", "backup_size_bytes", "backups"}
        assert "may not be read: Permission denied" in reading.problem
        return True

    def closed_below() -> bool:
        reading = collector(tmp_path).collect()
        assert not reading.measurements
        assert "1 folders can't be read: closed: Permission denied" in reading.problem
        return True

    assert [in_child_as_nobody(work) for work in (closed_folder, closed_file, closed_below)] == [1, 1, 1]


def test_settings_make_a_collector_each_and_two_of_a_name_are_refused(tmp_path: Path) -> None:
    sets = [{"name": name, "path": str(tmp_path)} for name in ("a", "b")]
    assert len(build(BackupSettings.model_validate({"set": sets}), Context(agent="a", host="h"))) == 2
    with pytest.raises(ValidationError, match="same name"):
        BackupSettings.model_validate({"set": [sets[0], sets[0]]})


def test_all_it_sends_is_declared(tmp_path: Path) -> None:
    put(tmp_path / "a")
    assert set(values(collector(tmp_path).collect())) == set(plugin.metrics)
    assert all(DeviceKind.VOLUME in BY_NAME[name].kinds for name in plugin.metrics)
