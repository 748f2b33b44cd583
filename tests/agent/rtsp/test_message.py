"""RTSP messages: what goes out is whole lines, and any bytes that come in are a header or a clear no."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.rtsp.message import MAX_FIELDS, Header, parse_header, request

GOOD = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n"
    b'WWW-Authenticate: Digest realm="a",\r\n\tnonce="b"\r\nwww-authenticate: Basic'
)


def test_a_request_is_lines_with_an_empty_one_at_the_end() -> None:
    sent = request("DESCRIBE", "rtsp://10.0.0.1:554/a?b=c", 7, {"Accept": "application/sdp"})
    assert sent == (
        b"DESCRIBE rtsp://10.0.0.1:554/a?b=c RTSP/1.0\r\nCSeq: 7\r\nUser-Agent: Watchkeeper\r\n"
        b"Accept: application/sdp\r\n\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nSETUP x", "a\nb", "a\rb", "a\0b", "a\x85b", "a\u2028b"])
def test_nothing_that_ends_a_line_goes_out(value: str) -> None:
    with pytest.raises(BadAnswer):
        request("DESCRIBE", "rtsp://a/b", 1, {"Authorization": value})
    with pytest.raises(BadAnswer):
        request("DESCRIBE", f"rtsp://a/{value}", 1, {})


def test_an_address_with_a_blank_would_be_another_request() -> None:
    with pytest.raises(BadAnswer):
        request("DESCRIBE", "rtsp://a/b RTSP/1.0", 1, {})


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
def test_a_header_is_read_whatever_ends_its_lines(ends: bytes) -> None:
    header = parse_header(GOOD.replace(b"\r\n", ends))
    assert (header.status, header.reason, header.first("cseq")) == (401, "Unauthorized", "2")
    assert header.all("www-authenticate") == ['Digest realm="a", nonce="b"', "Basic"]
    assert str(header) == "RTSP 401 Unauthorized"


def test_a_realm_in_another_encoding_is_no_stumbling_block() -> None:
    assert parse_header("RTSP/1.0 200 OK\r\nX: 监控".encode()).first("x") == "监控"
    assert parse_header(b"RTSP/1.0 200 OK\r\nX: caf\xe9").first("x") == "café"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"RTSP/2.0 200 OK",
        b"RTSP/1.0 20 OK",
        b"RTSP/1.0 2000 OK",
        b"RTSP/1.0 200 OK\r\nno colon",
        b"RTSP/1.0 200 OK\r\n: nameless",
        b"RTSP/1.0 200 OK\r\nX: a\rb",
        b"RTSP/1.0 200 OK\r\nX: a\x00b",
        b"RTSP/1.0 200 OK" + b"\r\nX: y" * (MAX_FIELDS + 1),
    ],
)
def test_what_is_no_header_is_said_to_be_none(head: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_header(head)


@pytest.mark.parametrize("told", ["-1", "1e3", "", "9" * 20, "²", "0x10"])
def test_a_length_is_a_number(told: str) -> None:
    with pytest.raises(BadAnswer):
        _ = Header(200, "", (("content-length", told),)).length


def test_two_lengths_are_none_unless_they_agree() -> None:
    assert Header(200, "", (("content-length", "7"), ("content-length", "7"))).length == 7
    assert Header(200, "", ()).length == 0
    with pytest.raises(BadAnswer):
        _ = Header(200, "", (("content-length", "7"), ("content-length", "8"))).length


@settings(deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"RTSP/1.0 200 OK\r\n" + tail))
def test_any_bytes_are_a_header_or_a_bad_answer(head: bytes) -> None:
    try:
        header = parse_header(head)
        _ = header.length
    except BadAnswer:
        return
    assert all(value.isprintable() for _, value in header.fields)
    assert str(header).isprintable()
