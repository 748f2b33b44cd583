"""The recordings collector: channels on disk over time, as recorders write them, overwrite them and fail."""

import json
import os
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agent.__main__ import command
from agent.collector import CollectError, Context
from agent.collectors.recordings import GAP, build, channel_id, plugin, printable
from agent.recordings import leaf, walk
from agent.recordings.layout import ROOT
from agent.recordings.settings import RecordingsSettings, StoreSettings
from agent.recordings.spans import merged, without
from tests.agent.recordings.machines import Machine
from tests.agent.recordings.trees import SIZE, T0, record, remove, settle, write
from wire.ids import SlugId
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

HOUR, DAY = 3600, 86_400
FFMPEG = {"layout": "ffmpeg"}


def machine(folder: Path, store: Mapping[str, object] | None = None, **others: object) -> Machine:
    return Machine(folder, dict(store or FFMPEG), others)


def days(machine: Machine, channel: str = "cam", *, count: int = 3, segment: int = 60) -> None:
    """Continuous recording up to now."""
    record(machine.video, machine.layout, channel, T0 - count * DAY, T0, segment)


def test_a_channel_that_records_is_told_whole(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate", "recorder": "nvr-main"})
    days(here, "front_door")
    reading = here.collect()
    assert reading.devices is not None
    (device,) = reading.devices
    assert (device.kind, device.name, device.parent) == (DeviceKind.CHANNEL, "front_door", "nvr-main")
    assert device.facts == {
        "layout": "frigate",
        "path": str(here.video),
        "plan": "continuous",
        "recording_since": (T0 - 3 * DAY) * 1000.0,
    }
    (one,) = reading.measurements
    assert one.device == device.device == channel_id("nvr-1", "front_door")
    assert one.values == {
        "recording_age_seconds": 3.0 * DAY,
        "recording_newest_age_seconds": 0.0,
        "recording_retention_days": 3.0,
        "recording_stalled": 0.0,
        "recording_segments": 3 * 1440,
        "recording_bytes": 3 * 1440 * SIZE,
        "recording_integrity_ratio": 1.0,
        "recording_gaps": 0.0,
        "recording_longest_gap_seconds": 0.0,
        "recording_scan_age_seconds": 0.0,
    }
    assert here.collect(after=30).devices is None


LAYOUTS = ["frigate", "shinobi", "ffmpeg"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ready_layouts_are_read_as_their_recorders_write_them(layout: str, tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": layout}, time_zone="Asia/Shanghai")
    zone = ZoneInfo("UTC" if layout == "frigate" else "Asia/Shanghai")
    for start in range(T0 - 2 * HOUR, T0, 60):
        at = datetime.fromtimestamp(start, zone)
        path = {
            "frigate": f"recordings/{at:%Y-%m-%d}/{at:%H}/gate/{at:%M}.{at:%S}.mp4",
            "shinobi": f"2Df5hBE/gate/{at:%Y-%m-%d}T{at:%H-%M-%S}.mp4",
            "ffmpeg": f"gate/{at:%Y-%m-%d}_{at:%H-%M-%S}.mkv",
        }[layout]
        write(here.video, path, start + 60)
    values = here.values("gate")
    assert values["recording_age_seconds"] == 2 * HOUR
    assert values["recording_segments"] == 120
    assert values["recording_stalled"] == 0


def zoneminder(machine: Machine, scheme: str, monitor: str, number: int, start: int, end: int, *, jpegs: bool) -> None:
    """An event as ZoneMinder keeps it (web/includes/Event.php, src/zm_event.cpp)."""
    at = datetime.fromtimestamp(start, UTC)
    folder = {
        "deep": f"{monitor}/{at:%y/%m/%d/%H/%M/%S}",
        "medium": f"{monitor}/{at:%Y-%m-%d}/{number}",
        "shallow": f"{monitor}/{number}",
    }[scheme]
    write(machine.video, f"{folder}/.{number}", start, 0)
    for frame, moment in enumerate(range(start, end, 10), 1):
        if jpegs:
            write(machine.video, f"{folder}/{frame:05}-capture.jpg", moment)
    if not jpegs:
        write(machine.video, f"{folder}/snapshot.jpg", start + 5, 200)
        write(machine.video, f"{folder}/{number}-video.mp4", end, 60_000)
    os.utime(machine.video / folder, (end, end))
    if scheme == "deep":
        link = machine.video / f"{monitor}/{at:%y/%m/%d}" / f".{number}"
        link.symlink_to(f"{at:%H/%M/%S}")


@pytest.mark.parametrize("jpegs", [False, True], ids=["video", "pictures"])
@pytest.mark.parametrize("scheme", ["deep", "medium", "shallow"])
def test_zoneminder_events_are_read_in_every_scheme(scheme: str, jpegs: bool, tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": f"zoneminder-{scheme}"})
    here.now = T0 + 5
    for number, start in enumerate(range(T0 - 4 * HOUR, T0, 600), 1):
        if start != T0 - 2 * HOUR:
            zoneminder(here, scheme, "7", number, start, start + 600, jpegs=jpegs)
    values = here.values("7")
    assert values["recording_age_seconds"] == 4 * HOUR + 5
    assert values["recording_segments"] == 23
    assert values["recording_newest_age_seconds"] == 5
    assert values["recording_bytes"] == 23 * 60_000
    assert here.gaps() == [(T0 - 2 * HOUR, T0 - 2 * HOUR + 600)]


def test_a_custom_pattern_with_epoch_names_is_read(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "custom", "pattern": "{channel}/seg-%s.ts"})
    record(here.video, here.layout, "gate", T0 - HOUR, T0, 30)
    assert here.values("gate")["recording_segments"] == 120


def test_one_channel_may_have_a_tree_of_its_own(tmp_path: Path) -> None:
    store = {"layout": "custom", "pattern": "%Y%m%d/%H%M%S.mp4", "channel": [{"name": "gate", "id": "cam-gate"}]}
    here = machine(tmp_path, store)
    record(here.video, here.layout, "", T0 - HOUR, T0, 30)
    (one, *_) = here.collect().measurements
    assert (one.device, one.values["recording_segments"]) == ("cam-gate", 120)


# Time passes


def test_a_writer_that_stalls_is_found_in_time_and_its_gap_told_once_it_records_again(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=2, segment=10)
    for _ in range(20):  # silence before
        record(here.video, here.layout, "cam", here.now, here.now + 30, 10)
        assert here.values("cam", after=30)["recording_stalled"] == 0
    stopped = here.now
    while not here.values("cam", after=30)["recording_stalled"]:
        assert here.now - stopped < 120
    assert 60 < here.now - stopped <= 120
    for _ in range(20):
        values = here.values("cam", after=30)
        assert values["recording_stalled"] == 1
    assert values["recording_newest_age_seconds"] == here.now - stopped
    assert here.told == []
    resumed = here.now
    for number in range(20):  # recovery
        record(here.video, here.layout, "cam", here.now, here.now + 30, 10)
        assert here.values("cam", after=30)["recording_stalled"] == 0, number
    (gap,) = here.told
    assert gap.type == GAP
    assert gap.data == {
        "from": stopped * 1000.0,
        "to": resumed * 1000.0,
        "seconds": float(resumed - stopped),
        "plan": "continuous",
    }


def test_a_file_that_grows_is_a_writer_at_work(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg", "segment_seconds": 900})
    record(here.video, here.layout, "cam", T0 - 2 * HOUR, T0, 900)
    here.collect()
    path = here.layout.path("cam", T0, "mp4")
    for step in range(1, 31):
        write(here.video, path, T0 + step * 30, step * 3000)
        values = here.values("cam", after=30)
        assert (values["recording_stalled"], values["recording_newest_age_seconds"]) == (0, 0)
    assert values["recording_bytes"] == 8 * SIZE + 90_000
    assert values["recording_bytes_per_second"] == pytest.approx((90_000 + 4 * SIZE) / HOUR, rel=0.05)
    stalled_at = here.now
    while not here.values("cam", after=30)["recording_stalled"]:
        assert here.now - stalled_at <= 1830
    assert here.now - stalled_at > 900


def test_over_hours_and_midnight_nothing_stalls_and_nothing_is_missed(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"})
    here.now = T0 + 11 * HOUR + HOUR // 2
    record(here.video, here.layout, "cam", T0 + 11 * HOUR, here.now, 10)
    while here.now < T0 + 13 * HOUR:
        # Frigate's files are there some seconds after their end.
        record(here.video, here.layout, "cam", here.now - 20, here.now + 10, 10)
        settle(here.video, here.now)
        values = here.values("cam", after=30)
        assert values["recording_stalled"] == 0
        assert values["recording_newest_age_seconds"] <= 30
        assert values["recording_segments"] == (here.now - 20 - T0 - 11 * HOUR) / 10
    assert here.told == []
    assert values["recording_bytes_per_second"] == pytest.approx(SIZE / 10, rel=0.02)


@pytest.mark.parametrize("killed", [False, True])
def test_a_restart_tells_no_gap_twice_and_forgets_none(killed: bool, tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=2)
    here.collect()
    record(here.video, here.layout, "cam", T0 + 600, T0 + 1200, 60)
    here.collect(after=1200)
    here.restart(killed=killed)
    record(here.video, here.layout, "cam", T0 + 1200, T0 + 1500, 60)
    here.collect(after=300)
    assert here.gaps() == [(T0, T0 + 600)]
    here.restart(killed=killed)
    record(here.video, here.layout, "cam", T0 + 2100, T0 + 2400, 60)
    here.collect(after=900)
    here.restart(killed=killed)
    here.collect(after=30)
    here.collect(after=300)
    assert here.gaps() == [(T0, T0 + 600), (T0 + 1500, T0 + 2100)]


def test_a_stall_over_a_restart_is_one_gap(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=2)
    here.collect()
    here.collect(after=1000)
    here.restart()
    assert here.values("cam", after=30)["recording_stalled"] == 1
    record(here.video, here.layout, "cam", here.now, here.now + 600, 60)
    began = here.now
    here.collect(after=600)
    assert here.gaps() == [(T0, began)]


def test_what_happened_while_the_agent_was_away_is_told(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=2)
    here.collect()
    here.restart()
    record(here.video, here.layout, "cam", T0, T0 + DAY, 60)
    record(here.video, here.layout, "cam", T0 + DAY + HOUR, T0 + 3 * DAY, 60)
    here.collect(after=3 * DAY)
    assert here.gaps() == [(T0 + DAY, T0 + DAY + HOUR)]


def test_what_was_overwritten_while_the_agent_was_away_is_not_missed(tmp_path: Path) -> None:
    here = machine(tmp_path)
    old = record(here.video, here.layout, "cam", T0 - DAY, T0, 60)
    here.collect()
    here.restart()
    remove(old)
    record(here.video, here.layout, "cam", T0 + 5 * DAY, T0 + 7 * DAY, 60)
    here.collect(after=7 * DAY)
    assert here.gaps() == []


@pytest.mark.parametrize("layout", ["ffmpeg", "frigate"])
def test_a_recorder_that_overwrites_its_oldest_is_followed_and_loses_no_integrity(layout: str, tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": layout})
    files = record(here.video, here.layout, "cam", T0 - 30 * HOUR, T0, 60)
    here.collect()
    for _ in range(30):
        files += record(here.video, here.layout, "cam", here.now, here.now + HOUR, 60)
        remove(files[:60])
        del files[:60]
        values = here.values("cam", after=HOUR)
        assert values["recording_retention_days"] == pytest.approx(30 / 24)
        assert values["recording_segments"] == 1800
        assert values.get("recording_integrity_ratio", 1.0) == 1.0
    assert values["recording_integrity_ratio"] == 1.0
    assert here.told == []


def test_recordings_deleted_in_the_middle_are_missed(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    assert here.values("cam")["recording_integrity_ratio"] == 1.0
    noon = T0 - DAY
    for start in range(noon, noon + HOUR, 60):
        (here.video / here.layout.path("cam", start, "mp4")).unlink()
    settle(here.video)
    record(here.video, here.layout, "cam", T0, T0 + 600, 60)
    values = here.values("cam", after=700)
    assert values["recording_integrity_ratio"] == pytest.approx(23 / 24)
    assert (values["recording_gaps"], values["recording_longest_gap_seconds"]) == (1, HOUR)


def test_a_short_history_after_installation_is_no_gap(tmp_path: Path) -> None:
    here = machine(tmp_path)
    record(here.video, here.layout, "cam", T0 - HOUR, T0, 60)
    reading = here.collect()
    (one,) = reading.measurements
    assert "recording_integrity_ratio" not in one.values
    assert one.values["recording_retention_days"] == pytest.approx(1 / 24)
    assert reading.devices is not None
    assert reading.devices[0].facts["recording_since"] == (T0 - HOUR) * 1000.0
    assert here.told == []
    record(here.video, here.layout, "cam", T0, T0 + DAY, 60)
    assert "recording_integrity_ratio" not in here.values("cam", after=DAY)
    record(here.video, here.layout, "cam", T0 + DAY, T0 + 2 * DAY, 60)
    assert here.values("cam", after=DAY)["recording_integrity_ratio"] == 1.0


def berlin(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_on_which_the_clocks_change_are_whole(day: str, hours: int, tmp_path: Path) -> None:
    here = machine(tmp_path, time_zone="Europe/Berlin")
    midnight = berlin(f"{day}T00:00")
    record(here.video, here.layout, "cam", midnight - DAY, midnight + (hours + 6) * HOUR, 60)
    here.now = midnight + (hours + 6) * HOUR
    values = here.values("cam")
    # An hour of names is used twice in autumn: a file of the second hour replaces the one of the first.
    lost = 1 if hours == 25 else 0
    assert values["recording_integrity_ratio"] == pytest.approx((hours - lost) / hours)


def test_files_of_the_hour_that_comes_twice_are_told_apart_by_their_last_change(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg"}, time_zone="Europe/Berlin")
    first = berlin("2026-10-25T02:00")
    record(here.video, here.layout, "cam", first - 2 * DAY, first, 60)
    # Seconds differ between the two hours, as they do when nothing aligns the segments.
    record(here.video, here.layout, "cam", first + 5, first + 3600, 60)
    record(here.video, here.layout, "cam", first + 3600 + 25, first + 7200, 60)
    record(here.video, here.layout, "cam", first + 7200, first + 30 * HOUR, 60)
    here.now = first + 30 * HOUR
    assert here.values("cam")["recording_integrity_ratio"] == pytest.approx(1.0, abs=0.001)
    assert here.told == []


def test_following_by_name_over_the_repeated_hour_loses_nothing(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg"}, time_zone="Europe/Berlin")
    first = berlin("2026-10-25T02:00")
    here.now = first
    record(here.video, here.layout, "cam", first - DAY, first, 60)
    here.collect()
    settle(here.video)
    while here.now < first + 3 * HOUR:
        record(here.video, here.layout, "cam", here.now, here.now + 300, 60)
        assert here.values("cam", after=300)["recording_stalled"] == 0
    assert here.told == []


def test_outside_its_hours_a_scheduled_channel_neither_stalls_nor_gaps(tmp_path: Path) -> None:
    window = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}
    here = machine(tmp_path, {"layout": "ffmpeg", "plan": "scheduled", "window": [window]})
    for back in (5, 4, 1):  # Thursday, Friday, Monday; a morning of Friday's is missing
        day = T0 - 12 * HOUR - back * DAY
        record(here.video, here.layout, "cam", day + (10 if back == 4 else 8) * HOUR, day + 18 * HOUR, 60)
    here.now = T0 - 12 * HOUR + 7 * HOUR
    values = here.values("cam")
    assert (values["recording_stalled"], values["recording_integrity_ratio"]) == (0, 1.0)
    here.now = T0 - 12 * HOUR + 8 * HOUR + 121
    assert here.values("cam")["recording_stalled"] == 1
    record(here.video, here.layout, "cam", T0, T0 + HOUR, 60)
    assert here.values("cam", after=T0 + HOUR - here.now)["recording_stalled"] == 0
    assert here.gaps() == [(T0 - 4 * HOUR, T0)]


def test_of_a_motion_channel_only_age_and_size_are_told(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg", "plan": "motion"})
    for hours in (50, 30, 3):
        write(here.video, here.layout.path("cam", T0 - hours * HOUR, "mp4"), T0 - hours * HOUR + 40)
    values = here.values("cam")
    assert not {"recording_stalled", "recording_gaps", "recording_integrity_ratio"} & values.keys()
    assert values["recording_age_seconds"] == 50 * HOUR
    assert values["recording_newest_age_seconds"] == 3 * HOUR - 40
    assert here.told == []


def test_a_channel_that_must_be_there_and_never_recorded_stalls(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg", "channel": [{"name": "gone", "title": "Loading bay"}]})
    days(here)
    reading = here.collect()
    assert reading.devices is not None
    assert {device.name for device in reading.devices} == {"cam", "Loading bay"}
    values = here.values("gone", after=30)
    assert (values["recording_stalled"], values["recording_segments"]) == (0, 0)
    assert "recording_age_seconds" not in values
    assert here.values("gone", after=120)["recording_stalled"] == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["record", "record", "rest", "overwrite", "restart", "kill"]), st.integers(1, 40)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["ffmpeg", "frigate"]), STEPS)
def test_whatever_happens_the_figures_are_those_of_the_disk_and_gaps_are_told_once(
    layout: str, steps: list[tuple[str, int]]
) -> None:
    with TemporaryDirectory() as folder:
        here = machine(Path(folder), {"layout": layout})
        files = record(here.video, here.layout, "cam", T0 - HOUR, T0, 60)
        recorded = [(T0 - HOUR, T0)]
        here.collect()
        for what, minutes in [*steps, ("record", 30)]:
            if what in {"restart", "kill"}:
                here.restart(killed=what == "kill")
            elif what == "overwrite":
                remove(files[: min(minutes, len(files) - 5)])
                del files[: min(minutes, len(files) - 5)]
            for _ in range(minutes if what in {"record", "rest"} else 0):
                if what == "record":
                    files += record(here.video, here.layout, "cam", here.now, here.now + 60, 60)
                    recorded.append((here.now, here.now + 60))
                values = here.values("cam", after=60)
        assert values["recording_segments"] == len(files)
        oldest = here.layout.starts(here.layout.where(files[0].relative_to(here.video).parts[:-1]) or ROOT)(
            files[0].name
        )
        assert oldest is not None
        assert values["recording_age_seconds"] == here.now - oldest[1]
        holes = without([(T0, here.now)], merged(recorded))
        assert here.gaps() == [hole for hole in holes if hole[1] - hole[0] >= 300]


# Disks that fail


def test_a_missing_folder_is_a_problem_and_not_a_lack_of_recordings(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    before = here.values("cam")
    here.video.rename(tmp_path / "away")
    reading = here.collect(after=30)
    assert reading.measurements == ()
    assert "No such file" in reading.problem
    (tmp_path / "away").rename(here.video)
    after = here.values("cam", after=30)
    assert after["recording_segments"] == before["recording_segments"]


def test_an_empty_mount_point_is_a_problem_and_the_index_is_kept(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    here.video.rename(tmp_path / "away")
    here.video.mkdir()
    reading = here.collect(after=30)
    assert reading.measurements == ()
    assert "is the disk mounted?" in reading.problem
    here.restart()
    assert "is the disk mounted?" in here.collect(after=30).problem
    here.video.rmdir()
    (tmp_path / "away").rename(here.video)
    entries = here.disk.entries
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440
    assert here.disk.entries - entries < 10_000


@pytest.mark.parametrize("looks", [1, 2, 3, 5, 10, 100, 1000, 4000])
def test_a_disk_pulled_out_in_the_middle_of_a_scan_leaves_the_index_as_it_was(looks: int, tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    before = here.values("cam")
    record(here.video, here.layout, "cam", T0, T0 + 60, 60)
    here.disk.gone_after = looks
    reading = here.collect(after=60)
    if here.disk.gone_after < 0:
        assert reading.measurements == ()
        assert reading.problem
    here.disk.gone_after = None
    after = here.values("cam")
    assert after["recording_segments"] == before["recording_segments"] + 1
    assert after["recording_age_seconds"] == before["recording_age_seconds"] + 60
    assert here.told == []


def test_a_disk_pulled_out_is_told_though_its_folders_are_still_answered_for_from_memory(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    before = here.values("cam")
    here.disk.pulled = True
    for _ in range(2):
        reading = here.collect(after=30)
        assert (reading.measurements, reading.problem) == ((), f"{here.video}: mounted, but its device is gone")
    here.disk.pulled = False
    assert here.values("cam", after=30)["recording_segments"] == before["recording_segments"]
    assert here.told == []


def test_a_disk_that_fails_says_so_and_nothing_of_its_channels(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"})
    days(here)
    here.collect()
    here.disk.broken = "/recordings/"
    reading = here.collect(after=60)
    assert reading.measurements == ()
    assert "Input/output error" in reading.problem
    here.disk.broken = ""
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440


def test_a_channel_that_may_not_be_read_is_unknown_and_the_others_are_told(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, "open")
    days(here, "shut")
    here.disk.refused = "/shut"
    reading = here.collect()
    assert [one.device for one in reading.measurements] == ["nvr-1-open"]
    assert reading.problem == f"{here.video}/shut: Permission denied"
    here.disk.refused = ""
    assert here.values("shut", after=30)["recording_segments"] == 3 * 1440


def test_recordings_that_must_lie_on_another_file_system_do(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg", "must_be_mounted": True})
    days(here, count=1)
    if here.disk.root(str(here.video)).st_dev == here.disk.root("/").st_dev:
        assert here.collect().problem == f"{here.video}: nothing is mounted there"
    else:
        assert here.values("cam")["recording_segments"] == 1440


def test_an_index_that_is_garbage_is_begun_afresh(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    here.collector.close()
    (file,) = (tmp_path / "state").glob("*.db")
    file.write_bytes(b"no index" * 1000)
    here.restart()
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440


def test_an_index_that_another_still_has_is_waited_for_and_not_thrown_away(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    before = here.collector
    here.collector = here._built()
    with pytest.raises(CollectError, match="locked"):
        here.collect(after=30)
    before.close()
    entries = here.disk.entries
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440
    assert here.disk.entries - entries < 10_000


def test_an_index_of_another_layout_is_begun_afresh(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    here.restart()
    here.store = {"layout": "custom", "pattern": "{channel}/%F_%H-%M-%S.{ext}"}
    here.restart()
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440


def test_a_state_folder_that_can_not_be_written_costs_memory_only(tmp_path: Path) -> None:
    here = machine(tmp_path)
    (tmp_path / "state").write_text("in the way")
    days(here)
    assert here.values("cam")["recording_segments"] == 3 * 1440


def test_an_index_that_fails_while_it_is_used_fails_the_run_and_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("agent.recordings.index.Index.begin", full)
        with pytest.raises(CollectError, match="disk is full"):
            here.collect(after=30)
    assert here.values("cam", after=30)["recording_segments"] == 3 * 1440


def test_without_a_clock_nothing_is_told(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.now = 1000
    with pytest.raises(CollectError, match="clock is not set"):
        here.collect()
    here.now = T0
    assert here.values("cam")["recording_segments"] == 3 * 1440


def test_an_index_made_under_a_clock_that_ran_ahead_is_begun_afresh(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.now = T0 + 400 * DAY
    here.collect()
    here.restart()
    here.now = T0
    values = here.values("cam")
    assert (values["recording_age_seconds"], values["recording_stalled"]) == (3 * DAY, 0)


# What lies in trees beside recordings


def test_a_file_from_2080_does_not_count_and_is_told_as_a_fact(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    write(here.video, "cam/2080-01-01_00-00-00.mp4", T0)
    reading = here.collect()
    (one,) = reading.measurements
    assert one.values["recording_segments"] == 3 * 1440
    assert one.values["recording_newest_age_seconds"] == 0
    assert reading.devices is not None
    assert reading.devices[0].facts["future_dated"] is True


def test_files_without_content_are_no_recordings_until_they_have_some(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    empty = record(here.video, here.layout, "cam", T0, T0 + 600, 60, size=0)
    values = here.values("cam", after=600)
    assert values["recording_segments"] == 3 * 1440
    assert values["recording_stalled"] == 1
    assert values["recording_newest_age_seconds"] == 600
    for number, file in enumerate(empty):
        write(here.video, str(file.relative_to(here.video)), T0 + (number + 1) * 60)
    (here.video / "cam").touch()
    values = here.values("cam", after=10)
    assert values["recording_segments"] == 3 * 1440 + 10
    assert values["recording_stalled"] == 0


def test_rows_of_empty_files_of_old_are_found_at_the_first_scan(tmp_path: Path) -> None:
    here = machine(tmp_path)
    record(here.video, here.layout, "cam", T0 - 40 * HOUR, T0 - 20 * HOUR, 60, size=0)
    record(here.video, here.layout, "cam", T0 - 20 * HOUR, T0, 60)
    values = here.values("cam")
    assert (values["recording_segments"], values["recording_age_seconds"]) == (1200, 20 * HOUR)


def test_links_and_odd_things_are_left_alone(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=1)
    outside = tmp_path / "outside"
    record(outside, here.layout, "secret", T0 - DAY, T0, 60)
    (here.video / "linked").symlink_to(outside / "secret")
    (here.video / "cam" / "2020-01-01_00-00-00.mp4").symlink_to(outside / "secret" / "x.mp4")
    os.mkfifo(here.video / "cam" / "2020-01-02_00-00-00.mp4")
    (here.video / "cam" / "2020-01-03_00-00-00.mp4").mkdir()
    write(here.video, "cam/notes.txt", T0)
    write(here.video, "stray.mp4", T0)
    reading = here.collect()
    assert [one.device for one in reading.measurements] == ["nvr-1-cam"]
    assert reading.measurements[0].values["recording_age_seconds"] == DAY


def test_a_folder_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here, count=1)
    here.collect()
    (here.video / "cam").rename(tmp_path / "moved")
    (here.video / "cam").symlink_to(tmp_path / "moved")
    (here.video / "other").mkdir()
    values = here.values("cam", after=30)
    assert values["recording_segments"] == 0


@pytest.mark.parametrize(
    "name", [b"new\nline", b"\xff\xfe", b"%s", b"'; DROP TABLE piece; --", b"\x1b[31m", "摄像头".encode()]
)
def test_hostile_names_are_channels_like_others(name: bytes, tmp_path: Path) -> None:
    here = machine(tmp_path)
    record(here.video, here.layout, os.fsdecode(name), T0 - HOUR, T0, 60)
    reading = here.collect()
    assert reading.devices is not None
    (device,) = reading.devices
    assert device.name.isprintable()
    device.model_dump_json().encode()
    assert reading.measurements[0].values["recording_segments"] == 60
    here.restart()
    assert here.collect(after=30).measurements[0].values["recording_segments"] == 60


def test_more_channels_than_can_be_watched_are_said(tmp_path: Path) -> None:
    here = machine(tmp_path)
    for number in range(258):
        write(here.video, here.layout.path(f"cam{number}", T0 - 60, "mp4"), T0)
    reading = here.collect()
    assert len(reading.measurements) == 256
    assert "more than 256 channels" in reading.problem


def test_a_folder_of_ever_new_names_is_held_in_part_and_known_channels_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaf, "MOST_NAMES", 3)
    here = machine(tmp_path, {"layout": "custom", "pattern": "%Y/{channel}-%s.mp4"})
    for name in "ab":
        write(here.video, here.layout.path(name, T0 - 60, "mp4"), T0)
    here.collect()
    for number in range(40):
        write(here.video, here.layout.path(f"{number:02}", T0, "mp4"), T0 + 60)
    for name in "ab":
        write(here.video, here.layout.path(name, T0, "mp4"), T0 + 60)
    reading = here.collect(after=60)
    told = {one.device: one.values["recording_segments"] for one in reading.measurements}
    assert told["nvr-1-a"] == told["nvr-1-b"] == 2
    assert len(told) <= 5


def test_a_cut_listing_of_folders_is_said_and_drops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine(tmp_path, {"layout": "frigate"})
    days(here, count=3)
    before = here.values("cam")
    monkeypatch.setattr(walk, "MOST_BELOW", 2)
    settle(here.video, T0 - 86_400)
    for _ in range(2):
        reading = here.collect()
        assert "more than 2 folders" in reading.problem
        assert reading.measurements[0].values["recording_segments"] == before["recording_segments"]
    monkeypatch.undo()
    settle(here.video, T0 - 2 * 86_400)
    assert here.values("cam").items() >= before.items()


def test_only_listed_channels_are_watched_where_that_is_asked(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "ffmpeg", "discover": False, "channel": [{"name": "b"}]})
    for name in "abc":
        days(here, name, count=1)
    assert [one.device for one in here.collect().measurements] == ["nvr-1-b"]


# What a scan costs


def test_a_large_tree_is_read_over_several_runs_and_told_when_it_is_known(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"}, entries_per_run=500)
    days(here)
    settle(here.video)
    values = here.values("cam")
    assert values["recording_stalled"] == 0
    assert "recording_age_seconds" not in values
    runs = 1
    while "recording_age_seconds" not in values:
        entries = here.disk.entries
        values = here.values("cam", after=30)
        assert here.disk.entries - entries < 800
        runs += 1
    assert 5 <= runs <= 20
    assert values["recording_retention_days"] == pytest.approx(3, abs=0.01)
    assert here.told == []


def test_a_scan_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"}, entries_per_run=500)
    days(here)
    settle(here.video)
    for _ in range(4):
        here.collect(after=30)
    read = here.disk.entries
    here.restart()
    while "recording_age_seconds" not in here.values("cam", after=30):
        pass
    assert here.disk.entries < 6000
    assert read > 1500


def test_what_does_not_change_is_not_listed_again(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"})
    days(here)
    settle(here.video)
    here.collect()
    entries, looks = here.disk.entries, here.disk.looks
    for _ in range(10):
        here.collect(after=5)
    assert here.disk.entries == entries
    assert here.disk.looks - looks < 10 * 50


def test_a_large_flat_folder_is_followed_by_name_and_not_listed_again(tmp_path: Path) -> None:
    here = machine(tmp_path)
    files = record(here.video, here.layout, "cam", T0 - DAY, T0, 10)
    settle(here.video)
    here.collect()
    entries = here.disk.entries
    for _ in range(10):
        files += record(here.video, here.layout, "cam", here.now, here.now + 30, 10)
        remove(files[:3])
        del files[:3]
        values = here.values("cam", after=30)
        assert values["recording_stalled"] == 0
        assert values["recording_segments"] == 8640
        assert values["recording_age_seconds"] == DAY
    # Once more than needed at most: the folder was new at the first run.
    assert here.disk.entries - entries <= 8640 + 20
    assert values["recording_bytes"] == pytest.approx(8640 * SIZE, rel=0.01)


def test_a_round_over_all_finds_what_was_changed_in_the_past(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"}, round_hours=0.5)
    days(here, count=2)
    settle(here.video)
    here.collect()
    remove([here.video / here.layout.path("cam", T0 - DAY + second, "mp4") for second in range(60, HOUR // 2, 60)])
    count = 0.0
    for _ in range(70):
        if here.now % 60 == 0:
            record(here.video, here.layout, "cam", here.now, here.now + 60, 60)
        values = here.values("cam", after=30)
        count = values["recording_segments"]
    assert count == 2 * 1440 + 35 - 29
    assert values["recording_scan_age_seconds"] < HOUR


def test_a_stop_leaves_what_can_wait(tmp_path: Path) -> None:
    here = machine(tmp_path, {"layout": "frigate"})
    days(here)
    here.collector.interrupt()
    assert here.collect().problem == ""
    here.collector.close()
    here.collector.close()


# Contract


def test_everything_sent_is_declared_and_of_channels(tmp_path: Path) -> None:
    here = machine(tmp_path)
    days(here)
    here.collect()
    record(here.video, here.layout, "cam", T0 + 600, T0 + 1200, 60)
    sent = set(here.values("cam", after=1200))
    assert sent == set(plugin.metrics)
    assert all(DeviceKind.CHANNEL in BY_NAME[name].kinds for name in plugin.metrics)
    assert {one.type for one in here.told} == set(plugin.events)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=2, max_size=6, unique=True))
def test_ids_of_different_channels_differ_and_are_well_formed(names: list[str]) -> None:
    ids = [channel_id("nvr-1", name) for name in names]
    for one in ids:
        TypeAdapter(SlugId).validate_python(one)
    assert len(set(ids)) == len(names)


@given(st.binary(min_size=1, max_size=40))
def test_names_are_shown_whatever_they_are(name: bytes) -> None:
    assert printable(os.fsdecode(name)).isprintable()


@pytest.mark.parametrize(
    "store",
    [
        {"layout": "custom"},
        {"layout": "ffmpeg", "pattern": "{channel}/%s.mp4"},
        {"layout": "custom", "pattern": "{channel}/%Y.mp4"},
        {"layout": "custom", "pattern": "%s.mp4"},
        {"layout": "ffmpeg", "names_in": "Mars/Olympus"},
        {"layout": "ffmpeg", "plan": "scheduled"},
        {"layout": "ffmpeg", "channel": [{"name": "a"}, {"name": "a"}]},
        {"layout": "ffmpeg", "channel": [{"name": "../etc"}]},
        {"layout": "ffmpeg", "command": "rm"},
    ],
)
def test_settings_that_can_not_work_are_refused(store: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StoreSettings.model_validate({"path": "/video", **store})


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="Mars"):
        RecordingsSettings(time_zone="Mars/Olympus")


def test_without_stores_there_is_nothing_to_collect() -> None:
    assert build(RecordingsSettings(), Context(agent="gate", host="nvr-1")) == []


def test_the_command_line_shows_a_whole_tree_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = int(datetime.now(UTC).timestamp())
    here = machine(tmp_path)
    record(here.video, here.layout, "cam", now - HOUR, now, 60)
    config = tmp_path / "agent.toml"
    config.write_text(
        f'site = "s"\nagent = "gate"\nstate_dir = "{tmp_path}/s"\n[broker]\nhost = "127.0.0.1"\n'
        f'[collectors.recordings]\ntime_zone = "UTC"\n[[collectors.recordings.store]]\npath = "{here.video}"\n'
        'layout = "ffmpeg"\n'
    )
    assert command(["collect", "recordings", "--config", str(config), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["measurements"][0]["values"]["recording_segments"] == 60
