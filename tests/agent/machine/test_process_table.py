"""The process table: the kernel's line, names that are meant to confuse, and this machine's own processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.collector import CollectError, NotAvailable
from agent.machine import process_table
from agent.machine.process_table import Process, ProcessTable, parse_stat, read
from tests.waiting import wait_until

# As Linux 6.18 printed it.
STAT = (
    b"8406 (chronyd) S 1 8405 8405 0 -1 4194560 602 0 0 0 3 7 0 0 20 0 1 0 1270941 10465280 "
    b"1038 18446744073709551615 1 1 0 0 0 0 0 4096 17418 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)


def test_the_kernels_line_is_read() -> None:
    parsed = parse_stat(STAT)
    assert parsed is not None
    process, state = parsed
    assert state == "S"
    assert (process.pid, process.parent, process.name) == (8406, 1, "chronyd")
    assert process.start == pytest.approx(1270941 / os.sysconf("SC_CLK_TCK"))
    assert process.cpu == pytest.approx(10 / os.sysconf("SC_CLK_TCK"))
    assert process.rss == 1038 * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("name", ["a) S 1 (b", "((((", ")", " ", "x) Z 0 0", ""])
def test_a_name_may_hold_anything(name: str) -> None:
    parsed = parse_stat(STAT.replace(b"chronyd", name.encode()))
    assert parsed is not None
    assert (parsed[0].name, parsed[0].parent, parsed[1]) == (name, 1, "S")


@pytest.mark.parametrize("raw", [b"", b"8406", STAT[:60], STAT.replace(b"1270941", b"x"), b"x (y) " + b"- " * 40])
def test_what_is_cut_or_no_such_line_is_nothing(raw: bytes) -> None:
    assert parse_stat(raw) is None


def machine(proc: Path, **cmdlines: bytes) -> Path:
    """A /proc with a first process, and one for each command line: p7=b"..."."""
    for pid, cmdline in {"p1": b"init\0", **cmdlines}.items():
        folder = proc / pid[1:]
        folder.mkdir(parents=True)
        (folder / "stat").write_bytes(STAT.replace(b"8406", pid[1:].encode(), 1))
        (folder / "cmdline").write_bytes(cmdline)
    return proc


def test_others_hidden_by_hidepid_are_not_available_and_nobody_is_called_dead(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    with pytest.raises(NotAvailable, match="hidepid"):
        read(tmp_path)


def test_of_more_processes_than_are_read_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(tmp_path, p7=b"a\0", p8=b"b\0")
    monkeypatch.setattr(process_table, "MOST_PROCESSES", 3)
    assert set(read(tmp_path).by_pid) == {1, 7, 8}
    monkeypatch.setattr(process_table, "MOST_PROCESSES", 2)
    with pytest.raises(CollectError, match="3 processes, more than the 2"):
        read(tmp_path)


def test_a_long_name_is_completed_from_the_command_line(tmp_path: Path) -> None:
    table = read(machine(tmp_path, p7=b"/opt/nvr/bin/nvr-recorder-service\0-x\0"))

    def named(name: str) -> str:
        return table.executable(Process(7, 1, name, 0, 0, 0))

    assert named("nvr-recorder-se") == "nvr-recorder-service"
    assert named("another-long-na") == "another-long-na"
    assert named("nvr") == "nvr"


def test_zombies_run_no_more(tmp_path: Path) -> None:
    machine(tmp_path)
    (tmp_path / "9").mkdir()
    (tmp_path / "9/stat").write_bytes(STAT.replace(b") S", b") Z").replace(b"8406", b"9"))
    assert set(read(tmp_path).by_pid) == {1}


def test_units_are_the_control_groups_of_either_version(tmp_path: Path) -> None:
    machine(tmp_path, p7=b"zmc\0", p8=b"zma\0")
    (tmp_path / "7/cgroup").write_text("0::/system.slice/zoneminder.service\n")
    (tmp_path / "8/cgroup").write_text(
        "12:pids:/system.slice/system-nvr.slice/nvr@1.service\n1:name=systemd:/system.slice/nvr@1.service\n"
    )
    table = read(tmp_path)
    assert "zoneminder.service" in table.units(7)
    assert "nvr@1.service" in table.units(8)
    assert table.units(1) == frozenset()


def test_a_family_is_all_below_and_a_ring_of_parents_ends(tmp_path: Path) -> None:
    def one(pid: int, parent: int) -> Process:
        return Process(pid, parent, "x", 0, 0, 0)

    table = ProcessTable([one(1, 0), one(2, 1), one(3, 2), one(4, 3), one(9, 1), one(20, 21), one(21, 20)])
    assert {process.pid for process in table.family([2, 3, 77])} == {2, 3, 4}
    assert {process.pid for process in table.family([20])} == {20, 21}


def test_this_machines_processes_are_read() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()", "a b", ""], stdin=subprocess.PIPE) as child:
        try:
            wait_until(lambda: read().command(child.pid)[-2:] == ("input()", "a b"), what="the child's command line")
            table = read()
            assert table.by_pid[child.pid].parent == os.getpid()
            assert table.by_pid[os.getpid()].rss > 1_000_000
            assert child.pid in {process.pid for process in table.family([os.getpid()])}
        finally:
            child.kill()
    assert child.pid not in read().by_pid
