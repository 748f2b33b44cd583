"""The kernel's neighbour table."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.network.neighbours import Neighbour, parse, plain_mac, read

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


def test_who_answered_is_a_neighbour_and_who_did_not_is_none() -> None:
    table = (
        HEAD
        + "10.0.0.21        0x1         0x2         44:19:B6:00:00:01     *        eth0\n"
        + "10.0.0.22        0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        + "10.0.0.23        0x1         0x6         3c:ef:8c:00:00:02     *        br0.7\n"
    )
    assert parse(table) == [
        Neighbour("10.0.0.21", "44:19:b6:00:00:01", "eth0"),
        Neighbour("10.0.0.23", "3c:ef:8c:00:00:02", "br0.7"),
    ]


def test_lines_that_are_none_are_passed_over() -> None:
    good = "10.0.0.21 0x1 0x2 44:19:b6:00:00:01 * eth0\n"
    bad = ["", "10.0.0.1", "10.0.0.300 0x1 0x2 44:19:b6:00:00:01 * eth0", "10.0.0.1 0x1 zz 44:19:b6:00:00:01 * eth0"]
    bad += ["10.0.0.1 0x1 0x2 01:00:5e:00:00:01 * eth0", "10.0.0.1 0x1 0x2 00:00 * eth0"]
    assert [one.address for one in parse(HEAD + "\n".join(bad) + "\n" + good)] == ["10.0.0.21"]


@pytest.mark.parametrize("text", ["44:19:B6:00:00:0a", "44-19-b6-00-00-0A", "4419.b600.000a", " 4419b600000a "])
def test_a_hardware_address_is_taken_however_it_is_written(text: str) -> None:
    assert plain_mac(text) == "44:19:b6:00:00:0a"


@pytest.mark.parametrize(
    "text", ["", "44:19:b6", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "x" * 12]
)
def test_what_belongs_to_nobody_is_no_hardware_address(text: str) -> None:
    assert plain_mac(text) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=400))
def test_any_text_is_a_table(text: str) -> None:
    for one in parse(HEAD + text):
        assert plain_mac(one.mac) == one.mac


def test_this_machines_neighbours_are_read(tmp_path: Path) -> None:
    assert all(plain_mac(one.mac) for one in read())
    assert read(tmp_path / "none") == []
