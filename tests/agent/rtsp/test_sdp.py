"""Descriptions of streams: the video in them, or a clear no."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.rtsp.sdp import Video, controls, parse

AXIS = b"""v=0\r
o=- 1 1 IN IP4 10.0.0.9\r
s=Session streamed with GStreamer\r
a=control:rtsp://10.0.0.9/axis-media/media.amp\r
m=audio 0 RTP/AVP 97\r
a=rtpmap:97 mpeg4-generic/16000/1\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=framerate:25.000000\r
a=x-dimensions:1920,1080\r
m=video 0 RTP/AVP 98\r
a=rtpmap:98 H265/90000\r
"""


def test_the_first_video_counts() -> None:
    assert parse(AXIS) == Video("H264", 1920, 1080, 25.0)
    assert controls(AXIS) == ["rtsp://10.0.0.9/axis-media/media.amp"]


@pytest.mark.parametrize(
    ("attributes", "video"),
    [
        ("m=video 0 RTP/AVP 26", Video("JPEG")),
        ("m=video 0 RTP/AVP 96\na=rtpmap:97 H264/90000", Video("")),
        ("m=video 0 RTP/AVP 96\na=rtpmap:96 h265/90000\na=framesize:96 2560-1440", Video("H265", 2560, 1440)),
        ("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=cliprect:0,0,720,1280", Video("H264", 1280, 720)),
        ("m=video 0 RTP/AVP 96\na=framerate:0\na=x-dimensions:x,y", Video("")),
        ("m=video 0 RTP/AVP 96\na=framerate:12.5", Video("", rate=12.5)),
        ("m=video 0", Video("")),
    ],
)
def test_what_is_told_is_taken_and_the_rest_is_unknown(attributes: str, video: Video) -> None:
    assert parse(f"v=0\ns=x\n{attributes}\n".encode()) == video


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"v=0\r\n", b"v=0\nm=audio 0 RTP/AVP 0\n", b"v=0\nm=videos 0 RTP/AVP 96", b"m=video 0 x 96"],
)
def test_no_video_is_said_so(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse(body)


@settings(deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(alphabet="av=m:video 0129/,-x.\r\n", max_size=200).map(
        lambda t: f"v=0\nm=video 0 RTP/AVP 96\n{t}".encode()
    )
)
def test_any_bytes_are_a_video_or_a_bad_answer(body: bytes) -> None:
    controls(body)
    try:
        video = parse(body)
    except BadAnswer:
        return
    assert video.codec.isprintable()
    assert len(video.codec) <= 20
