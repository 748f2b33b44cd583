"""What can be wrong at the lens, drawn onto what would be seen."""

import math
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageChops, ImageDraw, ImageFilter


def at_lens(image: Image.Image, fault: str | None, chance: random.Random, lamps: bool) -> Image.Image:
    """The same where the fault is not one of the lens. `lamps`: infra-red lamps light what hangs before it."""
    draw = _FAULTS.get(fault or "")
    return draw(image, chance, lamps) if draw is not None else image


def _defocused(image: Image.Image, chance: random.Random, _lamps: bool) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(2.0, 4.0)))


def _sprayed(image: Image.Image, chance: random.Random, _lamps: bool) -> Image.Image:
    """Paint, mud or dried drops over a part: what is behind is a blur with a tint."""
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    x, y = chance.uniform(0.25, 0.75) * image.width, chance.uniform(0.3, 0.7) * image.height
    for _ in range(40):
        cx, cy, r = chance.gauss(x, 85), chance.gauss(y, 60), chance.uniform(20, 55)
        draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=235)
    mask = mask.filter(ImageFilter.GaussianBlur(8))
    behind = Image.blend(image.filter(ImageFilter.GaussianBlur(14)), Image.new("RGB", image.size, (70, 80, 70)), 0.5)
    return Image.composite(behind, image, mask)


def _web(image: Image.Image, chance: random.Random, lamps: bool) -> Image.Image:
    """A spider's web close to the lens: a bright haze in threads, and brighter by infra-red."""
    threads = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(threads)
    cx, cy = chance.uniform(0.2, 0.8) * image.width, chance.uniform(0.2, 0.8) * image.height
    for spoke in range(14):
        angle = spoke * math.tau / 14 + chance.uniform(-0.1, 0.1)
        draw.line((cx, cy, cx + 300 * math.cos(angle), cy + 300 * math.sin(angle)), fill=255, width=8)
    for ring in range(30, 220, 32):
        draw.ellipse((cx - ring, cy - ring, cx + ring, cy + ring), outline=255, width=7)
    haze = threads.filter(ImageFilter.GaussianBlur(9)).point([min(215, value * 2) for value in range(256)])
    behind = image.filter(ImageFilter.GaussianBlur(5))
    level = 225 if lamps else 150
    clouded = Image.blend(behind, Image.new("RGB", image.size, (level, level, level)), 0.55)
    return Image.composite(clouded, image, haze)


def _taped(image: Image.Image, _chance: random.Random, _lamps: bool) -> Image.Image:
    return Image.new("RGB", image.size, (6, 6, 7))


def _cloth(image: Image.Image, chance: random.Random, lamps: bool) -> Image.Image:
    """Folds right before the lens, far out of focus."""
    folds = Image.frombytes("L", (12, 7), chance.randbytes(84)).resize(image.size, Image.Resampling.BICUBIC)
    folds = folds.filter(ImageFilter.GaussianBlur(20)).point(
        [60 + value // (3 if lamps else 5) for value in range(256)]
    )
    tint = Image.merge("RGB", (folds, folds.point([v * 9 // 10 for v in range(256)]), folds))
    return ImageChops.add(tint, image.filter(ImageFilter.GaussianBlur(60)).point([v // 10 for v in range(256)] * 3))


def _paper(image: Image.Image, chance: random.Random, _lamps: bool) -> Image.Image:
    level = chance.randint(150, 200)
    shade = Image.linear_gradient("L").resize(image.size).point([level - value // 12 for value in range(256)])
    return Image.merge("RGB", (shade, shade, shade))


_FAULTS: Mapping[str, Callable[[Image.Image, random.Random, bool], Image.Image]] = {
    "defocused": _defocused,
    "sprayed": _sprayed,
    "web": _web,
    "taped": _taped,
    "cloth": _cloth,
    "paper": _paper,
}
