import pytest

from agent.device import xml
from agent.device.errors import BadAnswer
from agent.onvif import envelope
from agent.onvif.envelope import SOAP


def soap(inner: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{inner}</s:Body></s:Envelope>'.encode()


def test_too_many_tags_are_refused_unparsed() -> None:
    assert envelope.parse(soap("<a/>" * 19_000)) is not None
    with pytest.raises(BadAnswer, match="20004 tags, 20000 are taken"):
        envelope.parse(soap("<a/>" * 20_000))


def test_who_may_answer_at_length_may_use_more_tags() -> None:
    assert xml.most_markup(64 * 1024) == xml.most_markup(2**20) == 20_000
    assert xml.most_markup(4 * 2**20) == 80_000


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "iso-8859-1", "gb2312", "us-ascii"])
def test_encodings_of_devices_are_read(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + soap("<a/>")
    assert envelope.parse(body) is not None
    assert envelope.parse(b"\xef\xbb\xbf" + soap("<a/>")) is not None


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="UTF-7"?>' + soap("").replace(b"<s:Body>", b"+ADw-s:Body>"),
        soap("").decode().encode("cp037"),
        b'<?xml version="1.0" encoding="IBM-037"?>' + soap(""),
    ],
)
def test_encodings_that_hide_tags_are_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="encoding"):
        envelope.parse(body)


def test_comments_and_instructions_are_left_out() -> None:
    root = envelope.parse(soap("<a><!-- x --><?y z?><b/></a>"))
    assert [child.tag for child in next(root.iter("a"))] == ["b"]
