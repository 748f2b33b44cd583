"""The volumes collector: which disks it watches, what it says of those that are gone, and real file systems."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.collector import CollectError, Collector, Context, Reading, discover
from agent.collectors.volumes import BELONGS_SECONDS, Mount, Volume, VolumesSettings, build, plugin, plugin_with
from agent.machine.volume import REMOUNTED_READ_ONLY, REMOUNTED_READ_WRITE
from tests.agent.collectors.loop_disk import LoopDisk, loop_disk
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

HERE = Context(agent="gate", host="gate-host")
ROOT = Mount("/dev/sda1", "/", "ext4")
VIDEO = Mount("/dev/sdb1", "/mnt/video", "xfs")


class Time:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def mono(self) -> float:
        return self.now


def stat(path: str = "") -> Any:
    figures = {"f_blocks": 1000, "f_bfree": 300, "f_bavail": 200, "f_files": 500, "f_ffree": 400, "f_flag": 0}
    return SimpleNamespace(f_frsize=4096, **figures)


def values_of(reading: Reading) -> "dict[str, float]":
    (measurement,) = reading.measurements
    return dict(measurement.values)


def events_of(reading: Reading) -> "list[str]":
    return [event.type for event in reading.happenings]


def test_all_that_is_sent_is_declared_and_in_the_catalogue() -> None:
    assert discover()["volumes"] is plugin
    assert all(DeviceKind.VOLUME in BY_NAME[name].kinds for name in plugin.metrics)
    clock = Time()
    settings = VolumesSettings(volume=(Volume(path="/mnt/video", role="recording"),))
    (collector,) = build(settings, HERE, statvfs=stat, mounts=lambda: [ROOT, VIDEO], clock=clock)
    for _ in range(120):
        clock.now += 1800.0
        sent = values_of(collector.collect())
    assert set(sent) < set(plugin.metrics)
    assert set(plugin.metrics) - set(sent) == {"full_in_days"}


def test_every_disk_is_measured_when_none_is_configured() -> None:
    (collector,) = build(VolumesSettings(), HERE, statvfs=stat, mounts=lambda: [ROOT, VIDEO])
    reading = collector.collect()
    assert [m.device for m in reading.measurements] == ["gate-host-root", "gate-host-mnt-video"]
    assert reading.devices is not None
    told = {device.device: device for device in reading.devices}
    assert told["gate-host-mnt-video"].parent == "gate-host"
    assert told["gate-host-mnt-video"].facts == {
        "path": "/mnt/video",
        "role": "system",
        "overwrites": False,
        "writable": True,
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


def test_a_mount_point_that_fits_no_message_does_not_hide_the_others() -> None:
    odd = ROOT._replace(device="/dev/sdc1", mountpoint="/media/\udcff")
    (collector,) = build(VolumesSettings(), HERE, statvfs=stat, mounts=lambda: [ROOT, odd])
    reading = collector.collect()
    assert [m.device for m in reading.measurements] == ["gate-host-root"]
    assert reading.problem == r"'/media/\udcff': not measured, the path is no printable UTF-8"


def test_a_machine_without_disks_says_what_to_do() -> None:
    (collector,) = build(VolumesSettings(), HERE, statvfs=stat, mounts=list)
    with pytest.raises(CollectError, match=r"collectors\.volumes\.volume"):
        collector.collect()


def devices_of(reading: Reading) -> "list[str]":
    return [device.device for device in reading.devices or ()]


def found_collector(clock: Time, mounted: "list[Mount]", state: Path | None = None, *forget: str) -> Collector:
    context = Context(agent="gate", host="gate-host", state=state)
    settings = VolumesSettings(forget=forget)
    (collector,) = build(settings, context, statvfs=stat, mounts=lambda: list(mounted), clock=clock)
    return collector


def test_a_found_disk_that_vanishes_is_missed_until_it_is_back(tmp_path: Path) -> None:
    clock, mounted = Time(), [ROOT, VIDEO]
    collector = found_collector(clock, mounted, tmp_path)
    assert collector.collect().problem == ""
    clock.now += BELONGS_SECONDS
    assert collector.collect().problem == ""
    mounted.remove(VIDEO)
    reading = collector.collect()
    assert reading.problem == "/mnt/video: is mounted no more"
    assert [m.device for m in reading.measurements] == ["gate-host-root"]
    assert reading.devices is None, "the inventory still has it"
    # A restart does not forget it, nor does the inventory.
    again = found_collector(clock, mounted, tmp_path)
    reading = again.collect()
    assert reading.problem == "/mnt/video: is mounted no more"
    assert devices_of(reading) == ["gate-host-root", "gate-host-mnt-video"]
    mounted.append(VIDEO)
    assert again.collect().problem == ""
    mounted.remove(VIDEO)
    forgetful = found_collector(clock, mounted, tmp_path, "/mnt/video")
    reading = forgetful.collect()
    assert (reading.problem, devices_of(reading)) == ("", ["gate-host-root"])


def test_what_was_mounted_for_a_moment_or_by_a_desktop_is_not_missed() -> None:
    clock = Time()
    stick = Mount("/dev/sdc1", "/run/media/guard/STICK", "vfat")
    mounted = [ROOT, stick]
    collector = found_collector(clock, mounted)
    collector.collect()
    clock.now += BELONGS_SECONDS * 2
    mounted.append(VIDEO)
    collector.collect()
    mounted[:] = [ROOT]
    reading = collector.collect()
    assert (reading.problem, devices_of(reading)) == ("", ["gate-host-root"])


def test_configured_volumes_have_a_collector_each_and_keep_their_names() -> None:
    settings = VolumesSettings(
        volume=(
            Volume(path="/mnt/video", id="video", name="Recordings", role="recording", overwrites=True),
            Volume(path="/"),
        )
    )
    video, system = build(settings, HERE, statvfs=stat, mounts=lambda: [ROOT, VIDEO])
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
    assert devices_of(reading) == ["gone"]


def test_a_disk_that_did_not_come_up_is_not_mistaken_for_the_system_volume() -> None:
    settings = VolumesSettings(volume=(Volume(path="/mnt/video", must_be_mounted=True),))
    (collector,) = build(settings, HERE, statvfs=stat, mounts=lambda: [ROOT])
    reading = collector.collect()
    assert reading.problem == "/mnt/video: nothing is mounted there"
    assert not reading.measurements


@pytest.mark.parametrize(("must", "problem"), [(None, "/mnt/video: nothing is mounted there any more"), (False, "")])
def test_what_was_once_a_mount_point_has_to_stay_one_unless_told_otherwise(
    must: "bool | None", problem: str, tmp_path: Path
) -> None:
    mounted = [ROOT, VIDEO]
    context = Context(agent="gate", host="gate-host", state=tmp_path)
    settings = VolumesSettings(volume=(Volume(path="/mnt/video", must_be_mounted=must),))
    (collector,) = build(settings, context, statvfs=stat, mounts=lambda: mounted)
    assert collector.collect().problem == ""
    mounted.remove(VIDEO)
    assert collector.collect().problem == problem
    (after_boot,) = build(settings, context, statvfs=stat, mounts=lambda: mounted)
    assert after_boot.collect().problem == problem


def test_a_folder_of_the_system_volume_may_be_watched_too() -> None:
    settings = VolumesSettings(volume=(Volume(path="/srv/recordings"),))
    (collector,) = build(settings, HERE, statvfs=stat, mounts=lambda: [ROOT])
    assert collector.collect().problem == ""
    assert collector.collect().problem == ""


def test_another_machines_figures_can_be_told(tmp_path: Path) -> None:
    scripted = plugin_with(stat, lambda: [ROOT])
    (collector,) = scripted.build(VolumesSettings(), HERE)
    assert [m.device for m in collector.collect().measurements] == ["gate-host-root"]
    assert scripted.metrics == plugin.metrics


def test_a_real_run_on_this_machine() -> None:
    (collector,) = build(VolumesSettings(volume=(Volume(path="/"),)), HERE)
    assert 0 < values_of(collector.collect())["fill_ratio"] <= 1


# Real file systems


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[LoopDisk]:
    with loop_disk(tmp_path) as made:
        yield made


def watching(disk: LoopDisk, tmp_path: Path) -> Collector:
    context = Context(agent="gate", host="gate-host", state=tmp_path / "state")
    volume = Volume(path=str(disk.mount), id="video", role="recording")
    (collector,) = build(VolumesSettings(volume=(volume,)), context)
    return collector


def test_a_real_volume_is_seen_to_fill_to_the_brim(disk: LoopDisk, tmp_path: Path) -> None:
    collector = watching(disk, tmp_path)
    empty = values_of(collector.collect())
    with (disk.mount / "recording").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1024 * 1024))
    full = values_of(collector.collect())
    assert empty["fill_ratio"] < 0.1
    # Not quite all of it: ext4 keeps some clusters for itself.
    assert full["fill_ratio"] > 0.95
    assert full["free_bytes"] < 0.05 * full["size_bytes"]
    assert full["size_bytes"] == empty["size_bytes"]


def test_a_real_volume_runs_out_of_inodes_with_space_to_spare(disk: LoopDisk, tmp_path: Path) -> None:
    collector = watching(disk, tmp_path)
    before = values_of(collector.collect())["inodes_used_ratio"]
    with suppress(OSError):
        for number in range(10_000):
            (disk.mount / f"{number}").touch()
    after = values_of(collector.collect())
    assert before < 0.1
    assert after["inodes_used_ratio"] == 1.0
    assert after["fill_ratio"] < 0.2


def test_a_real_remount_read_only_and_back(disk: LoopDisk, tmp_path: Path) -> None:
    collector = watching(disk, tmp_path)
    assert events_of(collector.collect()) == []
    disk.remount("ro")
    reading = collector.collect()
    assert (values_of(reading)["read_only"], events_of(reading)) == (1.0, [REMOUNTED_READ_ONLY])
    assert events_of(collector.collect()) == []
    disk.remount("rw")
    reading = collector.collect()
    assert (values_of(reading)["read_only"], events_of(reading)) == (0.0, [REMOUNTED_READ_WRITE])
    assert events_of(collector.collect()) == []


def test_a_real_volume_mounted_read_only_by_design_is_no_event(disk: LoopDisk, tmp_path: Path) -> None:
    disk.detach()
    disk.attach("ro")
    collector = watching(disk, tmp_path)
    reading = collector.collect()
    assert (values_of(reading)["read_only"], events_of(reading)) == (1.0, [])
    assert reading.devices is not None
    assert reading.devices[0].facts["writable"] is False


SANDBOX = """
import json, os, sys
from pathlib import Path
from agent.collector import Context
from agent.collectors.volumes import Volume, VolumesSettings, build

