"""The place itself, wider than any view of it, drawn from a seed: outdoors (houses, trees, a yard) or a store room."""

import random
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1600, 640
"""Of the panorama, for views of 640 × 360."""

Colour = tuple[int, int, int]


@lru_cache(maxsize=16)
def panorama(seed: int, indoors: bool, infrared: bool) -> Image.Image:
    """By even light. In infra-red things have another brightness: cloth and leaves are light, paint says nothing."""
    layout = random.Random(seed)  # noqa: S311 - scenery
    palette = random.Random(seed * 2 + infrared)  # noqa: S311
    image = _ground(layout, palette, indoors)
    draw = ImageDraw.Draw(image)
    if indoors:
        _shelves(draw, layout, palette)
    else:
        _houses(draw, layout, palette)
        _trees(draw, layout, palette)
        _yard(draw, layout, palette)
    image = _grained(image, layout, 26)
    if infrared:
        grey = image.convert("L")
        return Image.merge("RGB", (grey, grey, grey))
    return image


def _colour(palette: random.Random, low: int, high: int, tint: float = 0.35) -> Colour:
    base = palette.randint(low, high)
    spread = int(base * tint)
    red, green, blue = (max(0, min(255, base + palette.randint(-spread, spread))) for _ in range(3))
    return red, green, blue


def _ground(layout: random.Random, palette: random.Random, indoors: bool) -> Image.Image:
    sky = _colour(palette, 120, 160) if indoors else (170, 195, 225)
    floor = _colour(palette, 80, 120, 0.15)
    image = Image.new("RGB", (WIDTH, HEIGHT), sky)
    horizon = int(HEIGHT * layout.uniform(0.3, 0.45))
    ImageDraw.Draw(image).rectangle((0, horizon, WIDTH, HEIGHT), fill=floor)
    return image


def _houses(draw: ImageDraw.ImageDraw, layout: random.Random, palette: random.Random) -> None:
    x = -40
    while x < WIDTH:
        width, top = layout.randint(110, 260), layout.randint(60, 200)
        bottom = layout.randint(330, 430)
        draw.rectangle((x, top, x + width, bottom), fill=_colour(palette, 90, 190))
        pane, glass = layout.randint(14, 30), _colour(palette, 30, 90)
        for wx in range(x + 12, x + width - pane, pane * 2):
            for wy in range(top + 14, bottom - pane, pane * 2):
                if layout.random() < 0.8:
                    draw.rectangle((wx, wy, wx + pane, wy + pane), fill=glass, outline=_colour(palette, 150, 220))
        x += width + layout.randint(0, 70)


def _trees(draw: ImageDraw.ImageDraw, layout: random.Random, palette: random.Random) -> None:
    for _ in range(layout.randint(5, 9)):
        x, y, r = layout.randint(0, WIDTH), layout.randint(180, 320), layout.randint(30, 70)
        draw.rectangle((x - 5, y, x + 5, y + 150), fill=_colour(palette, 50, 80))
        for _ in range(90):
            dx, dy = layout.gauss(0, r / 2), layout.gauss(0, r / 2)
            leaf = layout.randint(3, 10)
            green = palette.randint(60, 140)
            draw.ellipse((x + dx, y + dy, x + dx + leaf, y + dy + leaf), fill=(green // 2, green, green // 3))


def _yard(draw: ImageDraw.ImageDraw, layout: random.Random, palette: random.Random) -> None:
    for _ in range(26):
        x, y = layout.randint(-100, WIDTH), layout.randint(420, HEIGHT)
        line = (x, y, x + layout.randint(60, 240), y + layout.randint(-30, 30))
        draw.line(line, fill=_colour(palette, 160, 230, 0.1), width=layout.randint(2, 6))
    for _ in range(14):
        x, y = layout.randint(0, WIDTH), layout.randint(380, HEIGHT - 40)
        w, h = layout.randint(30, 110), layout.randint(20, 60)
        draw.rectangle((x, y, x + w, y + h), fill=_colour(palette, 40, 220, 0.6), outline=_colour(palette, 10, 60))


def _shelves(draw: ImageDraw.ImageDraw, layout: random.Random, palette: random.Random) -> None:
    x = 10
    while x < WIDTH:
        width = layout.randint(120, 220)
        for y in range(60, HEIGHT - 60, layout.randint(80, 110)):
            draw.rectangle((x, y, x + width, y + 6), fill=_colour(palette, 60, 90))
            at = x
            while at < x + width - 20:
                w, h = layout.randint(18, 60), layout.randint(20, 70)
                draw.rectangle((at, y - h, at + w, y), fill=_colour(palette, 60, 200, 0.5), outline=(30, 30, 30))
                at += w + layout.randint(2, 14)
        x += width + layout.randint(10, 50)


def _grained(image: Image.Image, layout: random.Random, amount: int) -> Image.Image:
    """Plaster, gravel, grass: texture everywhere."""
    grain = Image.frombytes("L", (WIDTH, HEIGHT), layout.randbytes(WIDTH * HEIGHT))
    grain = grain.filter(ImageFilter.BoxBlur(1)).point([max(0, min(255, 128 + (v - 128))) for v in range(256)])
    grain = grain.point([v * amount // 128 for v in range(256)])
    return ImageChops.add(image, Image.merge("RGB", (grain, grain, grain)), 1, -amount)
