"""Each line once, whatever happens to the file and to us."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.doors import line_file
from agent.doors.line_file import FileTrouble, LineFile, Mark
from agent.doors.lines import MAX_LINE
from agent.memory import Memory


class Writer:
    """A program that appends numbered lines, and whoever rotates its file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "doors.jsonl"
        self.count = 0

    def write(self, lines: int = 1, end: str = "\n") -> list[str]:
        texts = [f"line {self.count + number}" for number in range(lines)]
        self.count += lines
        with self.path.open("a") as file:
            file.write("".join(f"{text}{end}" for text in texts))
        return texts

    def rename(self) -> None:
        for number in (2, 1):
            old = self.path.with_name(f"doors.jsonl.{number}")
            if old.exists():
                old.replace(self.path.with_name(f"doors.jsonl.{number + 1}"))
        self.path.replace(self.path.with_name("doors.jsonl.1"))
        self.path.touch()

    def copy_and_truncate(self) -> None:
        shutil.copy(self.path, self.path.with_name("doors.jsonl.1"))
        os.truncate(self.path, 0)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def opened(writer: Writer) -> LineFile:
    return LineFile(writer.path, Memory(writer.path.parent / "state", "lines", Mark))


def told(file: LineFile) -> list[str]:
    """What it reads; kept, as the runner does."""
    lines = [line.decode().strip() for _, line in file.read().lines]
    file.keep()
    return lines


def test_it_starts_at_the_end_and_reads_on(writer: Writer) -> None:
    writer.write(3)
    file = opened(writer)
    assert told(file) == []
    assert told(file) == []
    assert writer.write(2) == told(file)
    assert told(file) == []


def test_a_file_that_comes_later_is_read_from_its_beginning(writer: Writer) -> None:
    file = opened(writer)
    with pytest.raises(FileTrouble, match="is not there"):
        file.read()
    assert writer.write(2) == told(file)


def test_a_line_counts_when_it_is_whole(writer: Writer) -> None:
    writer.write(1)
    writer.write(1, end="")
    file = opened(writer)
    assert told(file) == []
    with writer.path.open("a") as appended:
        appended.write(" and its end\nhalf")
    assert told(file) == ["line 1 and its end"]
    assert told(file) == []
    with writer.path.open("a") as appended:
        appended.write(" more\n")
    assert told(file) == ["half more"]


def test_a_restart_goes_on_where_it_was(writer: Writer) -> None:
    writer.write()
    told(opened(writer))
    first = writer.write(2)
    assert told(opened(writer)) == first
    second = writer.write(2)
    assert told(opened(writer)) == second
    assert told(opened(writer)) == []


def test_what_was_not_kept_is_read_again_after_a_kill(writer: Writer) -> None:
    writer.write()
    told(opened(writer))
    lines = writer.write(2)
    killed = opened(writer)
    assert [line.decode().strip() for _, line in killed.read().lines] == lines
    assert told(opened(writer)) == lines
    assert told(opened(writer)) == []


def test_nothing_is_lost_over_a_rotation(writer: Writer) -> None:
    writer.write()
    file = opened(writer)
    told(file)
    before = writer.write(2)
    writer.rename()
    after = writer.write(2)
    assert told(file) == before + after
    assert told(file) == []


def test_nothing_is_lost_over_a_rotation_while_the_agent_was_down(writer: Writer) -> None:
    writer.write()
    told(opened(writer))
    before = writer.write(2)
    writer.rename()
    after = writer.write(2)
    assert told(opened(writer)) == before + after


def test_a_last_line_without_an_end_counts_when_its_file_was_rotated(writer: Writer) -> None:
    writer.write()
    file = opened(writer)
    told(file)
    before = writer.write(1, end="")
    writer.rename()
    assert told(file) == before


def test_nothing_is_lost_over_a_copy_and_truncation(writer: Writer) -> None:
    writer.write(5)
    file = opened(writer)
    told(file)
    before = writer.write(2)
    writer.copy_and_truncate()
    after = writer.write(2)
    assert told(file) == before + after
    assert told(file) == []


def test_a_truncated_file_that_has_outgrown_our_place_is_known_by_its_beginning(writer: Writer) -> None:
    writer.write(1)
    file = opened(writer)
    told(file)
    os.truncate(writer.path, 0)
    assert writer.write(50) == told(file)


