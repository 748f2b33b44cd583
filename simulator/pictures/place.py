"""What a camera at the place delivers at one moment: light, weather and passers-by, what is wrong with the camera,
the sensor's noise, and on top of it all the clock that the camera writes into its picture."""

import io
import random
from dataclasses import dataclass, replace
from enum import StrEnum

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from simulator.pictures import faults
from simulator.pictures.panorama import HEIGHT, WIDTH, panorama

VIEW = (640, 360)
"""What a view is of the panorama, and the size of a picture unless another is ordered."""


class Light(StrEnum):
    """What there is of light."""

    DAY = "day"
    TWILIGHT = "twilight"
    NIGHT = "night"
    """The camera has switched to infra-red, and its lamps shine."""
    OUT = "out"
    """None at all, and no lamps: a store room at night."""


class Weather(StrEnum):
    """What else there is between lens and place, and who passes by. Nothing of it is a fault."""

    CLEAR = "clear"
    SUN = "sun"
    RAIN = "rain"
    HAZE = "haze"
    CROWD = "crowd"
    GLARE = "glare"
    """Headlights, or a door that stands open."""


class Fault(StrEnum):
    """What is wrong with the picture."""

    DEFOCUSED = "defocused"
    SPRAYED = "sprayed"
    WEB = "web"
    TAPED = "taped"
    CLOTH = "cloth"
    PAPER = "paper"
    UNDEREXPOSED = "underexposed"
    OVEREXPOSED = "overexposed"
    COLOURLESS = "colourless"
    INFRARED_DEAD = "infrared_dead"
    TURNED = "turned"
    FROZEN = "frozen"
    """The moment stands still, but for the clock."""


@dataclass(frozen=True)
class Shot:
    """One picture to be taken. `moment` (any number) is all that differs between two of the same kind."""

    moment: int = 0
    light: Light = Light.DAY
    weather: Weather = Weather.CLEAR
    fault: Fault | None = None
    preset: int = 0
    people: bool = True
    """Whether somebody may pass."""
    size: tuple[int, int] = VIEW
    quality: int = 75


_PRESETS = ((480, 140), (0, 60), (900, 200), (240, 240), (700, 20), (950, 40))
"""Where the views of a tour begin; the first is that of a fixed camera."""
_TURNED = (360, 110)
_EXPOSURES = {Fault.UNDEREXPOSED: 0.16, Fault.OVEREXPOSED: 4.5}


class Place:
    """One camera's place. The same seed and shot give the same bytes."""

    def __init__(self, seed: int, indoors: bool = False, noise: int = 14) -> None:
        self.seed = seed
        self.indoors = indoors
        self.noise = noise

    def picture(self, shot: Shot = Shot()) -> bytes:
        """The JPEG."""
        moment = 0 if shot.fault is Fault.FROZEN else shot.moment
        image = self._seen(replace(shot, moment=moment))
        if shot.size != VIEW:
            image = image.resize(shot.size, Image.Resampling.BICUBIC)
        _write_clock(image, shot.moment)
        body = io.BytesIO()
        image.save(body, "JPEG", quality=shot.quality)
        return body.getvalue()

    def _seen(self, shot: Shot) -> Image.Image:
        chance = random.Random(f"{self.seed}/{shot.moment}/{shot.light}")  # noqa: S311 - scenery
        lamps = shot.light is Light.NIGHT
        image = self._view(shot, lamps)
        image = _weathered(image, shot, chance)
        image = _lit(image, shot, chance)
        if lamps and shot.fault is not Fault.INFRARED_DEAD:
            image = _by_lamps(image)
        if shot.fault in _EXPOSURES:
            gain = _EXPOSURES[shot.fault]
            image = image.point([min(255, int(value * gain)) for value in range(256)] * 3)
        image = faults.at_lens(image, shot.fault, random.Random(f"{self.seed}/{shot.fault}"), lamps)  # noqa: S311
        dim = shot.light is not Light.DAY
        image = _noisy(image, chance, self.noise * (2 if dim else 1))
        if shot.fault is Fault.COLOURLESS or lamps:
            grey = image.convert("L")
            image = Image.merge("RGB", (grey, grey, grey))
        return image

    def _view(self, shot: Shot, infrared: bool) -> Image.Image:
        x, y = _PRESETS[shot.preset % len(_PRESETS)]
        if shot.fault is Fault.TURNED:
            turn = random.Random(f"{self.seed}/turned")  # noqa: S311
            x, y = x + _TURNED[0] * turn.choice((-1, 1)), y + turn.choice((-_TURNED[1], 0, _TURNED[1]))
        x, y = max(0, min(WIDTH - VIEW[0], x)), max(0, min(HEIGHT - VIEW[1], y))
        whole = panorama(self.seed, self.indoors, infrared)
        return whole.crop((x, y, x + VIEW[0], y + VIEW[1]))


