"""A packet larger than anybody needs costs its sender's message and nothing else."""

import socket
import threading
from collections.abc import Iterator

import pytest

from hub.frames import Heard, publish
from hub.tap import LARGEST_BYTES, Tap
from wire.codec import MAX_BYTES

HUGE = 12 * LARGEST_BYTES
ACKED = b"\x90\x04\x00\x01\x00\x00"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The broker's end and ours."""
    theirs, ours = socket.socketpair()
    yield theirs, ours
    theirs.close()
    ours.close()


@pytest.mark.parametrize("version5", [False, True])
def test_what_is_too_large_is_heard_cut_off_and_the_rest_of_it_passed_over(
    ends: tuple[socket.socket, socket.socket], version5: bool
) -> None:
    theirs, ours = ends
    heard: list[Heard] = []
    tap = Tap(ours, heard.extend, version5=version5)
    small = publish(b"small", b"x", version5=version5)
    stream = small + publish(b"huge", b"y" * HUGE, version5=version5) + small + ACKED + small

    def send() -> None:
        theirs.sendall(stream)
        theirs.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    left = b""
    most = 0
    while True:
        try:
            data = tap.recv(7)  # as paho reads: a few bytes at a time
        except BlockingIOError:
            most = max(most, len(tap._rest))
            continue
        if not data:
            break
        left += data
    sender.join()
    told = [(one.topic, len(one.payload)) for one in heard]
    assert told.count(("small", 1)) + left.count(small) == 3
    (size,) = [size for topic, size in told if topic == "huge"]
    assert MAX_BYTES < size <= 2 * LARGEST_BYTES
    assert left.count(ACKED) == 1
    assert len(left) == len(ACKED) + left.count(small) * len(small)
    assert most <= 2 * LARGEST_BYTES


def test_many_small_packets_for_the_library_are_read_in_time_that_grows_with_their_number(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    theirs, ours = ends
    tap = Tap(ours, lambda _: None, version5=True)
    theirs.sendall(ACKED * 3000)
    left = b""
    while len(left) < len(ACKED) * 3000:
        left += tap.recv(1)
    assert left.count(ACKED) == 3000
    assert tap.pending() == 0
