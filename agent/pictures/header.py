"""The header of a JPEG, read by hand before any decoder sees a byte: what it is, and how much memory it will want.

Structure: ITU-T T.81, annex B.
"""

import re
from typing import NamedTuple

MAX_BYTES = 4 * 1024 * 1024
"""The longest picture taken."""
MAX_SIDE = 16_384
"""The most pixels along one side."""
MAX_PIXELS = 50_000_000
"""The most pixels: 8K has 33 million."""
MAX_COEFFICIENT_BYTES = 100 * 1024 * 1024
"""The most memory a progressive picture may want: all its coefficients are held at once, two bytes each."""
MAX_SCANS = 64
"""The most passes over a progressive picture; cameras make about ten. Each costs the time of a whole picture."""

MAX_SEGMENTS = 1000
"""The most segments ahead of the frame; cameras have about ten."""

_PADDING = re.compile(rb"\xff+")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, Huffman coded: what decoders take."""
_ODD_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""Lossless, hierarchical, arithmetic: what no camera sends."""


class NotAPicture(Exception):  # noqa: N818 - a verdict
    """No JPEG that we read; the text is one line fit for a log."""


class Shape(NamedTuple):
    """What the frame header tells."""

    width: int
    height: int
    components: int
    progressive: bool


def measure(body: bytes) -> Shape:
    """The shape of a JPEG within our bounds. Raises NotAPicture for all else, any bytes at all."""
    if len(body) > MAX_BYTES:
        raise NotAPicture(f"a picture of {len(body)} bytes, {MAX_BYTES} are taken")
    if body[:3] != b"\xff\xd8\xff":
        raise NotAPicture(f"no JPEG: begins with {body[:8].hex(' ') or 'nothing'}")
    at = 2
    for _ in range(MAX_SEGMENTS):
        at, marker, end = _segment(body, at)
        if marker in _FRAMES:
            return _bounded(body, body[at:end], marker == 0xC2)
        if marker in _ODD_FRAMES:
            raise NotAPicture(f"a JPEG of a kind no camera sends (frame {marker:x})")
        if marker in (_EOI, _SOS):
            raise NotAPicture("a JPEG without a frame header")
        at = end
    raise NotAPicture(f"a JPEG of more than {MAX_SEGMENTS} segments before its frame")


def _segment(body: bytes, at: int) -> tuple[int, int, int]:
    """Where the next segment's payload begins, its marker, and where it ends; `at` is where its marker should be."""
    padding = _PADDING.match(body, at)
    at = padding.end() - 1 if padding is not None else at
    if at + 2 > len(body) or body[at] != 0xFF:
        raise NotAPicture("a JPEG whose header breaks off")
    marker = body[at + 1]
    if marker in (_SOI, _EOI, _TEM) or marker in _RESTARTS:
        return at + 2, marker, at + 2
    length = int.from_bytes(body[at + 2 : at + 4], "big")
    end = at + 2 + length
    if length < 2 or end > len(body):
        raise NotAPicture("a JPEG whose header breaks off")
    return at + 4, marker, end


def _bounded(body: bytes, frame: bytes, progressive: bool) -> Shape:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise NotAPicture("a JPEG whose frame header breaks off")
    precision, components = frame[0], frame[5]
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if precision != 8 or components not in (1, 3, 4):
        raise NotAPicture(f"a JPEG of {components} components with {precision} bits")
    if not 16 <= width <= MAX_SIDE or not 16 <= height <= MAX_SIDE or width * height > MAX_PIXELS:
        raise NotAPicture(f"a picture of {width} × {height} pixels")
    factors = [frame[7 + 3 * n] for n in range(components)]
    if not all(1 <= f >> 4 <= 4 and 1 <= f & 15 <= 4 for f in factors):
        raise NotAPicture("a JPEG with impossible sampling factors")
    if progressive:
        _check_progressive(body, width * height, factors)
    return Shape(width, height, components, progressive)


def _check_progressive(body: bytes, pixels: int, factors: list[int]) -> None:
    largest = max(f >> 4 for f in factors) * max(f & 15 for f in factors)
    coefficients = pixels * sum((f >> 4) * (f & 15) for f in factors) * 2 // largest
    if coefficients > MAX_COEFFICIENT_BYTES:
        raise NotAPicture(f"a progressive picture that wants {coefficients >> 20} MiB")
    if body.count(b"\xff\xda") > MAX_SCANS:
        raise NotAPicture(f"a progressive picture of more than {MAX_SCANS} scans")
