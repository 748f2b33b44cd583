"""The analyst's process: what hostile pictures can do to it, and that it costs one picture."""

import io
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from agent.collector import NotAvailable
from agent.pictures.darkroom import Darkroom, Stopped
from agent.pictures.header import NotAPicture
from simulator.pictures import Place
from tests.waiting import wait_until

GOOD = Place(3).picture()

_IMPORTS = """import sys, os, time, resource
sys.path.insert(0, sys.argv[1])
def say(what):
    sys.stdin.buffer.readline()
    os.write(1, what)
    time.sleep(60)
"""


@pytest.fixture
def darkroom() -> Iterator[Darkroom]:
    room = Darkroom()
    yield room
    room.close()


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_picture_is_developed_by_a_process_of_its_own(darkroom: Darkroom) -> None:
    assert darkroom.develop(GOOD).width == 640
    pid = darkroom.pid
    assert pid is not None
    assert pid != os.getpid()
    assert darkroom.develop(GOOD).height == 360
    assert darkroom.pid == pid
    assert darkroom.started == 1
    darkroom.close()
    assert gone(pid)


def test_the_process_has_no_environment_no_files_and_little_memory(darkroom: Darkroom) -> None:
    darkroom.develop(GOOD)
    about = Path(f"/proc/{darkroom.pid}")
    assert (about / "environ").read_bytes() == b""
    assert sorted(fd.name for fd in (about / "fd").iterdir()) == ["0", "1", "2"]
    limits = (about / "limits").read_text()
    assert [line.split()[-3] for line in limits.splitlines() if line.startswith("Max address space")] == ["184549376"]
    assert [line.split()[-3] for line in limits.splitlines() if line.startswith("Max open files")] == ["3"]
    assert int((about / "stat").read_text().rpartition(")")[2].split()[16]) >= 10  # niceness


def test_what_is_refused_by_its_header_never_reaches_the_process(darkroom: Darkroom) -> None:
    bomb = struct.pack(">BHHB", 8, 60_000, 60_000, 3) + bytes((1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))
    png = b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(1_000_000))
    for body in (b"\xff\xd8\xff\xc0" + struct.pack(">H", len(bomb) + 2) + bomb, png, b"<html>", b""):
        with pytest.raises(NotAPicture):
            darkroom.develop(body)
    assert darkroom.started == 0


def test_a_truncated_picture_is_refused_and_the_same_process_goes_on(darkroom: Darkroom) -> None:
    with pytest.raises(NotAPicture, match="decoded"):
        darkroom.develop(GOOD[: len(GOOD) // 2])
    assert darkroom.develop(GOOD).width == 640
    assert darkroom.started == 1


def test_eight_k_is_developed_within_the_bounds(darkroom: Darkroom) -> None:
    body = io.BytesIO()
    Image.new("RGB", (7680, 4320), (90, 120, 60)).save(body, "JPEG", progressive=True)
    assert darkroom.develop(body.getvalue()).width == 7680


@pytest.mark.parametrize(
    ("analyst", "why"),
    [
        ("os.abort()", "breaks"),
        ("resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass", "breaks"),
        ("time.sleep(60)", "too long"),
        ("sys.stdin.buffer.read(10)\nwhile True: os.write(1, b'x' * 65536)", "without end"),
        (
            'sys.stdin.buffer.readline(); os.write(1, b\'{"figures": {"brightness": 1e999}}\\n\'); time.sleep(60)',
            "nonsense",
        ),
        ("sys.stdin.buffer.readline(); os.write(1, b'\\xff\\x00\\n'); time.sleep(60)", "nonsense"),
        ("sys.stdin.buffer.readline(); os.write(1, b'{\"figures\": null}\\n'); time.sleep(60)", "decoded"),
    ],
)
def test_a_process_taken_over_or_broken_by_a_picture_costs_that_picture(analyst: str, why: str) -> None:
    room = Darkroom(seconds=0.5 if "sleep" in analyst else 20.0, program=_IMPORTS + analyst)
    with pytest.raises(NotAPicture, match=why):
        room.develop(GOOD)
    pid = room.pid
    room.close()
    assert pid is None or gone(pid)


def test_after_one_broken_process_the_next_picture_gets_another() -> None:
    """The first picture breaks it, the second does not."""
    program = (
        _IMPORTS
        + "from agent.pictures import analyst\n"
        + (
            "before = analyst.analyse\n"
            "def analyse(body):\n"
            "    return os.abort() if b'EVIL' in body else before(body)\n"
            "analyst.analyse = analyse\n"
            "analyst.main()"
        )
    )
    room = Darkroom(program=program)
    evil = GOOD[:2] + b"\xff\xfe\x00\x06EVIL" + GOOD[2:]
    assert room.develop(GOOD).width == 640
    with pytest.raises(NotAPicture, match="breaks"):
        room.develop(evil)
    assert room.develop(GOOD).width == 640
    assert room.started == 2
    room.close()


def test_a_picture_that_wants_more_memory_than_allowed_is_refused() -> None:
    program = (
        _IMPORTS + "from agent.pictures import analyst\nanalyst.analyse = lambda body: bytes(1 << 30)\nanalyst.main()"
    )
    room = Darkroom(program=program)
    with pytest.raises(NotAPicture, match="MemoryError"):
        room.develop(GOOD)
    room.close()


def test_it_is_killed_when_the_agent_stops() -> None:
    room = Darkroom(program=_IMPORTS + "time.sleep(60)")
    raised: list[BaseException] = []

    def work() -> None:
        try:
            room.develop(GOOD)
        except Stopped as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: room.pid is not None)
    pid = room.pid
    assert pid is not None
    begun = time.monotonic()
    room.stop()
    thread.join(5)
    assert time.monotonic() - begun < 5
    assert len(raised) == 1
    assert gone(pid)
    with pytest.raises(Stopped):
        room.develop(GOOD)
    room.resume()
    room.close()


def test_a_machine_that_starts_no_process_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(NotAvailable, match="No such file"):
        Darkroom().develop(GOOD)