def _weathered(image: Image.Image, shot: Shot, chance: random.Random) -> Image.Image:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    passers = 24 if shot.weather is Weather.CROWD else chance.randint(0, 3)
    for _ in range(passers if shot.people else 0):
        x, y, h = chance.randint(0, width), chance.randint(140, height - 40), chance.randint(30, 90)
        coat = tuple(chance.randint(20, 230) for _ in range(3))
        draw.rectangle((x, y, x + h // 3, y + h), fill=coat, outline=(20, 20, 20))
        draw.ellipse((x + h // 12, y - h // 5, x + h // 4, y), fill=(200, 160, 130))
    if shot.weather is Weather.RAIN:
        for _ in range(180):
            x, y = chance.randint(0, width), chance.randint(0, height)
            draw.line((x, y, x + 2, y + chance.randint(8, 20)), fill=(200, 205, 210))
    if shot.weather is Weather.HAZE:
        return Image.blend(image, Image.new("RGB", image.size, (190, 195, 200)), 0.35)
    return image


def _lit(image: Image.Image, shot: Shot, chance: random.Random) -> Image.Image:
    gain = chance.uniform(0.85, 1.1)
    if shot.light is Light.TWILIGHT:
        gain *= 0.28
    elif shot.light is Light.OUT:
        gain *= 0.01
    elif shot.light is Light.NIGHT and shot.fault is Fault.INFRARED_DEAD:
        gain *= 0.12
    image = image.point([min(255, int(value * gain)) for value in range(256)] * 3)
    if shot.weather is Weather.SUN:
        return _shadowed(image, chance)
    if shot.weather is Weather.GLARE:
        return _glaring(image, chance)
    return image


def _shadowed(image: Image.Image, chance: random.Random) -> Image.Image:
    """Long shadows that wander with the hour."""
    shade = Image.new("L", image.size, 255)
    draw = ImageDraw.Draw(shade)
    slant = chance.randint(-160, 160)
    for _ in range(4):
        x, w = chance.randint(-80, image.width), chance.randint(30, 90)
        y, h = chance.randint(150, 220), chance.randint(80, 160)
        draw.polygon(((x, y), (x + w, y), (x + w + slant, y + h), (x + slant, y + h)), fill=150)
    shade = shade.filter(ImageFilter.BoxBlur(2))
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def _glaring(image: Image.Image, chance: random.Random) -> Image.Image:
    light = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(light)
    for _ in range(2):
        x, y, r = chance.randint(60, image.width - 60), chance.randint(120, image.height - 80), chance.randint(20, 45)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    light = light.filter(ImageFilter.GaussianBlur(12))
    return ImageChops.add(image, Image.merge("RGB", (light, light, light)))


def _by_lamps(image: Image.Image) -> Image.Image:
    """Bright in the middle and near, dark at the rim."""
    spot = Image.radial_gradient("L").point([max(30, 255 - value) for value in range(256)]).resize(image.size)
    return ImageChops.multiply(image, Image.merge("RGB", (spot, spot, spot))).point(
        [min(255, int(value * 1.25)) for value in range(256)] * 3
    )


def _noisy(image: Image.Image, chance: random.Random, amount: int) -> Image.Image:
    """A sensor's, of its own in each colour."""
    area = image.width * image.height
    scale = [value * amount // 255 for value in range(256)]
    bands = [Image.frombytes("L", image.size, chance.randbytes(area)).point(scale) for _ in range(3)]
    return ImageChops.add(image, Image.merge("RGB", bands), 1, -amount // 2)


def _write_clock(image: Image.Image, moment: int) -> None:
    """As cameras do, over whatever they see."""
    minutes = moment % 1440
    text = f"2026-11-{1 + moment // 1440 % 28:02} {minutes // 60:02}:{minutes % 60:02}:{moment * 7 % 60:02}"
    label = Image.new("L", (len(text) * 6 + 4, 12), 0)
    ImageDraw.Draw(label).text((2, 0), text, fill=255)
    scale = image.width / 640
    label = label.resize((int(label.width * 1.4 * scale), int(label.height * 1.4 * scale)))
    image.paste((255, 255, 255), (int(8 * scale), int(6 * scale)), label)
