import io
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent.pictures.header import MAX_BYTES, NotAPicture, measure


def jpeg(mode: str = "RGB", size: tuple[int, int] = (320, 240), **options: object) -> bytes:
    body = io.BytesIO()
    Image.new(mode, size, 90 if mode == "L" else None).save(body, "JPEG", **options)
    return body.getvalue()


def claiming(width: int, height: int, frame: int = 0xC0, sampling: bytes = b"\x22\x11\x11") -> bytes:
    """A header that claims a size, and nothing behind it."""
    components = b"".join(bytes((n + 1, factor, 0)) for n, factor in enumerate(sampling))
    payload = struct.pack(">BHHB", 8, height, width, len(sampling)) + components
    return b"\xff\xd8\xff\xe0\x00\x04ab\xff" + bytes((frame,)) + struct.pack(">H", len(payload) + 2) + payload


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_picture_is_measured_without_decoding_it(mode: str) -> None:
    shape = measure(jpeg(mode))
    assert shape == (320, 240, {"RGB": 3, "L": 1, "CMYK": 4}[mode], False)


def test_a_progressive_one_is_told() -> None:
    assert measure(jpeg(progressive=True)).progressive


def test_exif_before_the_frame_is_passed_over() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a camera's description " * 20
    assert measure(jpeg(exif=exif))[:2] == (320, 240)


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_are_refused(form: str) -> None:
    body = io.BytesIO()
    Image.new("RGB", (64, 64)).save(body, form)
    with pytest.raises(NotAPicture, match="no JPEG"):
        measure(body.getvalue())


def test_a_web_page_and_nothing_at_all_are_refused() -> None:
    for body in (b"", b"<html>Login</html>", b"\xff\xd8"):
        with pytest.raises(NotAPicture, match="no JPEG"):
            measure(body)


@pytest.mark.parametrize("size", [(65_535, 65_535), (16_385, 100), (10_000, 10_000), (8, 400), (400, 0)])
def test_sizes_that_no_camera_has_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NotAPicture, match="pixels"):
        measure(claiming(*size))


def test_8k_is_taken_and_a_progressive_one_only_where_its_coefficients_fit() -> None:
    assert measure(claiming(7680, 4320))[:2] == (7680, 4320)
    assert measure(claiming(7680, 4320, 0xC2)).progressive
    with pytest.raises(NotAPicture, match="MiB"):
        measure(claiming(7680, 4320, 0xC2, b"\x11\x11\x11"))


def test_a_progressive_picture_of_endless_scans_is_refused() -> None:
    with pytest.raises(NotAPicture, match="scans"):
        measure(claiming(640, 480, 0xC2) + b"\xff\xda\x00\x02" * 100)


def test_kinds_that_no_camera_sends_are_refused() -> None:
    for frame in (0xC3, 0xC9, 0xCF):
        with pytest.raises(NotAPicture, match="kind"):
            measure(claiming(640, 480, frame))


def test_too_many_bytes_are_refused_unseen() -> None:
    with pytest.raises(NotAPicture, match="bytes"):
        measure(bytes(MAX_BYTES + 1))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_shape_or_a_refusal(noise: bytes) -> None:
    for body in (noise, b"\xff\xd8\xff" + noise, claiming(640, 480)[:-4] + noise):
        try:
            width = measure(body).width
        except NotAPicture:
            continue
        assert 16 <= width <= 16_384


@given(st.integers(0, 700), st.integers(0, 255))
def test_a_broken_header_gives_a_shape_or_a_refusal(at: int, value: int) -> None:
    body = bytearray(jpeg())
    body[at % len(body)] = value
    try:
        measure(bytes(body))
    except NotAPicture:
        assert value is not None


@pytest.mark.parametrize("filling", [b"\xff\xd0", b"\xff", b"\xff\xe0\x00\x02", b"\xff\xff\xd0"])
def test_a_header_without_end_costs_little(filling: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(NotAPicture):
        measure(b"\xff\xd8\xff" + (filling * MAX_BYTES)[1 : MAX_BYTES - 3])
    assert time.process_time() - begun < 0.3
    assert measure(b"\xff\xd8" + b"\xff" * 100 + jpeg()[2:]).width == 320, "padding is allowed"
