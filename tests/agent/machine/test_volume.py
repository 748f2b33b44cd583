"""One volume watched over time: remounts told once, figures that are known, ids."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.machine.mounts import Mount
from agent.machine.volume import REMOUNTED_READ_ONLY, REMOUNTED_READ_WRITE, Unusable, VolumeWatch, figures, volume_id
from wire.ids import SlugId

HOUR = 3600.0
BLOCKS = 1_000_000
VIDEO = Mount("/dev/sdb1", "/mnt/video", "ext4", "rw,errors=remount-ro")
READ_ONLY = VIDEO._replace(options="ro,errors=remount-ro")
SCRIPTED = VIDEO._replace(options="")


class Time:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def mono(self) -> float:
        return self.now


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


def make(
    clock: Time, state: Path | None = None, *, recording: bool = False, overwrites: bool = False, hours: float = 48.0
) -> VolumeWatch:
    return VolumeWatch("video", "/mnt/video", state, clock, hours * HOUR, recording=recording, overwrites=overwrites)


def look(watch: VolumeWatch, mount: Mount | None = VIDEO, **changes: int) -> "tuple[dict[str, float], list[str]]":
    measurement, happenings = watch.look(mount, True, lambda path: stat(**changes))
    return dict(measurement.values), [one.type for one in happenings]


def filling(watch: VolumeWatch, clock: Time, used: "list[int]") -> "dict[str, float]":
    """A reading every half hour; what the last one says."""
    values: dict[str, float] = {}
    for blocks in used:
        clock.now += HOUR / 2
        free = BLOCKS - blocks
        values, _ = look(watch, f_blocks=BLOCKS, f_bfree=free, f_bavail=free)
    return values


def test_space_kept_for_root_counts_as_used() -> None:
    assert figures(stat()) == {
        "fill_ratio": 700 / 900,
        "free_bytes": 200.0 * 4096,
        "size_bytes": 1000.0 * 4096,
        "inodes_used_ratio": 0.2,
    }


def test_a_file_system_without_inodes_or_space_says_nothing_of_them() -> None:
    values = figures(stat(f_files=0, f_blocks=0, f_bfree=0, f_bavail=0))
    assert values == {"free_bytes": 0.0, "size_bytes": 0.0}


def test_a_filling_volume_is_forecast_once_it_is_known_and_not_before() -> None:
    clock = Time()
    watch = make(clock)
    early = filling(watch, clock, [200_000 + i * 1000 for i in range(10)])
    assert "fill_bytes_per_second" not in early
    assert "full_in_days" not in early
    late = filling(watch, clock, [200_000 + i * 1000 for i in range(10, 40)])
    assert late["fill_bytes_per_second"] == pytest.approx(1000 * 4096 / (HOUR / 2))
    assert late["full_in_days"] == pytest.approx((BLOCKS - 239_000) / 1000 / 48)


@pytest.mark.parametrize("step", [0, -1000])
def test_a_volume_that_stands_still_or_shrinks_is_never_full(step: int) -> None:
    clock = Time()
    values = filling(make(clock), clock, [200_000 + i * step for i in range(60)])
    assert values["fill_bytes_per_second"] == pytest.approx(step * 4096 / (HOUR / 2))
    assert "full_in_days" not in values


def test_what_fills_in_a_hundred_years_does_not_fill() -> None:
    clock = Time()
    assert "full_in_days" not in filling(make(clock), clock, [100 + i // 10 for i in range(60)])


def test_a_volume_that_overwrites_is_never_full_whether_configured_or_seen() -> None:
    clock = Time()
    rising = [200_000 + i * 1000 for i in range(60)]
    configured = filling(make(clock, recording=True, overwrites=True), clock, rising)
    assert configured["fill_bytes_per_second"] > 0
    assert "full_in_days" not in configured
    teeth = [930_000 + (i % 4) * 5000 + i * 20 for i in range(60)]
    seen = filling(make(clock, recording=True), clock, teeth)
    assert seen["overwriting"] == 1.0
    assert "full_in_days" not in seen


def test_a_volume_that_holds_no_recordings_says_nothing_of_overwriting() -> None:
    clock = Time()
    assert "overwriting" not in filling(make(clock), clock, [930_000 + (i % 4) * 5000 for i in range(60)])


def test_a_restart_does_not_forget_how_it_filled(tmp_path: Path) -> None:
    clock = Time()
    filling(make(clock, tmp_path), clock, [200_000 + i * 1000 for i in range(30)])
    values = filling(make(clock, tmp_path), clock, [230_000])
    assert values["fill_bytes_per_second"] == pytest.approx(1000 * 4096 / (HOUR / 2))


def test_a_remount_read_only_is_told_once_and_so_is_its_end() -> None:
    watch = make(Time())
    emergency = VIDEO._replace(options="rw,errors=remount-ro,emergency_ro")
    assert [look(watch)[1] for _ in range(3)] == [[], [], []]
    values, events = look(watch, emergency)
    assert (values["read_only"], events) == (1.0, [REMOUNTED_READ_ONLY])
    assert look(watch, emergency)[1] == []
    values, events = look(watch)
    assert (values["read_only"], events) == (0.0, [REMOUNTED_READ_WRITE])
    assert look(watch)[1] == []
    assert look(watch, READ_ONLY)[1] == [REMOUNTED_READ_ONLY]


def test_our_own_mount_turned_read_only_by_a_sandbox_is_no_remount() -> None:
    watch = make(Time())
    look(watch)
    values, events = look(watch, f_flag=os.ST_RDONLY)
    assert (values["read_only"], events, watch.writable) == (0.0, [], True)
    assert look(watch, READ_ONLY, f_flag=os.ST_RDONLY)[1] == [REMOUNTED_READ_ONLY]
    assert look(watch, f_flag=os.ST_RDONLY)[1] == [REMOUNTED_READ_WRITE]


@pytest.mark.parametrize("mount", [SCRIPTED, None])
def test_statvfs_is_believed_where_no_superblock_speaks(mount: "Mount | None") -> None:
    watch = make(Time())
    assert look(watch, mount)[0]["read_only"] == 0.0
    values, events = look(watch, mount, f_flag=os.ST_RDONLY)
    assert (values["read_only"], events) == (1.0, [REMOUNTED_READ_ONLY])


def test_the_event_says_where_and_how() -> None:
    watch = make(Time())
    look(watch)
    _, (event,) = watch.look(READ_ONLY, True, lambda path: stat())
    assert (event.device, dict(event.data)) == ("video", {"path": "/mnt/video", "options": "ro,errors=remount-ro"})


def test_a_volume_that_is_read_only_by_design_is_no_event_and_not_writable() -> None:
    watch = make(Time())
    assert [look(watch, READ_ONLY)[1] for _ in range(3)] == [[], [], []]
    assert not watch.writable
    assert look(watch)[1] == []
    assert watch.writable


def test_a_remount_during_a_restart_is_told_by_the_next_process_and_only_once(tmp_path: Path) -> None:
    look(make(Time(), tmp_path))
    assert look(make(Time(), tmp_path), READ_ONLY)[1] == [REMOUNTED_READ_ONLY]
    assert look(make(Time(), tmp_path), READ_ONLY)[1] == []
    assert look(make(Time(), tmp_path))[1] == [REMOUNTED_READ_WRITE]


def test_a_volume_whose_device_is_gone_gives_no_figures() -> None:
    watch = make(Time())
    with pytest.raises(Unusable, match="its device is gone"):
        look(watch, VIDEO._replace(options="rw,errors=remount-ro,shutdown"))


def test_a_path_that_fails_is_named() -> None:
    def broken(path: str) -> Any:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(Unusable, match=r"^/mnt/video: Input/output error$"):
        make(Time()).look(VIDEO, True, broken)


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
