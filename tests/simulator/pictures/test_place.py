import io

from PIL import Image

from simulator.pictures import Fault, Light, Place, Shot, Weather


def test_the_same_seed_and_shot_give_the_same_bytes() -> None:
    shot = Shot(5, Light.NIGHT, Weather.GLARE, Fault.WEB)
    assert Place(9).picture(shot) == Place(9).picture(shot)
    assert Place(9).picture(shot) != Place(10).picture(shot)


def test_every_kind_of_picture_is_a_jpeg_of_the_size_ordered() -> None:
    place = Place(2, indoors=True)
    for light in Light:
        for fault in (None, *Fault):
            picture = Image.open(io.BytesIO(place.picture(Shot(1, light, fault=fault))))
            assert (picture.format, picture.size) == ("JPEG", (640, 360))
    assert Image.open(io.BytesIO(place.picture(Shot(size=(1920, 1080))))).size == (1920, 1080)


def test_two_moments_differ_and_a_frozen_one_differs_in_its_clock_only() -> None:
    place = Place(2)
    one, other = (Image.open(io.BytesIO(place.picture(Shot(n)))).crop((0, 40, 640, 360)) for n in (1, 2))
    assert one.tobytes() != other.tobytes()
    bodies = [place.picture(Shot(n, fault=Fault.FROZEN)) for n in (1, 2)]
    below = [Image.open(io.BytesIO(body)).crop((0, 40, 640, 360)).tobytes() for body in bodies]
    assert bodies[0] != bodies[1]
    assert below[0] == below[1]