path, state = sys.argv[1:]
context = Context(agent="gate", host="gate-host", state=Path(state))
(collector,) = build(VolumesSettings(volume=(Volume(path=path, id="video", role="recording"),)), context)
reading = collector.collect()
(measurement,) = reading.measurements
flag = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
print(json.dumps([flag, measurement.values["read_only"], [event.type for event in reading.happenings]]))
"""


def in_sandbox(disk: LoopDisk, tmp_path: Path) -> "list[Any]":
    """One run under a mount that alone is read-only, as ProtectSystem=strict makes it: statvfs's flag, ours, events."""
    shell = 'mount -o remount,bind,ro "$1" && exec "$0" -c "$3" "$1" "$2"'
    inside = ["sh", "-c", shell, sys.executable, str(disk.mount), str(tmp_path / "state"), SANDBOX]
    done = subprocess.run(["unshare", "-m", *inside], capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


def test_a_real_sandbox_makes_no_volume_read_only_but_a_real_remount_shows_in_it(
    disk: LoopDisk, tmp_path: Path
) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, timeout=30).returncode != 0:
        pytest.skip("this machine makes no mount namespaces")
    assert values_of(watching(disk, tmp_path).collect())["read_only"] == 0.0
    assert in_sandbox(disk, tmp_path) == [True, 0.0, []]
    disk.remount("ro")
    assert in_sandbox(disk, tmp_path) == [True, 1.0, [REMOUNTED_READ_ONLY]]
    disk.remount("rw")
    assert in_sandbox(disk, tmp_path) == [True, 0.0, [REMOUNTED_READ_WRITE]]


