import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua import storage
from agent.dahua.table import parse
from agent.recorder.model import Drive

BODY = b"""
list.info[0].Detail[0].IsError=false
list.info[0].Detail[0].Path=/dev/sda0
list.info[0].Detail[0].TotalBytes=2495680086016.000000
list.info[0].Detail[0].UsedBytes=2495680086016.000000
list.info[0].Detail[1].IsError=false
list.info[0].Detail[1].TotalBytes=4319913984.000000
list.info[0].Detail[1].UsedBytes=0.000000
list.info[0].HealthDataFlag=0
list.info[0].Name=/dev/sda
list.info[0].State=Success
"""


def test_a_disk_is_the_sum_of_its_partitions() -> None:
    assert storage.drives(parse(BODY)) == [
        Drive("/dev/sda", True, True, "Success", size_bytes=2.5e12, free_bytes=4319913984.0)
    ]


def test_two_disks_of_one_name_are_two() -> None:
    found = storage.drives(parse(b"list.info[0].Name=/dev/sda\nlist.info[1].Name=/dev/sda\nlist.info[2].State=Success"))
    assert [drive.token for drive in found] == ["/dev/sda", "/dev/sda 2", "3"]


def test_older_firmware_names_its_list_shorter() -> None:
    older = BODY.replace(b"list.info[", b"list[")
    assert storage.drives(parse(older)) == storage.drives(parse(BODY))


@pytest.mark.parametrize(
    ("state", "healthy", "present"),
    [
        ("Success", True, True),
        ("Running", True, True),
        ("Sleeping", True, True),
        ("Error", False, True),
        ("Failure", False, True),
        ("Degraded", False, True),
        ("NotExist", False, False),
        ("Initializing", None, True),
        ("", None, True),
    ],
)
def test_the_recorders_word_for_a_disk(state: str, healthy: bool | None, present: bool) -> None:
    found = storage.drives(parse(f"list.info[0].Name=/dev/sda\nlist.info[0].State={state}".encode()))
    assert [(drive.healthy, drive.present, drive.status, drive.size_bytes) for drive in found] == [
        (healthy, present, state, None)
    ]


def test_a_broken_partition_is_a_broken_disk() -> None:
    found = storage.drives(parse(BODY.replace(b"Detail[1].IsError=false", b"Detail[1].IsError=true")))
    assert [(drive.healthy, drive.status) for drive in found] == [(False, "error")]


def test_a_size_in_another_unit_is_not_taken_for_bytes() -> None:
    found = storage.drives(parse(b"list.info[0].Name=a\nlist.info[0].Detail[0].TotalBytes=3815447"))
    assert found[0].size_bytes is None


def test_no_disks_are_an_empty_list() -> None:
    assert storage.drives(parse(b"")) == []


def test_overwriting_is_found_wherever_it_is_kept() -> None:
    group = parse(b"table.StorageGroup[0].Name=ReadWrite\ntable.StorageGroup[0].OverWrite=true")
    assert storage.overwrites(group) is True
    assert storage.overwrites({}, {"table.general.overwrite": "false"}) is False
    assert storage.overwrites(group, {"table.storagegroup[1].overwrite": "false"}) is False
    assert storage.overwrites({}) is None


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.text(max_size=20)), max_size=10))
def test_any_values_give_drives(values: list[tuple[int, int, str]]) -> None:
    lines = [
        f"list.info[{n}].{name}={text}"
        for n, part, text in values
        for name in ("State", f"Detail[{part}].TotalBytes", f"Detail[{part}].UsedBytes", f"Detail[{part}].IsError")
    ]
    for drive in storage.drives(parse("\n".join(lines).encode(errors="replace"))):
        assert drive.free_bytes is None or drive.free_bytes >= 0


@pytest.mark.parametrize("figure", ["1.7e308", "1e18"])
def test_what_no_disk_can_hold_is_no_size(figure: str) -> None:
    lines = [f"list.info[0].Detail[{n}].{name}={figure}" for n in range(2) for name in ("TotalBytes", "UsedBytes")]
    (drive,) = storage.drives(parse("\n".join(["list.info[0].Name=sda", *lines]).encode()))
    assert (drive.size_bytes, drive.free_bytes) == (None, None)