def test_another_file_with_the_same_inode_is_known_by_its_beginning(writer: Writer) -> None:
    writer.write(2)
    file = opened(writer)
    told(file)
    inode = writer.path.stat().st_ino
    writer.path.write_text("another\nfile\nwith more in it than the one before\n")
    assert writer.path.stat().st_ino == inode
    assert told(file) == ["another", "file", "with more in it than the one before"]


def test_a_day_file_behind_a_link_is_finished_before_the_next(tmp_path: Path) -> None:
    link, monday, tuesday = tmp_path / "today", tmp_path / "mon", tmp_path / "tue"
    monday.write_text("old\n")
    link.symlink_to(monday)
    file = LineFile(link, Memory(None, "lines", Mark))
    assert told(file) == []
    with monday.open("a") as appended:
        appended.write("late on monday\n")
    tuesday.write_text("early on tuesday\n")
    link.unlink()
    link.symlink_to(tuesday)
    assert told(file) == ["late on monday", "early on tuesday"]


def test_a_line_that_is_too_long_is_told_once_and_passed_over(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.path.touch()
    file = opened(writer)
    told(file)
    with writer.path.open("ab") as appended:
        appended.write(b"x" * 200_000)
    (first,) = file.read().lines
    assert len(first[1]) == MAX_LINE + 1
    file.keep()
    assert told(opened(writer)) == []
    with writer.path.open("ab") as appended:
        appended.write(b"its end\nfine\n")
    assert told(opened(writer)) == ["fine"]


def test_a_backlog_is_read_piece_by_piece_and_whole(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_file, "MAX_ROUND", 1000)
    monkeypatch.setattr(line_file, "_CHUNK", MAX_LINE)
    writer.path.touch()
    file = opened(writer)
    told(file)
    lines = writer.write(2000)
    writer.rename()
    lines += writer.write(2000)
    got: list[str] = []
    rounds = 0
    while batch := told(file):
        assert len(batch) < 1000
        got += batch
        rounds += 1
    assert got == lines
    assert rounds > 5


def test_what_is_no_ordinary_file_makes_nobody_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileTrouble, match="no ordinary file"):
        LineFile(pipe, Memory(None, "lines", Mark)).read()
    with pytest.raises(FileTrouble):
        LineFile(tmp_path, Memory(None, "lines", Mark)).read()


def test_a_spoilt_memory_means_starting_at_the_end(writer: Writer) -> None:
    writer.write()
    told(opened(writer))
    (writer.path.parent / "state" / "lines.json").write_text("{")
    writer.write()
    assert told(opened(writer)) == []


class Follows(RuleBasedStateMachine):
    """Written, rotated and restarted in any order: what is read is what was written, once and in order."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.writer = Writer(Path(self.folder.name))
        self.writer.path.touch()
        self.file = opened(self.writer)
        told(self.file)
        self.written: list[str] = []
        self.got: list[str] = []
        self.rotated = False
        self.empty = True  # as far as we read it

    @rule(lines=st.integers(1, 5))
    def write(self, lines: int) -> None:
        self.written += self.writer.write(lines)

    @rule(copied=st.booleans())
    def rotate(self, copied: bool) -> None:
        # Not promised: two rotations between two looks, and knowing the copy of what was empty when we looked.
        if self.rotated or (copied and self.empty):
            self.look()
        if copied:
            self.writer.copy_and_truncate()
        else:
            self.writer.rename()
        self.rotated = self.empty = True

    @rule()
    def look(self) -> None:
        self.got += told(self.file)
        self.rotated = False
        self.empty = self.writer.path.stat().st_size == 0

    @rule()
    def restart(self) -> None:
        self.file = opened(self.writer)

    @rule()
    def killed_before_it_was_kept(self) -> None:
        self.file.read()
        self.file = opened(self.writer)

    @invariant()
    def a_beginning_of_what_was_written_is_read(self) -> None:
        assert self.got == self.written[: len(self.got)]

    def teardown(self) -> None:
        self.look()
        assert self.got == self.written
        self.folder.cleanup()


TestFollows = Follows.TestCase
TestFollows.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_what_is_no_file_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("agent.doors.line_file.os.open", lambda *given: opened.append(given))
    with pytest.raises(FileTrouble, match="/dev/null is no ordinary file"):
        LineFile(Path("/dev/null"), Memory(tmp_path, "lines", Mark)).read()
    assert opened == [], "a watchdog would begin to count, a tape to wind"
