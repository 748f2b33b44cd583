"""Parts of endless answers: loose MIME is read, nothing is kept for ever, and no bytes make it stumble."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.device.multipart import MAX_BETWEEN, MAX_HEADER, MAX_LINE, MAX_PART, MAX_SKIPPED, Multipart, Part

XML = "application/xml"


def parts(*chunks: bytes, end: bool = True) -> list[Part]:
    parser = Multipart()
    found = [part for chunk in chunks for part in parser.feed(chunk)]
    return found + (parser.end() if end else [])


def sealed(body: bytes, kind: str = 'application/xml; charset="UTF-8"', length: int | None = -1) -> bytes:
    told = len(body) if length == -1 else length
    header = f"--boundary\r\nContent-Type: {kind}\r\n" + (f"Content-Length: {told}\r\n" if told is not None else "")
    return header.encode() + b"\r\n" + body + b"\r\n"


def test_a_part_with_a_length_is_whole_before_the_next_one_begins() -> None:
    assert parts(sealed(b"<a/>"), end=False) == [Part(XML, b"<a/>")]


def test_a_part_without_a_length_is_whole_when_the_next_one_begins_or_the_answer_ends() -> None:
    parser = Multipart()
    assert parser.feed(sealed(b"<a/>", length=None)) == []
    assert parser.feed(sealed(b"<b/>", length=None)) == [Part(XML, b"<a/>")]
    assert parser.end() == [Part(XML, b"<b/>")]


def test_the_first_delimiter_decides_whatever_it_is() -> None:
    stream = b"\r\n--MIME_boundary\nContent-Type: application/json\nContent-Length: 2\n\n{}\n--MIME_boundary--\n"
    assert parts(stream) == [Part("application/json", b"{}")]


@pytest.mark.parametrize(
    ("length", "first"),
    [(2, b"<a"), (300, b"<a>1</a>"), (8, b"<a>1</a>"), (9, b"<a>1</a>"), (10, b"<a>1</a>"), (0, None)],
)
def test_a_wrong_length_costs_no_part_but_its_own(length: int, first: bytes | None) -> None:
    found = parts(sealed(b"<a>1</a>", length=length) + sealed(b"<b/>") + sealed(b"<c/>"))
    assert [part.body for part in found] == ([first] if first else []) + [b"<b/>", b"<c/>"]


@pytest.mark.parametrize("length", ["-1", "4x", "99999999999999999999", "²", ""])
def test_a_length_that_is_none_is_none(length: str) -> None:
    stream = sealed(b"<a/>", length=None).replace(b"\r\n\r\n", f"\r\nContent-Length: {length}\r\n\r\n".encode(), 1)
    assert parts(stream + sealed(b"<b/>")) == [Part(XML, b"<a/>"), Part(XML, b"<b/>")]


def test_pictures_are_read_past_with_and_without_a_length() -> None:
    picture = b"\xff\xd8--\r\n--bound\r\n" * 50_000
    stream = sealed(picture, "image/jpeg") + sealed(b"<a/>") + sealed(picture, "image/jpeg", None) + sealed(b"<b/>")
    assert parts(stream) == [Part(XML, b"<a/>"), Part(XML, b"<b/>")]
    parser, held = Multipart(), []
    for at in range(0, len(stream), 1000):
        parser.feed(stream[at : at + 1000])
        held.append(len(parser._held))
    assert max(held) < 3000


def test_parts_within_a_part_are_not_ours() -> None:
    inner = b"--inner\r\nContent-Type: application/xml\r\n\r\n<x/>\r\n--inner--"
    stream = sealed(inner, "multipart/mixed; boundary=inner") + sealed(b"<a/>")
    assert parts(stream) == [Part(XML, b"<a/>")]


def test_a_part_without_a_header_is_text_and_an_empty_one_is_none() -> None:
    assert parts(b"--b\r\n\r\nHeartbeat\r\n--b\r\n\r\n--b\r\n--b\r\n\r\n\r\n--b--") == [Part("", b"Heartbeat")]


def test_a_device_that_goes_on_behind_the_end_is_read_on() -> None:
    assert parts(b"--b\n\none\n--b--\n--b\n\ntwo\n--b--\n") == [Part("", b"one"), Part("", b"two")]


def test_an_answer_without_parts_is_told_at_its_end() -> None:
    with pytest.raises(BadAnswer, match="no part"):
        parts(b"<html><body>Login</body></html>")


@pytest.mark.parametrize(
    ("stream", "where"),
    [
        (b"x" * (MAX_LINE + 1), "line"),
        (b"x\n" * MAX_BETWEEN, "between"),
        (b"--b\n" + b"a: b\n" * MAX_HEADER, "header"),
        (b"--b\n\n" + b"x" * (MAX_PART + 100), "part"),
        (b"--b\nContent-Length: 999999999\n\n" + b"x" * (MAX_PART + 100), "part"),
        (b"--b\nContent-Type: image/jpeg\n\n" + b"x" * (MAX_SKIPPED + 100), "part"),
        (b"--b\nContent-Type: image/jpeg\nContent-Length: 99999999999\n\n" + b"x" * (MAX_SKIPPED + 100), "part"),
    ],
)
def test_what_never_ends_is_given_up(stream: bytes, where: str) -> None:
    parser = Multipart()

    def read() -> None:
        for at in range(0, len(stream), 65536):
            parser.feed(stream[at : at + 65536])

    with pytest.raises(BadAnswer, match=where):
        read()
    with pytest.raises(BadAnswer, match=where):
        parser.feed(sealed(b"<a/>"))


_PIECES = st.lists(
    st.sampled_from(
        [
            *(b"--", b"boundary", b"--boundary", b"\r\n", b"\n", b"\r\n\r\n", b"<a/>", b"Content-Length: 4\r\n"),
            *(b"Content-Length: 9\n", b"Content-Type: image/jpeg\r\n", b"content-type: application/json\n", b"\xff"),
            *(sealed(b"<a/>"), sealed(b"<b>\r\n</b>", length=None), sealed(b"\xff\xd8\r\n--bou", "image/jpeg")),
        ]
    )
    | st.binary(max_size=20),
    max_size=30,
).map(b"".join)


def outcome(chunks: list[bytes]) -> tuple[list[Part], str]:
    parser = Multipart()
    found: list[Part] = []
    try:
        for chunk in chunks:
            found += parser.feed(chunk)
        found += parser.end()
    except BadAnswer as error:
        return found, str(error)
    return found, ""


@given(_PIECES, st.lists(st.integers(0, 400), max_size=12))
def test_the_same_bytes_give_the_same_parts_however_they_are_cut(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[begin:end] for begin, end in itertools.pairwise(edges)]
    assert outcome(pieces) == outcome([stream])
    assert outcome([stream[n : n + 1] for n in range(len(stream))]) == outcome([stream])