def test_a_real_error_of_the_file_system_makes_it_read_only(disk: LoopDisk, tmp_path: Path) -> None:
    """errors=remount-ro. From Linux 6.15 on statvfs does not tell, only the mount table does."""
    collector = watching(disk, tmp_path)
    collector.collect()
    try:
        disk.fail()
    except OSError as error:
        pytest.skip(f"ext4 can't be made to fail here: {error}")
    with pytest.raises(OSError, match="Read-only"):
        (disk.mount / "recording").touch()
    reading = collector.collect()
    assert (values_of(reading)["read_only"], events_of(reading)) == (1.0, [REMOUNTED_READ_ONLY])
    (event,) = reading.happenings
    assert "ro" in str(event.data["options"])


def test_a_real_volume_shut_down_as_by_a_pulled_plug_gives_no_figures(disk: LoopDisk, tmp_path: Path) -> None:
    collector = watching(disk, tmp_path)
    collector.collect()
    try:
        disk.shut_down()
    except OSError as error:
        pytest.skip(f"ext4 can't be shut down here: {error}")
    if "shutdown" not in Path("/proc/self/mountinfo").read_text():
        pytest.skip("this kernel does not tell of a shut-down ext4 in the mount table")
    assert os.statvfs(disk.mount).f_blocks > 0, "statvfs alone would go on as if nothing had happened"
    reading = collector.collect()
    assert reading.problem == f"{disk.mount}: mounted, but its device is gone"
    assert not reading.measurements


@pytest.mark.parametrize("lazily", [False, True])
def test_a_real_unmount_beneath_the_collector_gives_a_problem_and_no_values(
    disk: LoopDisk, tmp_path: Path, lazily: bool
) -> None:
    collector = watching(disk, tmp_path)
    assert collector.collect().problem == ""
    with (disk.mount / "open").open("wb") if lazily else nullcontext():
        disk.detach(lazily)
        reading = collector.collect()
    assert reading.problem == f"{disk.mount}: nothing is mounted there any more"
    assert not reading.measurements
    assert reading.devices is None, "the inventory still has it as it was"
    disk.attach()
    reading = collector.collect()
    assert reading.problem == ""
    assert values_of(reading)["read_only"] == 0.0
