"""RTSP/1.0 as a simulated camera speaks it: requests to their parts, answers to bytes, streams to SDP. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

REASONS = {200: "OK", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
REASONS |= {403: "Forbidden", 405: "Method Not Allowed", 501: "Not Implemented"}


class Question(NamedTuple):
    """One request: its method, its address as it stands there, its fields by name in lower case."""

    method: str
    uri: str
    fields: Mapping[str, str]


def parse(head: bytes) -> Question | None:
    """The header of a request without the empty line; None for what is no RTSP/1.0."""
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or parts[2] != "RTSP/1.0":
        return None
    pairs = (line.partition(":") for line in lines)
    return Question(parts[0], parts[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


def answer(status: int, sequence: str, fields: Mapping[str, str], body: bytes = b"") -> bytes:
    """One response."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {sequence}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def description(encoding: str, width: int, height: int, rate: float) -> bytes:
    """SDP of one video stream, and of the events beside it."""
    lines = (
        *("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=Media", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"),
        *("m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000", "a=control:events"),
        *("m=video 0 RTP/AVP 96", f"a=rtpmap:96 {encoding}/90000", f"a=x-dimensions:{width},{height}"),
        *(f"a=framerate:{rate:g}", "a=control:video"),
    )
    return ("\r\n".join(lines) + "\r\n").encode()
