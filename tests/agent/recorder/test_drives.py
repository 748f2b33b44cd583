"""Disks of a recorder over time: full, ill, gone, replaced; and slots that were never used."""

from pathlib import Path

import pytest

from agent.collector import Measurement
from agent.memory import Memory
from agent.recorder.drives import Drives, DrivesNote
from agent.recorder.model import Drive, Storage
from wire.messages import DeviceKind

NOW = 1_780_000_000.0
TB = 1e12


def drives(folder: Path | None = None, now: float = NOW) -> Drives:
    return Drives("nvr", Memory(folder, "nvr-drives", DrivesNote), lambda: {"nvr-disk-9"}, lambda: now)


def disk(token: str, healthy: bool | None = True, free: float | None = 0.0, present: bool = True) -> Drive:
    return Drive(token, healthy, present, size_bytes=4 * TB, free_bytes=free, temperature_celsius=38.0)


def values(measured: list[Measurement]) -> dict[str, dict[str, float]]:
    return {one.device: dict(one.values) for one in measured}


def test_disks_are_devices_and_a_full_volume_that_overwrites_says_so() -> None:
    one = drives()
    told = values(one.learn(Storage([disk("1"), disk("2")], overwrites=True)))
    assert told["nvr-disk-1"] == {"present": 1, "disk_healthy": 1, "temperature_celsius": 38}
    assert told["nvr-storage"] == {"overwriting": 1, "size_bytes": 8 * TB, "free_bytes": 0, "fill_ratio": 1}
    entries = {device.device: device for device in one.devices()}
    assert [(d.device, d.kind, d.parent) for d in entries.values()] == [
        ("nvr-disk-1", DeviceKind.DISK, "nvr"),
        ("nvr-disk-2", DeviceKind.DISK, "nvr"),
        ("nvr-storage", DeviceKind.VOLUME, "nvr"),
    ]
    assert entries["nvr-storage"].facts == {"role": "recording", "overwrites": True}
    assert entries["nvr-disk-1"].facts == {"slot": "1", "capacity_bytes": 4 * TB}


def test_how_full_it_is_says_nothing_while_nobody_knows_whether_it_overwrites() -> None:
    told = values(drives().learn(Storage([disk("1")])))
    assert told["nvr-storage"] == {"size_bytes": 4 * TB, "free_bytes": 0}


def test_a_disk_that_fell_ill_says_how_and_one_that_sleeps_is_well() -> None:
    one = drives()
    ill = Drive("1", healthy=False, status="smartFailed")
    told = values(one.learn(Storage([ill, Drive("2", healthy=True, status="sleeping")])))
    assert (told["nvr-disk-1"]["disk_healthy"], told["nvr-disk-2"]["disk_healthy"]) == (0, 1)
    assert [device.facts.get("status") for device in one.devices()] == ["smartFailed", None]
    one.learn(Storage([Drive("1", healthy=True), Drive("2", healthy=None)]))
    assert [device.facts.get("status") for device in one.devices()] == [None, None]


def test_a_disk_seen_before_and_gone_is_missing_over_restarts(tmp_path: Path) -> None:
    drives(tmp_path).learn(Storage([disk("1"), disk("2")]))
    again = drives(tmp_path)
    assert [device.device for device in again.devices()] == ["nvr-disk-1", "nvr-disk-2"], "before it is asked"
    told = values(again.learn(Storage([disk("1")])))
    assert told["nvr-disk-2"] == {"present": 0}
    assert values(again.learn(Storage([disk("1"), disk("2", present=False)])))["nvr-disk-2"] == {"present": 0}
    assert values(again.learn(Storage([disk("1"), disk("2")])))["nvr-disk-2"]["present"] == 1


def test_an_empty_slot_is_no_missing_disk() -> None:
    one = drives()
    told = values(one.learn(Storage([disk("1"), disk("2", present=False)])))
    assert "nvr-disk-2" not in told
    assert "nvr-disk-2" not in {device.device for device in one.devices()}


def test_a_disk_that_was_taken_out_a_month_ago_is_missed_no_more(tmp_path: Path) -> None:
    drives(tmp_path).learn(Storage([disk("1"), disk("2")]))
    for days, missed in ((29, True), (31, False)):
        later = drives(tmp_path, NOW + days * 86_400)
        assert ("nvr-disk-2" in values(later.learn(Storage([disk("1")])))) is missed


def test_a_clock_from_1970_makes_nothing_old(tmp_path: Path) -> None:
    drives(tmp_path, 1000.0).learn(Storage([disk("1")]))
    later = drives(tmp_path)
    assert values(later.learn(Storage([])))["nvr-disk-1"] == {"present": 0}


def test_no_disk_takes_the_id_of_another_device() -> None:
    told = values(drives().learn(Storage([disk("9"), disk("a_b"), disk("a-b")])))
    assert "nvr-disk-9" not in told
    assert len(told) == 4


@pytest.mark.parametrize("token", ["", "\x00", "通" * 300, "\ud800"])
def test_any_name_of_a_slot_is_a_device_or_none(token: str, tmp_path: Path) -> None:
    one = drives(tmp_path)
    one.learn(Storage([disk(token)]))
    assert len(one.devices()) <= 2


def test_a_recorder_that_makes_up_disks_fills_nothing() -> None:
    one = drives()
    one.learn(Storage([disk(f"{n}") for n in range(1000)]))
    one.learn(Storage([disk(f"x{n}") for n in range(1000)]))
    assert len(one.devices()) == 65
