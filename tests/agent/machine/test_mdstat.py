"""Arrays in /proc/mdstat, of every level and state."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.machine.mdstat import Array, Member, parse

SAMPLES = Path(__file__).parents[1] / "collectors/samples/disks"


def sample(name: str) -> "dict[str, Array]":
    return {array.name: array for array in parse((SAMPLES / f"mdstat_{name}.txt").read_text())}


def test_whole_arrays_of_four_levels() -> None:
    arrays = sample("whole")
    assert {name: (one.level, one.state, one.wanted, one.working) for name, one in arrays.items()} == {
        "md0": ("raid1", "active", 2, 2),
        "md127": ("raid10", "active", 4, 4),
        "md2": ("raid0", "active", 2, 2),
        "md3": ("linear", "active", 2, 2),
    }
    assert (arrays["md127"].action, arrays["md127"].progress) == ("check", 0.126)
    assert arrays["md0"].size_bytes == 523264 * 1024
    assert arrays["md0"].members == (Member("sdb1", 1), Member("sda1", 0))


def test_a_rebuild_with_a_failed_disk_and_a_spare() -> None:
    array = sample("degraded")["md1"]
    assert (array.wanted, array.working) == (3, 2)
    assert (array.action, array.progress) == ("recovery", 0.284)
    assert {member.name: member.flags for member in array.members if member.flags} == {"sdd1": "S", "sdc1": "F"}


def test_a_resync_that_waits_has_no_progress() -> None:
    array = sample("degraded")["md4"]
    assert (array.action, array.progress, array.wanted, array.working) == ("resync", None, 4, 4)
    assert not array.read_only, "auto-read-only ends with the first write"


def test_read_only_and_broken_arrays() -> None:
    arrays = sample("degraded")
    assert arrays["md5"].read_only
    assert arrays["md5"].working == 1
    assert (arrays["md6"].state, arrays["md6"].running) == ("broken", False)


def test_an_array_that_did_not_start_has_no_level_and_no_counts() -> None:
    arrays = sample("inactive")
    assert set(arrays) == {"md9"}, "a container of firmware RAID is no array"
    assert (arrays["md9"].state, arrays["md9"].level, arrays["md9"].wanted) == ("inactive", "", None)
    assert len(arrays["md9"].members) == 2


def test_an_array_within_a_container_is_one() -> None:
    arrays = sample("imsm")
    assert {name: (one.level, one.working) for name, one in arrays.items()} == {"md126": ("raid1", 2)}


@pytest.mark.parametrize("text", ["", "Personalities : \nunused devices: <none>\n", "md0\nmd1 :\n", "x" * 10_000])
def test_nothing_or_nonsense_is_no_array(text: str) -> None:
    assert parse(text) == []


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    parse(f"md0 : active raid1 {text}\n      {text}\n")
