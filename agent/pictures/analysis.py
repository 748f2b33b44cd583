"""One picture to figures, with Pillow alone. Runs in the analyst's process: foreign bytes are decoded here.

The JPEG is decoded at a half to an eighth of its size (`draft`), straight to luminance and colour difference, then
brought to one working size whatever the camera sends: sharpness is compared with that of the same camera only, and
a camera that was set to another resolution must not look blurred.

Pillow's Kernel copies border pixels, so every filtered picture loses a border of one: else a black frame is an edge.
"""

import io
import math
import zlib
from collections.abc import Sequence

from PIL import Image, ImageFilter, JpegImagePlugin

from agent.pictures.grid import COLUMNS, FINENESS, ROWS, STRIPS

WORKING = (640, 360)
"""The size details are looked for in."""
COARSE = (160, 96)
"""The size structure is looked for in: what is out of focus still has its shapes."""
COLOURFUL = 3.5
"""Mean distance from grey (of 128) from which a cell counts as coloured: an encoder's rounding is below 2."""

UNREADABLE = (OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, MemoryError)
"""What Pillow raises over bytes that are no picture."""

_BOX = Image.Resampling.BOX
_LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), 1, 128)
_ACROSS = ImageFilter.Kernel((3, 3), (0, 0, 0, -1, 0, 1, 0, 0, 0), 1, 128)
_UPRIGHT = ImageFilter.Kernel((3, 3), (0, -1, 0, 0, 0, 0, 0, 1, 0), 1, 128)
_SQUARES = [(value - 128) ** 2 * 16 for value in range(256)]
_FINE = [value * 256 for value in range(256)]
_FROM_GREY = [abs(value - 128) for value in range(256)]

Figures = dict[str, float | int | list[int]]
"""As `agent.pictures.features.Features` takes them."""


def analyse(body: bytes) -> Figures:
    """The figures of a JPEG. Raises one of UNREADABLE."""
    # Not Image.open: that tries other formats, too.
    with JpegImagePlugin.JpegImageFile(io.BytesIO(body)) as picture:
        width, height = picture.size
        picture.draft("YCbCr", WORKING)
        decoded: Image.Image = picture
        if picture.mode not in ("L", "YCbCr"):
            decoded = picture.convert("RGB").convert("YCbCr")
        decoded.load()
    bands = decoded.split()
    grey = bands[0].resize(WORKING, Image.Resampling.BILINEAR)
    return {"width": width, "height": height, **_tones(grey), **_colour(bands[1:]), **_structure(grey)}


def _tones(grey: Image.Image) -> Figures:
    histogram = grey.histogram()
    pixels = sum(histogram)
    mean = sum(value * count for value, count in enumerate(histogram)) / pixels
    variance = sum((value - mean) ** 2 * count for value, count in enumerate(histogram)) / pixels
    low, high = _quantile(histogram, 0.05), _quantile(histogram, 0.95)
    return {
        "brightness": mean / 255,
        "contrast": (high - low) / 255,
        "deviation": math.sqrt(variance) / 255,
        "highlight": high / 255,
        "white": sum(histogram[250:]) / pixels,
    }


def _quantile(histogram: Sequence[int], share: float) -> int:
    left = share * sum(histogram)
    for value, count in enumerate(histogram):
        left -= count
        if left <= 0:
            return value
    return 255


def _colour(bands: Sequence[Image.Image]) -> Figures:
    """`saturation`: mean distance from grey; `colourful`: share of the cells that have a colour at all."""
    if not bands:
        return {"saturation": 0.0, "colourful": 0.0}
    cells = [_cells(band.point(_FROM_GREY).point(_FINE, "I")) for band in bands]
    distances = [max(pair) / 256 for pair in zip(*cells, strict=True)]
    return {
        "saturation": min(1.0, sum(distances) / len(distances) / 128),
        "colourful": sum(one >= COLOURFUL for one in distances) / len(distances),
    }


def _structure(grey: Image.Image) -> Figures:
    coarse = grey.resize(COARSE, _BOX)
    body = grey.tobytes()
    length = len(body) // STRIPS
    return {
        "light": _cells(grey.point(_FINE, "I")),
        "across": _strength(coarse, _ACROSS),
        "upright": _strength(coarse, _UPRIGHT),
        "detail": _strength(grey, _LAPLACE),
        "strips": [zlib.crc32(body[n * length : (n + 1) * length]) for n in range(STRIPS)],
    }


def _strength(grey: Image.Image, kernel: ImageFilter.Kernel) -> list[int]:
    """Root mean square of a filter's answer in each cell, in 512ths of a grey level."""
    width, height = grey.size
    answer = grey.filter(kernel).crop((1, 1, width - 1, height - 1))
    return [round(math.sqrt(square / 16) * FINENESS) for square in _cells(answer.point(_SQUARES, "I"))]


def _cells(picture: Image.Image) -> list[int]:
    """The mean of each cell of a picture of integers, row by row."""
    return memoryview(picture.resize((COLUMNS, ROWS), _BOX).tobytes()).cast("i").tolist()
