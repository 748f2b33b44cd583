"""MQTT's PUBLISH at QoS 0 as bytes, read and written in bulk. Pure.

A hub lives on one kind of packet, thousands of times a second. A client library handles one packet at a time, for about
as much processor time as everything else the hub does with a report; so these packets are picked off the stream before
the library sees them, and all others are left to it.
"""

from typing import NamedTuple

_PUBLISH = 0x30
_KIND_AND_QOS = 0xF6
_RETAIN = 0x01
_LONGEST_LENGTH = 4
"""Bytes of a packet's length; more are no MQTT."""


class Heard(NamedTuple):
    """A message as it came."""

    topic: str
    payload: bytes
    retained: bool


class Split(NamedTuple):
    """A piece of the stream taken apart: messages at QoS 0, whole packets of other kinds, an unfinished rest."""

    messages: list[Heard]
    others: bytes
    rest: bytes


def split(data: bytes, *, version5: bool, spare: bool = False) -> Split:
    """Take apart what begins at a packet's first byte. With `spare` the last message is left among the others.

    What is no MQTT is left among the others, too, for the library to refuse.
    """
    messages: list[Heard] = []
    left: list[bytes] = []
    start, end, last = 0, len(data), -1
    while start < end:
        begin, stop = _bounds(data, start)
        if stop > end:
            break
        head = data[start]
        message = _message(data, head, begin, stop, version5) if head & _KIND_AND_QOS == _PUBLISH else None
        if message is None:
            left.append(data[start:stop])
        else:
            messages.append(message)
            last = start
        start = stop
    if spare and messages and not left:
        messages.pop()
        left.append(data[last:start])
    return Split(messages, b"".join(left), data[start:])


def cut(rest: bytes, *, version5: bool) -> tuple[Heard | None, int]:
    """Give up a packet that is larger than anybody needs: as much of its message as has come, and how many bytes are to
    be passed over.

    `rest` is its beginning, longer than its header.
    """
    begin, stop = _bounds(rest, 0)
    head = rest[0]
    told = _message(rest, head, begin, len(rest), version5) if head & _KIND_AND_QOS == _PUBLISH else None
    return told, max(stop - len(rest), 0)


def _bounds(data: bytes, start: int) -> tuple[int, int]:
    """Where the body of a packet begins and ends; beyond the data where that is not known yet."""
    length, begin = 0, start + 1
    for digit in range(_LONGEST_LENGTH):
        if begin >= len(data):
            return begin, len(data) + 1
        byte = data[begin]
        begin += 1
        length |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return begin, begin + length
    return begin, begin  # no MQTT: the library sees it and ends the connection


def _message(data: bytes, head: int, begin: int, stop: int, version5: bool) -> Heard | None:
    """The message in a packet's body; None where the library should see to it."""
    if begin + 2 > stop:
        return None
    name = begin + 2
    payload = name + (data[begin] << 8 | data[begin + 1])
    topic = data[name:payload]
    if version5:
        if payload >= stop or data[payload] >= 0x80:
            return None  # properties as long as this hold something that is not for us to ignore
        payload += 1 + data[payload]
    if payload > stop:
        return None
    return Heard(topic.decode("utf-8", "replace"), data[payload:stop], bool(head & _RETAIN))


def publish(topic: bytes, payload: bytes, *, version5: bool) -> bytes:
    """The packet of one message, not retained."""
    properties = b"\x00" if version5 else b""
    length = 2 + len(topic) + len(properties) + len(payload)
    head = bytearray((_PUBLISH,))
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return b"".join((head, len(topic).to_bytes(2, "big"), topic, properties, payload))
