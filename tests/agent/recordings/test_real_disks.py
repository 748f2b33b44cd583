"""On real disks with a real recorder: an ext4 that is pulled out, and ffmpeg's segment muxer."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.collector import Context, Reading
from agent.collectors.recordings import Store, build
from agent.machine.mounts import every_mount
from agent.recordings.disk import Disk, Entry
from agent.recordings.settings import RecordingsSettings
from tests.agent.collectors.loop_disk import loop_disk as shut_down_able
from tests.agent.recordings.machines import Machine
from tests.agent.recordings.trees import T0, record
from tests.waiting import wait_until

DAY = 86_400


def run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


@pytest.fixture
def loop_disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An ext4 in a file, and where to mount it."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    image, point = tmp_path / "disk.img", tmp_path / "video"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    run("mkfs.ext4", "-q", "-N", "8192", str(image))
    try:
        run("mount", "-o", "loop", str(image), str(point))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device can be mounted here: {error.stderr.decode().strip()}")
    try:
        yield image, point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)


class PulledDisk(Disk):
    """A real disk that is unmounted, lazily, while its folders are listed."""

    def __init__(self, point: Path) -> None:
        super().__init__()
        self.point = point
        self.pull_at: int | None = None

    def listing(self, path: str, *, root: bool = False) -> Iterator[Entry]:
        for entry in super().listing(path, root=root):
            if self.pull_at is not None and self.entries >= self.pull_at:
                self.pull_at = None
                run("umount", "-l", str(self.point))
            yield entry


@pytest.mark.parametrize("layout", ["ffmpeg", "frigate"])
@pytest.mark.parametrize("must_be_mounted", [False, True])
def test_a_disk_unmounted_in_the_middle_of_a_scan_is_a_problem_and_all_goes_on_when_it_is_back(
    layout: str, must_be_mounted: bool, loop_disk: tuple[Path, Path], tmp_path: Path
) -> None:
    image, point = loop_disk
    disk = PulledDisk(point)
    settings = RecordingsSettings.model_validate(
        {
            "time_zone": "UTC",
            "store": [{"path": str(point), "layout": layout, "must_be_mounted": must_be_mounted}],
        }
    )
    now = T0

    def opened() -> Store:
        context = Context(agent="a", host="h", state=tmp_path / "state")
        (store,) = build(settings, context, wall=lambda: float(now), disk=lambda: disk)
        assert isinstance(store, Store)
        return store

    def files(reading: Reading) -> list[float]:
        assert reading.problem == ""
        return [one.values["recording_segments"] for one in reading.measurements]

    names = settings.store[0].layout_in(settings.site())
    record(point, names, "cam", T0 - 2 * DAY, T0, 120)
    store = opened()
    assert files(store.collect()) == [1440]
    record(point, names, "cam", T0, T0 + 600, 120)
    now += 600
    disk.pull_at = disk.entries + 1
    reading = store.collect()
    assert disk.pull_at is None
    assert reading.measurements == ()
    assert reading.problem.startswith(str(point))
    now += 30
    reading = store.collect()
    assert (reading.measurements, bool(reading.problem)) == ((), True)
    store.close()
    store = opened()
    assert store.collect().measurements == ()
    run("mount", "-o", "loop", str(image), str(point))
    now += 30
    reading = store.collect()
    assert files(reading) == [1445]
    assert reading.measurements[0].values["recording_integrity_ratio"] == 1.0
    assert list(reading.happenings) == []
    store.close()


def test_a_disk_pulled_out_is_a_problem_though_the_kernel_tells_its_folders_from_memory(tmp_path: Path) -> None:
    with shut_down_able(tmp_path) as disk:
        settings = RecordingsSettings.model_validate(
            {"time_zone": "UTC", "store": [{"path": str(disk.mount), "layout": "ffmpeg", "must_be_mounted": True}]}
        )
        context = Context(agent="a", host="h", state=tmp_path / "state")
        (store,) = build(settings, context, wall=lambda: float(T0))
        record(disk.mount, settings.store[0].layout_in(settings.site()), "cam", T0 - DAY, T0, 600)
        assert store.collect().problem == ""
        disk.shut_down()
        if not any(mount.mountpoint == str(disk.mount) and "shutdown" in mount.options for mount in every_mount()):
            pytest.skip("this kernel does not tell a shut down ext4 in its mount table (Linux 6.15 does)")
        reading = store.collect()
        assert (reading.measurements, list(reading.happenings)) == ((), [])
        assert reading.problem == f"{disk.mount}: mounted, but its device is gone"
        disk.detach()
        assert store.collect().problem == f"{disk.mount}: nothing is mounted there"
        disk.attach()
        reading = store.collect()
        assert reading.problem == ""
        assert list(reading.happenings) == []
        store.close()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_what_ffmpeg_records_is_seen_and_that_it_was_killed(tmp_path: Path) -> None:
    here = Machine(tmp_path, {"layout": "ffmpeg", "names_in": "UTC"}, now=int(time.time()))
    (here.video / "gate").mkdir()
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10"]
    command += ["-c:v", "mpeg4", "-g", "10", "-f", "segment", "-segment_time", "1", "-strftime", "1"]
    command += ["-reset_timestamps", "1", f"{here.video}/gate/%Y-%m-%d_%H-%M-%S.mkv"]
    with subprocess.Popen(command, env={**os.environ, "TZ": "UTC"}) as recorder:
        try:

            def recorded() -> bool:
                here.now = int(time.time())
                return here.values("gate").get("recording_segments", 0) >= 5

            wait_until(recorded, 30, "five segments")
            values = here.values("gate")
            assert values["recording_stalled"] == 0
            assert values["recording_newest_age_seconds"] <= 2
            assert values["recording_bytes"] > 1000
            assert here.collector._index is not None
            assert here.collector._index.channels["gate"].segment in {1, 2}
        finally:
            recorder.send_signal(signal.SIGKILL)
    stopped = here.now
    assert here.values("gate", after=30)["recording_stalled"] == 0
    while not here.values("gate", after=30)["recording_stalled"]:
        assert here.now - stopped < 120
    assert here.values("gate", after=30)["recording_newest_age_seconds"] > 100
