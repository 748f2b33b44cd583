"""Arrays over time: figures, rebuilds, and one that is gone."""

from pathlib import Path

import pytest

from agent.collector import CollectError
from agent.machine.arrays import Arrays

SAMPLES = Path(__file__).parents[1] / "collectors/samples/disks"


def values(arrays: Arrays) -> "dict[str, dict[str, float]]":
    return {one.device: dict(one.values) for one in arrays.collect().measurements}


def watch(tmp_path: Path, *forget: str) -> Arrays:
    return Arrays("gate-host", tmp_path / "state", forget, tmp_path / "mdstat")


def shows(tmp_path: Path, name: str) -> None:
    (tmp_path / "mdstat").write_bytes((SAMPLES / f"mdstat_{name}.txt").read_bytes())


def test_whole_arrays_lack_nothing(tmp_path: Path) -> None:
    shows(tmp_path, "whole")
    told = values(watch(tmp_path))
    assert told["gate-host-array-md0"] == {
        "present": 1.0,
        "raid_disks": 2.0,
        "raid_disks_missing": 0.0,
        "raid_degraded": 0.0,
    }
    assert told["gate-host-array-md127"]["raid_resync_ratio"] == 0.126
    assert "raid_resync_ratio" not in told["gate-host-array-md2"]


def test_a_degraded_array_is_told_with_its_rebuild_and_its_members(tmp_path: Path) -> None:
    shows(tmp_path, "degraded")
    arrays = watch(tmp_path)
    reading = arrays.collect()
    told = {one.device: dict(one.values) for one in reading.measurements}
    assert told["gate-host-array-md1"] == {
        "present": 1.0,
        "raid_disks": 3.0,
        "raid_disks_missing": 1.0,
        "raid_degraded": 1.0,
        "raid_resync_ratio": 0.284,
    }
    assert told["gate-host-array-md6"] == {"present": 0.0}, "a broken array gives no data"
    facts = {device.device: device.facts for device in reading.devices or ()}["gate-host-array-md1"]
    assert facts == {
        "interface": "md",
        "path": "/dev/md1",
        "state": "active",
        "level": "raid5",
        "members": "sda1 sdb1 sdc1 sdd1 sde1",
        "failed": "sdc1",
        "spare": "sdd1",
        "action": "recovery",
        "capacity_bytes": 5860268032.0 * 1024,
    }


def test_an_array_that_is_gone_or_did_not_start_is_not_present(tmp_path: Path) -> None:
    shows(tmp_path, "inactive")
    arrays = watch(tmp_path)
    assert values(arrays) == {"gate-host-array-md9": {"present": 0.0}}
    (tmp_path / "mdstat").write_text("Personalities : \nunused devices: <none>\n")
    assert values(arrays) == {"gate-host-array-md9": {"present": 0.0}}
    assert values(watch(tmp_path)) == {"gate-host-array-md9": {"present": 0.0}}
    assert values(watch(tmp_path, "md9")) == {}
    assert values(watch(tmp_path, "gate-host-array-md9")) == {}


def test_the_inventory_is_told_when_it_changes(tmp_path: Path) -> None:
    shows(tmp_path, "whole")
    arrays = watch(tmp_path)
    assert arrays.collect().devices is not None
    assert arrays.collect().devices is None
    shows(tmp_path, "degraded")
    assert arrays.collect().devices is not None


def test_a_kernel_without_md_has_no_arrays(tmp_path: Path) -> None:
    reading = watch(tmp_path).collect()
    assert (list(reading.measurements), reading.devices) == ([], [])


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "mdstat").mkdir()
    with pytest.raises(CollectError, match="mdstat"):
        watch(tmp_path).collect()
