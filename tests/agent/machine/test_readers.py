"""Who reads: told from the recorder's own processes and what they start, and from ourselves."""

import os
import subprocess
from pathlib import Path

import pytest

from agent.machine.readers import UNKNOWN, Reader, Readers, Rule


def process(
    proc: Path, pid: int, name: str, *, parent: int = 1, uid: int = 0, exe: str = "", unit: str = "x", state: str = "S"
) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    numbers = " ".join(["0"] * 30)
    (folder / "stat").write_text(f"{pid} ({name}) {state} {parent} {numbers}\n")
    (folder / "status").write_text(f"Name:\t{name}\nUid:\t7\t{uid}\t{uid}\t{uid}\n")
    (folder / "cgroup").write_text(f"0::/system.slice/{unit}\n")
    (folder / "exe").unlink(missing_ok=True)
    if exe:
        (folder / "exe").symlink_to(exe)


def readers(proc: Path, *rules: Rule) -> Readers:
    return Readers(rules, proc, own=999)


def test_a_reader_is_a_program_and_a_user(tmp_path: Path) -> None:
    process(tmp_path, 5, "cat", exe="/usr/bin/cat")
    process(tmp_path, 6, "frigate", uid=4_000_000, exe="/usr/bin/python3.11 (deleted)")
    one = readers(tmp_path)
    assert one.who(5, "cat") == Reader("cat", "root")
    assert one.who(6, "frigate") == Reader("python3.11", "4000000")


def test_without_the_right_to_see_it_the_name_it_gives_itself_has_to_do(tmp_path: Path) -> None:
    process(tmp_path, 5, "cat")
    assert readers(tmp_path).who(5, "cat") == Reader("cat", "root")


def test_one_that_has_ended_is_told_by_its_name_and_one_that_was_seen_before_as_before(tmp_path: Path) -> None:
    one = readers(tmp_path)
    assert one.who(5, "cp") == Reader("cp", UNKNOWN)
    assert one.who(6, "") == Reader(UNKNOWN, UNKNOWN)
    process(tmp_path, 7, "cp", exe="/usr/bin/cp")
    assert one.who(7, "cp") == Reader("cp", "root")
    process(tmp_path, 7, "cp", state="Z")
    one._kept[7, "cp"] = (float("-inf"), one._kept[7, "cp"][1])
    assert one.who(7, "cp") == Reader("cp", "root")


@pytest.mark.parametrize(
    ("rule", "excused"),
    [
        (Rule(program="ffmpeg"), True),
        (Rule(program="ffmpeg", user="root"), True),
        (Rule(program="ffmpeg", user="0"), True),
        (Rule(program="ffmpeg", user="nobody"), False),
        (Rule(unit="frigate.service"), True),
        (Rule(unit="system.slice"), True),
        (Rule(unit="other.service"), False),
        (Rule(user="root"), True),
        (Rule(program="other"), False),
        (Rule(), False),
    ],
)
def test_a_rule_excuses_those_of_whom_all_holds(rule: Rule, excused: bool, tmp_path: Path) -> None:
    process(tmp_path, 5, "ffmpeg", exe="/usr/lib/ffmpeg", unit="frigate.service")
    assert (readers(tmp_path, rule).who(5, "ffmpeg") is None) is excused


def test_a_long_name_is_matched_as_far_as_the_kernel_keeps_it(tmp_path: Path) -> None:
    process(tmp_path, 5, "surveillance-st")
    assert readers(tmp_path, Rule(program="surveillance-station")).who(5, "surveillance-st") is None
    assert readers(tmp_path, Rule(program="surveillance-station")).who(6, "surveillance-st") is None


def test_what_the_recorder_starts_is_the_recorders_and_what_we_start_is_ours(tmp_path: Path) -> None:
    process(tmp_path, 5, "recorder")
    process(tmp_path, 6, "sh", parent=5)
    process(tmp_path, 7, "ffprobe", parent=6)
    process(tmp_path, 999, "agent")
    process(tmp_path, 8, "smartctl", parent=999)
    one = readers(tmp_path, Rule(program="recorder"))
    assert [one.who(pid, name) for pid, name in ((7, "ffprobe"), (999, "agent"), (8, "smartctl"))] == [None] * 3
    process(tmp_path, 10, "loop", parent=11)
    process(tmp_path, 11, "loop", parent=10)
    assert one.who(10, "loop") == Reader("loop", "root")


def test_one_that_ended_is_excused_by_name_only_where_the_rule_asks_for_no_more(tmp_path: Path) -> None:
    assert readers(tmp_path, Rule(program="ffprobe")).who(5, "ffprobe") is None
    assert readers(tmp_path, Rule(program="ffprobe", user="root")).who(5, "ffprobe") == Reader("ffprobe", UNKNOWN)


def test_a_real_process_is_read() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        reader = Readers([], own=0).who(child.pid, "sleep")
        assert reader is not None
        assert reader.program in {"sleep", "busybox", "coreutils"}
        assert Readers([], own=os.getpid()).who(child.pid, "sleep") is None
    finally:
        child.kill()
        child.wait()
