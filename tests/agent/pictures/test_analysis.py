import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from agent.pictures.analysis import UNREADABLE, analyse
from agent.pictures.features import Features, Phase
from simulator.pictures import Light, Place, Shot

PLACE = Place(5)


def saved(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    body = io.BytesIO()
    image.save(body, form, **options)
    return body.getvalue()


def look(body: bytes) -> Features:
    return Features.model_validate(analyse(body))


def flat(level: int, size: tuple[int, int] = (640, 360)) -> bytes:
    return saved(Image.new("RGB", size, (level, level, level)))


def test_a_black_frame_has_no_detail_at_all() -> None:
    found = look(flat(0))
    assert found.brightness < 0.01
    assert max(found.detail) == max(found.across) == max(found.upright) == 0
    assert found.phase is Phase.DARK


def test_a_white_frame_is_white_and_plain() -> None:
    found = look(flat(255))
    assert found.white == 1
    assert found.brightness > 0.99
    assert max(found.detail) == 0


@pytest.mark.parametrize(
    ("light", "phase"),
    [
        (Light.DAY, Phase.DAY),
        (Light.TWILIGHT, Phase.TWILIGHT),
        (Light.NIGHT, Phase.NIGHT),
        (Light.OUT, Phase.DARK),
    ],
)
def test_the_picture_itself_tells_the_light(light: Light, phase: Phase) -> None:
    for seed in range(4):
        assert look(Place(seed, indoors=seed % 2 == 1).picture(Shot(3, light))).phase is phase


def test_what_is_out_of_focus_loses_detail_and_keeps_its_shapes() -> None:
    sharp = Image.open(io.BytesIO(PLACE.picture()))
    before, after = look(saved(sharp)), look(saved(sharp.filter(ImageFilter.GaussianBlur(3))))
    assert sum(after.detail) < 0.3 * sum(before.detail)
    assert sum(after.across) > 0.5 * sum(before.across)


def test_the_same_scene_in_another_size_gives_about_the_same_figures() -> None:
    small, large = look(PLACE.picture()), look(PLACE.picture(Shot(size=(1920, 1080))))
    assert large.brightness == pytest.approx(small.brightness, abs=0.02)
    assert large.saturation == pytest.approx(small.saturation, abs=0.02)
    assert (large.width, large.height) == (1920, 1080)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_grey_cmyk_and_colour_are_read(mode: str) -> None:
    image = Image.open(io.BytesIO(PLACE.picture())).convert(mode)
    found = look(saved(image))
    assert found.brightness == pytest.approx(look(PLACE.picture()).brightness, abs=0.05)
    assert (found.saturation == 0) == (mode == "L")


def test_progressive_and_with_exif_are_read() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(PLACE.picture()))
    assert look(saved(image, progressive=True, exif=exif)).phase is Phase.DAY


@pytest.mark.parametrize("size", [(16, 16), (17, 4000), (352, 288), (704, 576), (3840, 2160)])
def test_every_size_is_read(size: tuple[int, int]) -> None:
    assert look(flat(90, size)).brightness == pytest.approx(90 / 255, abs=0.02)


def test_a_truncated_picture_is_refused() -> None:
    body = PLACE.picture()
    for length in (20, len(body) // 2, len(body) - 200):
        with pytest.raises(UNREADABLE):
            analyse(body[:length])


def test_other_formats_are_not_even_tried() -> None:
    with pytest.raises(UNREADABLE):
        analyse(saved(Image.new("RGB", (64, 64)), "PNG"))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_a_known_way(noise: bytes) -> None:
    for body in (noise, b"\xff\xd8\xff" + noise):
        with pytest.raises(UNREADABLE):
            analyse(body)


SMALL = saved(Image.open(io.BytesIO(PLACE.picture())).resize((64, 48)))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=8))
def test_a_damaged_picture_gives_figures_or_is_refused_in_a_known_way(damage: list[tuple[int, int]]) -> None:
    body = bytearray(SMALL)
    for at, value in damage:
        body[at] = value
    try:
        found = analyse(bytes(body))
    except UNREADABLE:
        return
    Features.model_validate(found)
