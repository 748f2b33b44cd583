"""The volumes collector: what statvfs says, which mounts count, and paths that fail."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.collector import CollectError, Context
from agent.collectors.volumes import (
    Mount,
    Volume,
    VolumesSettings,
    build,
    figures,
    found,
    holding,
    volume_id,
)
from wire.ids import SlugId

HERE = Context(agent="gate", host="gate-host")
ROOT = Mount("/dev/sda1", "/", "ext4")
VIDEO = Mount("/dev/sdb1", "/mnt/video", "xfs")


def stat(**changes: int) -> Any:
    plain = {
        "f_frsize": 4096,
        "f_blocks": 1000,
        "f_bfree": 300,
        "f_bavail": 200,
        "f_files": 500,
        "f_ffree": 400,
        "f_flag": 0,
    }
    return SimpleNamespace(**(plain | changes))


def test_space_kept_for_root_counts_as_used() -> None:
    assert figures(stat()) == {
        "fill_ratio": 700 / 900,
        "free_bytes": 200.0 * 4096,
        "size_bytes": 1000.0 * 4096,
        "inodes_used_ratio": 0.2,
        "read_only": 0.0,
    }


def test_a_file_system_without_inodes_or_space_says_nothing_of_them() -> None:
    values = figures(stat(f_files=0, f_blocks=0, f_bfree=0, f_bavail=0, f_flag=os.ST_RDONLY))
    assert values == {"free_bytes": 0.0, "size_bytes": 0.0, "read_only": 1.0}


def test_images_and_bind_mounts_are_not_measured() -> None:
    mounts = [
        Mount("/dev/loop3", "/snap/core", "squashfs"),
        Mount("/dev/sr0", "/media/cd", "iso9660"),
        Mount("/dev/sda1", "/etc/hosts", "ext4"),
        VIDEO,
        ROOT,
    ]
    assert found(mounts) == [ROOT, VIDEO]


def test_the_mount_of_a_path_is_the_deepest_around_it() -> None:
    assert holding([ROOT, VIDEO], "/mnt/video/2024") == VIDEO
    assert holding([ROOT, VIDEO], "/mnt/video2") == ROOT
    assert holding([VIDEO], "/etc") is None
    over = Mount("/dev/sdc1", "/mnt/video", "ext4")
    assert holding([ROOT, VIDEO, over], "/mnt/video/") == over


def test_ids_are_readable_where_they_can_be() -> None:
    assert volume_id("gate-host", "/") == "gate-host-root"
    assert volume_id("gate-host", "/mnt/video") == "gate-host-mnt-video"


@given(
    st.lists(st.text("/ab-A.é ", min_size=0, max_size=60).map(lambda t: "/" + t), min_size=2, max_size=8, unique=True)
)
def test_ids_of_different_paths_differ_and_are_well_formed(paths: list[str]) -> None:
    ids = [volume_id("gate-host", path) for path in paths]
    for one in ids:
        TypeAdapter(SlugId).validate_python(one)
    assert len(set(ids)) == len({os.fspath(path) for path in paths})


def test_every_disk_is_measured_when_none_is_configured() -> None:
    (collector,) = build(VolumesSettings(), HERE, statvfs=lambda path: stat(), mounts=lambda: [ROOT, VIDEO])
    reading = collector.collect()
    assert [m.device for m in reading.measurements] == ["gate-host-root", "gate-host-mnt-video"]
    assert reading.devices is not None
    assert reading.devices[1].parent == "gate-host"
    assert reading.devices[1].facts == {
        "path": "/mnt/video",
        "role": "system",
        "overwrites": False,
        "fstype": "xfs",
        "device": "/dev/sdb1",
        "mount": "/mnt/video",
    }
    assert collector.collect().devices is None


def test_a_disk_that_fails_does_not_hide_the_others() -> None:
    def broken(path: str) -> Any:
        if path == "/":
            return stat()
        raise OSError(errno.EIO, "Input/output error")

    (collector,) = build(VolumesSettings(), HERE, statvfs=broken, mounts=lambda: [ROOT, VIDEO])
    reading = collector.collect()
    assert [m.device for m in reading.measurements] == ["gate-host-root"]
    assert reading.problem == "/mnt/video: Input/output error"


def test_a_machine_without_disks_says_what_to_do() -> None:
    (collector,) = build(VolumesSettings(), HERE, statvfs=lambda path: stat(), mounts=list)
    with pytest.raises(CollectError, match=r"collectors\.volumes\.volume"):
        collector.collect()


def test_configured_volumes_have_a_collector_each_and_keep_their_names() -> None:
    settings = VolumesSettings(
        volume=(
            Volume(path="/mnt/video", id="video", name="Recordings", role="recording", overwrites=True),
            Volume(path="/"),
        )
    )
    video, system = build(settings, HERE, statvfs=lambda path: stat(), mounts=lambda: [ROOT, VIDEO])
    devices = video.collect().devices
    assert devices is not None
    (device,) = devices
    assert (device.device, device.name, device.facts["overwrites"]) == ("video", "Recordings", True)
    assert [m.device for m in system.collect().measurements] == ["gate-host-root"]


def test_a_missing_path_is_a_problem_and_still_a_device(tmp_path: Path) -> None:
    settings = VolumesSettings(volume=(Volume(path=str(tmp_path / "gone"), id="gone"),))
    (collector,) = build(settings, HERE)
    reading = collector.collect()
    assert "No such file" in reading.problem
    assert reading.devices is not None
    assert reading.devices[0].device == "gone"


def test_a_disk_that_did_not_come_up_is_not_mistaken_for_the_system_volume() -> None:
    settings = VolumesSettings(volume=(Volume(path="/mnt/video", must_be_mounted=True),))
    (collector,) = build(settings, HERE, statvfs=lambda path: stat(), mounts=lambda: [ROOT])
    reading = collector.collect()
    assert reading.problem == "/mnt/video: nothing is mounted there"
    assert not reading.measurements


def test_a_real_run_on_this_machine() -> None:
    (collector,) = build(VolumesSettings(volume=(Volume(path="/"),)), HERE)
    (measurement,) = collector.collect().measurements
    assert 0 < measurement.values["fill_ratio"] <= 1
