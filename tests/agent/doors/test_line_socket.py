"""Programs that write to our socket, well-behaved and not."""

import contextlib
import os
import resource
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.doors.inbox import Inbox
from agent.doors.line_socket import MAX_GARBAGE, MAX_PEERS, MAX_PER_SECOND, LineSocket, SocketTrouble
from agent.doors.told import AccessTold, Told
from tests.waiting import wait_until


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")  # a socket's path is short


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def listening(folder: Path, inbox: Inbox) -> Iterator[LineSocket]:
    made = LineSocket(folder / "doors.sock", inbox)
    made.start()
    yield made
    made.stop()


def connected(folder: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(5.0)
    made.connect(str(folder / "doors.sock"))
    return made


def heard(inbox: Inbox, count: int) -> list[str]:
    told: list[Told] = []

    def enough() -> bool:
        told.extend(inbox.take()[0])
        return len(told) >= count

    wait_until(enough, what=f"{count} lines heard")
    return [str(one.data["credential"]) for one in told if isinstance(one, AccessTold)]


def line(number: int) -> bytes:
    return b'{"door":"front","event":"granted","credential":"%d"}\n' % number


def test_it_is_for_owner_and_group_and_gone_when_it_stops(folder: Path, inbox: Inbox) -> None:
    old = os.umask(0)
    try:
        made = LineSocket(folder / "doors.sock", inbox)
        made.start()
    finally:
        os.umask(old)
    status = (folder / "doors.sock").lstat()
    assert stat.S_ISSOCK(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert made.listening
    made.stop()
    assert not (folder / "doors.sock").exists()
    assert not made.listening


def test_lines_are_heard_in_their_order_however_they_are_cut(listening: LineSocket, folder: Path, inbox: Inbox) -> None:
    with connected(folder) as peer:
        text = line(1) + b"\n\r\n" + line(2) + line(3)
        for start in range(0, len(text), 7):
            peer.sendall(text[start : start + 7])
        peer.sendall(line(4).rstrip())
    assert heard(inbox, 4) == ["1", "2", "3", "4"]


def test_many_programs_are_heard_side_by_side(listening: LineSocket, folder: Path, inbox: Inbox) -> None:
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(connected(folder)) for _ in range(MAX_PEERS)]
        for number, peer in enumerate(peers):
            peer.sendall(line(number))
        assert sorted(heard(inbox, MAX_PEERS), key=str) == sorted(map(str, range(MAX_PEERS)))


def test_one_program_too_many_takes_the_place_of_the_most_silent(
    listening: LineSocket, folder: Path, inbox: Inbox
) -> None:
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(connected(folder))
        busy = [stack.enter_context(connected(folder)) for _ in range(MAX_PEERS - 1)]
        for peer in busy:
            peer.sendall(line(1))
        heard(inbox, MAX_PEERS - 1)
        stack.enter_context(connected(folder)).sendall(line(2))
        assert heard(inbox, 1) == ["2"]
        assert silent.recv(1) == b"", "hung up on"
    assert listening.complaints() == {"too many programs at once": 1}


def test_garbage_costs_the_program_that_sends_it(listening: LineSocket, folder: Path, inbox: Inbox) -> None:
    with connected(folder) as garbler, connected(folder) as other:
        with contextlib.suppress(OSError):
            garbler.sendall(b"what?\n" * (MAX_GARBAGE + 5))
        with contextlib.suppress(ConnectionResetError):
            assert garbler.recv(1) == b"", "hung up on"
        other.sendall(line(7))
        assert heard(inbox, 1) == ["7"]
    assert listening.complaints()["no JSON"] >= MAX_GARBAGE


def test_a_line_without_an_end_takes_no_memory(listening: LineSocket, folder: Path, inbox: Inbox) -> None:
    with connected(folder) as peer:
        for _ in range(50):
            peer.sendall(b"x" * 100_000)
        peer.sendall(b"\n" + line(1))
        assert heard(inbox, 1) == ["1"]
    assert listening.complaints() == {"longer than 4096 bytes": 1}


def test_a_stale_socket_of_ours_is_taken_over(folder: Path, inbox: Inbox) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as killed:
        killed.bind(str(folder / "doors.sock"))
    made = LineSocket(folder / "doors.sock", inbox)
    made.start()
    with connected(folder) as peer:
        peer.sendall(line(1))
        assert heard(inbox, 1) == ["1"]
    made.stop()


def _file(path: Path) -> None:
    path.write_text("somebody's")


def _link(path: Path) -> None:
    path.symlink_to("/nowhere")


@pytest.mark.parametrize("occupied", [_file, _link, Path.mkdir])
def test_what_is_no_socket_is_left_alone(folder: Path, inbox: Inbox, occupied: Callable[[Path], None]) -> None:
    occupied(folder / "doors.sock")
    before = (folder / "doors.sock").lstat()
    made = LineSocket(folder / "doors.sock", inbox)
    with pytest.raises(SocketTrouble, match="no socket of ours"):
        made.start()
    made.stop()
    assert (folder / "doors.sock").lstat() == before


def test_a_socket_that_somebody_listens_on_is_left_alone(listening: LineSocket, folder: Path, inbox: Inbox) -> None:
    second = LineSocket(folder / "doors.sock", Inbox())
    with pytest.raises(SocketTrouble, match="listens there already"):
        second.start()
    second.stop()
    with connected(folder) as peer:
        peer.sendall(line(1))
        assert heard(inbox, 1) == ["1"]


def test_a_missing_folder_is_named(folder: Path, inbox: Inbox) -> None:
    made = LineSocket(folder / "none" / "doors.sock", inbox)
    with pytest.raises(SocketTrouble, match="No such file"):
        made.start()
    made.stop()


def test_who_writes_without_end_is_slowed_down_and_others_are_heard(folder: Path) -> None:
    inbox = Inbox(most=1_000_000)
    listening = LineSocket(folder / "doors.sock", inbox)
    listening.start()
    flood, quiet = connected(folder), connected(folder)
    flooding = threading.Thread(target=lambda: _pour(flood, line(1) * 10 * MAX_PER_SECOND), daemon=True)
    try:
        flooding.start()
        wait_until(lambda: len(inbox._waiting) > MAX_PER_SECOND, what="more lines than a second may have")
        begun = len(inbox._waiting)
        quiet.sendall(line(2))
        told: list[str] = []

        def both() -> bool:
            told.extend(str(one.data["credential"]) for one in inbox.take()[0] if isinstance(one, AccessTold))
            return "2" in told

        wait_until(both, what="the other program is heard")
        assert begun < 2 * MAX_PER_SECOND
        assert len(told) < 5 * MAX_PER_SECOND
    finally:
        listening.stop()
        flood.close()
        quiet.close()
        flooding.join(5.0)


def _pour(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)


def test_it_rests_with_many_files_open_too(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 1400), hard), hard))
    crowd = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    listening = LineSocket(folder / "doors.sock", Inbox(most=1_000_000))
    try:
        listening.start()
        with connected(folder) as flood:
            flood.sendall(line(1) * (MAX_PER_SECOND + 1000))
            wait_until(lambda: len(listening._inbox._waiting) > MAX_PER_SECOND + 900, what="heard after its rest")
        assert listening.listening
    finally:
        listening.stop()
        for one in crowd:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
