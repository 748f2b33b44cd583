"""Descriptions of streams (SDP, RFC 4566): the video in one. Pure functions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.device.errors import BadAnswer
from agent.device.text import printable

_STATIC = {"26": "JPEG", "31": "H261", "32": "MPV", "33": "MP2T", "34": "H263"}
"""Payload types that need no rtpmap (RFC 3551, table 5)."""

_DIMENSIONS = (
    re.compile(r"x-dimensions: ?(?P<width>\d{2,5}) ?, ?(?P<height>\d{2,5})"),
    re.compile(r"framesize: ?\d{1,3} (?P<width>\d{2,5})[-x](?P<height>\d{2,5})"),
    re.compile(r"cliprect: ?\d{1,5} ?, ?\d{1,5} ?, ?(?P<height>\d{2,5}) ?, ?(?P<width>\d{2,5})"),
)
"""Nothing is standard: Axis' way, 3GPP's (RFC 6064), and QuickTime's."""

_RATE = re.compile(r"(?:x-)?framerate: ?(\d{1,3}(?:\.\d{1,6})?)")


@dataclass(frozen=True)
class Video:
    """The first video of a stream: its codec as RTP calls it (`H264`, `H265`, `JPEG`), empty where that is not told."""

    codec: str
    width: int | None = None
    height: int | None = None
    rate: float | None = None
    """Frames per second."""

    @property
    def resolution(self) -> str:
        """`1920x1080`, empty where it is not told."""
        return f"{self.width}x{self.height}" if self.width and self.height else ""


def parse(body: bytes) -> Video:
    """Raises BadAnswer for any bytes that describe no video."""
    lines = body.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if not lines or lines[0] != "v=0":
        raise BadAnswer("no description of a stream (SDP)")
    for media, attributes in _media(lines):
        if media.startswith("video "):
            return _video(media.split(), attributes)
    raise BadAnswer("describes a stream without video")


def controls(body: bytes) -> list[str]:
    """The absolute addresses at which it wants to be controlled."""
    lines = (line.strip() for line in body.decode("utf-8", "replace").replace("\r", "\n").split("\n"))
    values = (line.removeprefix("a=control:").strip() for line in lines if line.startswith("a=control:"))
    return [value for value in values if "://" in value]


def _media(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each medium's line and attributes, without their `m=` and `a=`."""
    media: tuple[str, list[str]] | None = None
    for line in lines:
        if line.startswith("m="):
            if media is not None:
                yield media
            media = line[2:].strip(), []
        elif line.startswith("a=") and media is not None:
            media[1].append(line[2:].strip())
    if media is not None:
        yield media


def _video(media: Sequence[str], attributes: Sequence[str]) -> Video:
    payload = media[3] if len(media) > 3 else ""
    mapped = [a.partition(":")[2].split() for a in attributes if a.startswith("rtpmap:")]
    codec = next((m[1].partition("/")[0] for m in mapped if len(m) > 1 and m[0] == payload), _STATIC.get(payload, ""))
    size = next((found for a in attributes for form in _DIMENSIONS if (found := form.fullmatch(a))), None)
    rate = next((float(found[1]) for a in attributes if (found := _RATE.fullmatch(a))), 0.0)
    return Video(
        printable(codec, 20).upper(),
        int(size["width"]) if size else None,
        int(size["height"]) if size else None,
        rate or None,
    )
