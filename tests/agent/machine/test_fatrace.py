"""What fatrace prints: whole lines, cut ones, hostile ones; and the real program on this machine."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.collector import CollectError, NotAvailable
from agent.machine import fatrace
from agent.machine.fatrace import Open, Records, Tracer, parse
from agent.tool import SEARCH_PATH
from tests.waiting import wait_until

SAMPLES = Path(__file__).parents[1] / "collectors" / "samples" / "footage"
# fatrace.txt was printed by fatrace 0.17.0 of Debian 12, `-c -f O -t -t`, while files of these names were opened.

AT = b"1795471035.041840 "
LATER = 1795480000.0


def test_what_fatrace_prints_is_read() -> None:
    records = Records()
    complete = records.feed((SAMPLES / "fatrace.txt").read_bytes(), LATER)
    assert [one for one in map(parse, complete) if one is not None] == [
        Open(5972, "bash", "/srv/rec/a.mp4"),
        Open(5981, "cat", "/srv/rec/a.mp4"),
        Open(5982, "ls", "/srv/rec"),
        Open(5983, "cp", "/srv/rec/a.mp4"),
        Open(5983, "cp", "/srv/rec/new\nline(1): O ü \\x.mp4"),
        Open(5984, "ev) il\n(3):O", "/srv/rec/a.mp4"),
        Open(15578, "", "/srv/rec/b.mp4"),
    ]


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"cat(1): O   /no/time",
        AT + b"python(18374): RCO (deleted)",
        AT + b"cat(5981): O   device 8:2 inode 658203",
        AT + b"cat(5981): CW  /srv/rec/a.mp4",
        AT + b"a name far beyond fifteen bytes(5): O   /srv/rec/a.mp4",
    ],
)
def test_what_is_no_open_of_a_known_file_is_none(record: bytes) -> None:
    assert parse(record) is None


def test_a_process_can_not_hide_behind_its_name() -> None:
    own_name = b"(812): O   /srv"  # 15 bytes, as many as the kernel keeps
    assert parse(AT + own_name + b"(5984): O   /srv/rec/a.mp4") == Open(5984, own_name.decode(), "/srv/rec/a.mp4")


def test_a_file_can_not_name_another_process() -> None:
    path = "/srv/rec/x(812): O   /srv/rec/y"
    assert parse(AT + f"cat(5984): O   {path}".encode()) == Open(5984, "cat", path)


def test_names_that_are_no_text_are_kept() -> None:
    one = parse(AT + b"c\xff(1): O   /srv/rec/\xfe.mp4")
    assert one is not None
    assert os.fsencode(one.path) == b"/srv/rec/\xfe.mp4"


def test_records_come_in_any_pieces() -> None:
    text = b"".join(AT + b"cat(%d): O   /srv/rec/%d\n" % (number, number) for number in range(50))
    for size in (1, 7, 40, 1000):
        records = Records()
        found = [one for start in range(0, len(text), size) for one in records.feed(text[start : start + size], LATER)]
        assert [parse(one) for one in found] == [Open(number, "cat", f"/srv/rec/{number}") for number in range(50)]


def test_a_record_whose_name_goes_on_in_the_next_line_is_held_until_it_is_whole() -> None:
    records = Records()
    assert records.feed(AT + b"cat(1): O   /srv/rec/a\n", LATER, whole=False) == []
    assert records.held
    assert records.feed(b"b(1): O   c.mp4\n", LATER, whole=False) == []
    assert records.held
    (one,) = records.feed(b"", LATER)
    assert parse(one) == Open(1, "cat", "/srv/rec/a\nb(1): O   c.mp4")
    assert not records.held


def test_a_line_without_end_is_given_up() -> None:
    records = Records()
    for _ in range(100):
        assert records.feed(b"x" * 1000, LATER) == []
    assert len(records._rest) <= 16 * 1024


def test_without_fatrace_it_is_not_available(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match="apt-get install fatrace"):
        Tracer(str(tmp_path), [], search=str(tmp_path))


def program(folder: Path, body: str) -> str:
    """A search path with a `fatrace` that does as told."""
    path = folder / "fatrace"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:/usr/bin:/bin"


@contextmanager
def traced(folder: Path, body: str) -> Iterator[Tracer]:
    tracer = Tracer(str(folder), [1], search=program(folder, body))
    try:
        yield tracer
    finally:
        tracer.close()


def drained(tracer: Tracer) -> list[Open]:
    opens: list[Open] = []
    deadline = time.monotonic() + 10
    while tracer.running and time.monotonic() < deadline:
        opens += tracer.read(0.2)
    return opens + tracer.read(0.2) + tracer.read(0.2)


def first(tracer: Tracer) -> list[Open]:
    """What is told first, within ten seconds."""
    opens: list[Open] = []
    deadline = time.monotonic() + 10
    while not opens and time.monotonic() < deadline:
        opens = tracer.read(5.0)
    return opens


def test_a_single_line_is_told_without_waiting_for_the_next(tmp_path: Path) -> None:
    line = "1700000000.041840 cat(5981): O   /srv/rec/a.mp4"
    with traced(tmp_path, f"echo '{line}'; exec sleep 60") as tracer:
        began = time.monotonic()
        assert first(tracer) == [Open(5981, "cat", "/srv/rec/a.mp4")]
        assert time.monotonic() - began < 4.0


def test_a_name_that_is_written_in_two_lines_is_told_whole(tmp_path: Path) -> None:
    busy = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done"
    body = f"echo '1700000000.041840 cat(5981): O   /srv/rec/a'; {busy}; echo b.mp4; exec sleep 60"
    with traced(tmp_path, body) as tracer:
        assert first(tracer) == [Open(5981, "cat", "/srv/rec/a\nb.mp4")]


def test_the_reason_it_ends_for_is_kept_however_much_it_complains(tmp_path: Path) -> None:
    loud = "i=0; while [ $i -lt 20000 ]; do echo 'fatrace: open_by_handle_at: Stale file handle' >&2; i=$((i+1)); done"
    with traced(tmp_path, f"{loud}; echo 'fatrace: x: Operation not permitted' >&2; exit 1") as tracer:
        assert drained(tracer) == []
        assert tracer.complaint == "fatrace: x: Operation not permitted"


def test_more_than_the_kernel_queues_within_a_second_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fatrace, "QUEUE_EVENTS", 100)
    line = f"{time.time():.6f} cat(5981): O   /srv/rec/a.mp4"
    with traced(tmp_path, f"yes '{line}' | head -n 500; exec sleep 0.3") as tracer:
        assert len(drained(tracer)) == 500
        assert 1 <= tracer.missed <= 3


def test_records_that_come_late_are_counted_once_a_second(tmp_path: Path) -> None:
    line = f"{time.time() - 5:.6f} cat(5981): O   /srv/rec/a.mp4"
    with traced(tmp_path, f"for i in 1 2 3 4 5; do echo '{line}'; sleep 0.02; done") as tracer:
        assert len(drained(tracer)) == 5
        assert tracer.missed == 1


def test_records_that_come_at_once_are_not_counted(tmp_path: Path) -> None:
    line = f"{time.time():.6f} cat(5981): O   /srv/rec/a.mp4"
    with traced(tmp_path, f"echo '{line}'; echo '{line}'") as tracer:
        assert len(drained(tracer)) == 2
        assert tracer.missed == 0


def test_a_pipe_that_fills_is_counted(tmp_path: Path) -> None:
    line = f"{time.time():.6f} cat(5981): O   /srv/rec/{'a' * 900}.mp4"
    with traced(tmp_path, f"yes '{line}' | head -n 900; touch done; exec sleep 0.3") as tracer:
        tracer._room = 1024 * 1024
        wait_until((tmp_path / "done").exists, what="the pipe is filled")
        assert len(drained(tracer)) == 900
        assert tracer.missed >= 1


@pytest.mark.parametrize(
    "forged",
    [
        b"/\n1795471035.500000 scp(1): O   /srv/rec/cam1/x.mp4",  # the folder's name begins with the line feed
        b"/a\n1700000000.000002 scp(1): O   /srv/rec/cam1/x.mp4",  # before the record it is in
        b"/a\n1795490000.000000 scp(1): O   /srv/rec/cam1/x.mp4",  # not yet
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_folder_can_not_pose_as_a_record(forged: bytes, size: int) -> None:
    text = AT + b"cat(5984): O   /srv/rec" + forged + b"\n" + AT + b"cp(7): O   /srv/rec/b.mp4\n"
    records = Records()
    found = [one for start in range(0, len(text), size) for one in records.feed(text[start : start + size], LATER)]
    told = [parse(one) for one in found]
    assert [one.process for one in told if one is not None] == ["cat", "cp"]
    assert records.doubted == 1


def test_after_the_root_was_opened_records_are_believed() -> None:
    records = Records()
    assert len(records.feed(AT + b"ls(1): O   /\n" + AT + b"cat(2): O   /a\n", LATER)) == 2
    assert records.doubted == 0


def test_after_the_clock_was_set_back_records_are_believed() -> None:
    records = Records()
    assert len(records.feed(AT + b"cat(1): O   /a\n", LATER)) == 1
    assert len(records.feed(b"1795460000.000000 cat(1): O   /a\n", 1795460000.1)) == 1
    assert records.doubted == 0


def test_what_is_not_believed_is_counted_as_missed(tmp_path: Path) -> None:
    at = f"{time.time():.6f}"
    body = f"printf '%s\\n' '{at} cat(5): O   /srv/a' '1700000000.000002 scp(1): O   /srv/rec/x.mp4'"
    with traced(tmp_path, body) as tracer:
        assert drained(tracer) == [Open(5, "cat", "/srv/a")]
        assert tracer.missed == 1


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    search = program(tmp_path, "exec sleep 60")
    with pytest.raises(CollectError, match="No such file"):
        Tracer(str(tmp_path / "gone"), [], search=search)


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with traced(tmp_path, "trap '' TERM; echo; while :; do sleep 1; done") as tracer:
        tracer.read(2.0)
        began = time.monotonic()
    assert time.monotonic() - began < 5.0
    assert not tracer.running


def test_a_refusal_of_the_real_program_is_heard(tmp_path: Path) -> None:
    if shutil.which("fatrace", path=SEARCH_PATH) is None:
        pytest.skip("fatrace is not installed")
    tracer = Tracer("/proc", [])
    assert drained(tracer) == []
    assert "Failed to add watch" in tracer.complaint or "fanotify" in tracer.complaint
    tracer.close()
