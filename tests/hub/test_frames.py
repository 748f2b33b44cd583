"""Messages picked off an MQTT stream, however it is cut into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.frames import Heard, publish, split

PINGRESP = b"\xd0\x00"
ACKED = b"\x90\x04\x00\x01\x00\x00"
QOS1 = b"\x32\x07\x00\x01t\x00\x05\x00x"

messages = st.tuples(st.text(min_size=1, max_size=20), st.binary(max_size=300))
pieces = st.lists(st.one_of(messages, st.sampled_from([PINGRESP, ACKED, QOS1])), max_size=12)


@settings(deadline=None)
@given(pieces, st.lists(st.integers(0, 2000), max_size=5), st.booleans())
def test_however_the_stream_is_cut_messages_and_other_packets_come_out_whole(
    sent: list[tuple[str, bytes] | bytes], cuts: list[int], version5: bool
) -> None:
    stream = b"".join(
        one if isinstance(one, bytes) else publish(one[0].encode(), one[1], version5=version5) for one in sent
    )
    heard, others, rest = [], b"", b""
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for first, last in pairwise(edges):
        found = split(rest + stream[first:last], version5=version5)
        heard += found.messages
        others += found.others
        rest = found.rest
    assert rest == b""
    assert heard == [Heard(one[0], one[1], False) for one in sent if not isinstance(one, bytes)]
    assert others == b"".join(one for one in sent if isinstance(one, bytes))


def test_a_retained_message_is_known_by_its_first_byte() -> None:
    packet = bytearray(publish(b"t", b"x", version5=False))
    packet[0] |= 1
    assert split(bytes(packet), version5=False).messages == [Heard("t", b"x", True)]


def test_the_properties_of_version_5_are_not_the_payload() -> None:
    packet = b"\x30\x07\x00\x01t\x02\x01\x01x"
    assert split(packet, version5=True).messages == [Heard("t", b"x", False)]


@pytest.mark.parametrize(
    "packet",
    [
        b"\x30\x01\x00",  # no room for a topic's length
        b"\x30\x03\x00\x09t",  # a topic longer than its packet
        b"\x30\x04\x00\x01t\x09",  # properties longer than their packet
    ],
)
def test_a_packet_that_contradicts_itself_is_left_to_the_library(packet: bytes) -> None:
    assert split(packet + PINGRESP, version5=True) == ([], packet + PINGRESP, b"")


def test_a_length_without_end_is_left_to_the_library() -> None:
    assert split(b"\x30\xff\xff\xff\xff\xff\x01", version5=True).others.startswith(b"\x30\xff\xff\xff\xff")


def test_one_message_can_be_left_to_the_library() -> None:
    first, second = publish(b"a", b"1", version5=False), publish(b"b", b"2", version5=False)
    assert split(first + second, version5=False, spare=True) == ([Heard("a", b"1", False)], second, b"")
