"""Interfaces: which are watched, what their link is, and rates between two readings."""

from pathlib import Path

import pytest

from agent.machine.interfaces import MOST_INTERFACES, Choice, Counters, Link, Watch, link, rates
from tests.agent.machine.sysfs import interface, lay_out


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    virtual = {key: value for key, value in interface("br-lan").items() if "/device/" not in key}
    files = interface("eth0") | interface("eth1", flags="0x1002") | interface("can0", kind=280) | virtual
    return lay_out(tmp_path, files | {key.replace("br-lan", "veth1a"): value for key, value in virtual.items()})


PRESENT = ["veth1a", "eth1", "eth0", "can0", "br-lan"]


def test_physical_interfaces_that_are_switched_on_are_watched(sysfs: Path) -> None:
    assert list(Watch(Choice(), sysfs).look(PRESENT)) == ["eth0"]


def test_others_are_watched_when_asked_for_and_none_that_is_excluded(sysfs: Path) -> None:
    assert list(Watch(Choice(include=["br-*", "eth1"]), sysfs).look(PRESENT)) == ["br-lan", "eth0", "eth1"]
    assert list(Watch(Choice(include=["br-*"], exclude=["eth*"]), sysfs).look(PRESENT)) == ["br-lan"]


def test_one_that_vanishes_stays_without_a_link_and_comes_back(sysfs: Path) -> None:
    watch = Watch(Choice(), sysfs)
    up = Link(up=True, speed=1e9)
    assert watch.look(PRESENT) == {"eth0": up}
    assert watch.look(["eth1"]) == {"eth0": Link(up=False)}
    assert watch.look(PRESENT) == {"eth0": up}


def test_their_number_is_bounded(tmp_path: Path) -> None:
    names = [f"eth{number}" for number in range(50)]
    for name in names:
        lay_out(tmp_path, interface(name))
    assert len(Watch(Choice(), tmp_path).look(names)) == MOST_INTERFACES


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"speed": 2500}, Link(up=True, speed=2.5e9)),
        ({"speed": -1}, Link(up=True)),
        ({"speed": 65535}, Link(up=True)),
        ({"speed": 4294967295}, Link(up=True)),
        ({"state": "unknown", "speed": ""}, Link(up=True)),
        ({"carrier": 0, "state": "down", "speed": 10}, Link(up=False)),
        ({"state": "dormant"}, Link(up=False)),
    ],
)
def test_the_link_is_what_the_driver_says(tmp_path: Path, attributes: dict[str, int], expected: Link) -> None:
    lay_out(tmp_path, interface("eth0", **attributes))  # type: ignore[arg-type]  # values by parameter name
    assert link("eth0", tmp_path) == expected


def test_rates_are_those_between_two_readings() -> None:
    before, after = Counters(1000, 50, 1, 0), Counters(3000, 150, 1, 20)
    assert rates(before, after, 10.0) == {
        "network_receive_bytes_per_second": 200.0,
        "network_transmit_bytes_per_second": 10.0,
        "network_errors_per_second": 0.0,
        "network_drops_per_second": 2.0,
    }


def test_nothing_is_said_of_one_that_came_went_or_counted_back() -> None:
    some = Counters(10, 10, 0, 0)
    assert rates(None, some, 10.0) == rates(some, None, 10.0) == rates(some, some, 0.0) == {}
    assert rates(some, Counters(5, 20, 0, 0), 10.0) == {}
