"""The collector against simulated cameras and recorders over real sockets, with real analysts."""

import io
import logging
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.cameras.settings import CamerasSettings
from agent.collector import Context, Reading, discover
from agent.collectors.pictures import REST_SECONDS, Pictures, plugin
from agent.device.pause import PAUSES
from agent.inventory import InventoryBook
from agent.pictures.rota import Rota
from agent.pictures.settings import PicturesSettings
from agent.recorder.directory import Directory
from agent.recorder.ids import channel_id
from agent.recorder.settings import RecordersSettings
from simulator.isapi.recorder import IsapiRecorder as Recorder
from simulator.onvif import Camera, Misbehaviour
from simulator.onvif import Recorder as OnvifRecorder
from simulator.pictures import Fault, Place, View
from simulator.recorder.box import Box
from tests.waiting import wait_until
from wire.messages import Device, DeviceKind
from wire.metrics import BY_NAME

LEARN = 8


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("secret")
    return file


@pytest.fixture
def cameras() -> Iterator[list[Camera]]:
    made = [Camera(name=f"cam-{n}").start() for n in range(3)]
    for number, camera in enumerate(made):
        camera.view = View(Place(50 + number))
    yield made
    for camera in made:
        camera.stop()


def camera_settings(cameras: list[Camera], password: Path, **more: Any) -> CamerasSettings:
    devices = [{"id": c.name, "name": c.name.upper(), "host": c.host, "port": c.port, "room": "yard"} for c in cameras]
    table = {"username": "watchkeeper", "password_file": str(password), "devices": devices}
    return CamerasSettings.model_validate(table | more)


def settings(**more: Any) -> PicturesSettings:
    return PicturesSettings.model_validate({"learn_pictures": LEARN, "device_timeout_seconds": 10.0} | more)


def collector(
    watched: CamerasSettings | None,
    clock: Callable[[], float],
    state: Path | None = None,
    recorders: RecordersSettings | None = None,
    directory: Directory | None = None,
    **more: Any,
) -> Pictures:
    return Pictures(
        settings(**more),
        watched,
        recorders,
        state,
        directory=directory or Directory(),
        monotonic=clock,
        wall=lambda: 0.0,
    )


def values(reading: Reading, device: str) -> dict[str, float]:
    found = [m for m in reading.measurements if m.device == device]
    assert len(found) == 1, reading.measurements
    assert found[0].values.keys() <= set(plugin.metrics)
    return dict(found[0].values)


def rounds(pictures: Pictures, clock: Clock, count: int) -> Reading:
    reading = Reading()
    for _ in range(count):
        reading = pictures.collect()
        clock.at += 1200.0
    return reading


def test_every_camera_tells_what_its_picture_shows(cameras: list[Camera], password: Path) -> None:
    pictures = collector(camera_settings(cameras, password), Clock())
    reading = pictures.collect()
    for camera in cameras:
        told = values(reading, camera.name)
        assert told["picture_taken"] == 1
        assert told["picture_age_seconds"] == 0
        assert told["picture_infrared"] == 0
        assert 0.2 < told["picture_brightness_ratio"] < 0.8
        assert not [flag for flag in told if flag.startswith("picture_") and told[flag] and "moved" in flag]
    assert reading.devices is not None
    entry = next(device for device in reading.devices if device.device == "cam-0")
    assert (entry.kind, entry.name, entry.room) == (DeviceKind.CAMERA, "CAM-0", "yard")
    assert entry.facts == {"picture_size": "640x360"}


def test_a_fault_is_flagged_after_learning_and_over_when_it_is_mended(
    cameras: list[Camera], password: Path, tmp_path: Path
) -> None:
    clock = Clock()
    camera = cameras[0]
    assert isinstance(camera.view, View)
    pictures = collector(camera_settings(cameras[:1], password), clock, tmp_path)
    rounds(pictures, clock, LEARN + 1)
    camera.view.fault = Fault.DEFOCUSED
    assert values(rounds(pictures, clock, 1), "cam-0")["picture_blurred"] == 1
    camera.view.fault = None
    told = values(rounds(pictures, clock, 1), "cam-0")
    assert told["picture_blurred"] == told["picture_moved"] == told["picture_frozen"] == 0
    assert told["picture_sharpness_ratio"] == pytest.approx(1, abs=0.3)


def test_no_picture_is_written_to_disk(cameras: list[Camera], password: Path, tmp_path: Path) -> None:
    clock = Clock()
    state = tmp_path / "state"
    rounds(collector(camera_settings(cameras, password), clock, state), clock, 5)
    files = [file for file in state.rglob("*") if file.is_file()]
    assert {file.name for file in files} == {"cam-0.json", "cam-1.json", "cam-2.json"}
    assert all(b"\xff\xd8\xff" not in file.read_bytes() and file.stat().st_size < 16_384 for file in files)


def test_pictures_are_spread_over_the_time_between_two(cameras: list[Camera], password: Path, tmp_path: Path) -> None:
    clock = Clock()
    pictures = collector(camera_settings(cameras, password), clock, tmp_path)
    asked = []
    for _ in range(20):
        asked.append(len(pictures.collect().measurements))
        clock.at += 60.0
    assert max(asked) == 1, "one camera a run, where a tenth of three is due"
    assert sum(asked) == 6, "each camera twice within twenty minutes"


def test_the_requests_for_a_picture_are_few(cameras: list[Camera], password: Path, tmp_path: Path) -> None:
    clock = Clock()
    pictures = collector(camera_settings(cameras[:1], password), clock, tmp_path)
    rounds(pictures, clock, 6)
    asked = cameras[0].requests
    assert asked["GET"] == 12, "a challenge and an answer for each"
    assert sum(asked.values()) - asked["GET"] <= 8, "who it is and where its pictures are, once"
    assert cameras[0].refused_logins == 0


@pytest.mark.parametrize("how", [Misbehaviour.GARBAGE, Misbehaviour.NOISE, Misbehaviour.HUGE, Misbehaviour.REDIRECT])
def test_a_camera_that_answers_with_nonsense_has_no_picture(
    cameras: list[Camera], password: Path, how: Misbehaviour
) -> None:
    clock = Clock()
    pictures = collector(camera_settings(cameras[:1], password), clock)
    rounds(pictures, clock, 1)
    cameras[0].misbehaviour = how
    told = values(pictures.collect(), "cam-0")
    assert told == {"picture_taken": 0, "picture_age_seconds": 1200}
    cameras[0].misbehaviour = None
    clock.at += 1200
    assert values(pictures.collect(), "cam-0")["picture_taken"] == 1


def png() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (320, 240)).save(body, "PNG")
    return body.getvalue()


@pytest.mark.parametrize(
    "picture", [b"<html>", b"\xff\xd8\xff\xd9", b"\x00" * 5_000_000, png(), Place(1).picture()[:9000]]
)
def test_what_is_no_picture_costs_itself_only(cameras: list[Camera], password: Path, picture: bytes) -> None:
    cameras[1].view = lambda: picture
    reading = collector(camera_settings(cameras, password), Clock()).collect()
    assert [values(reading, f"cam-{n}")["picture_taken"] for n in range(3)] == [1, 0, 1]


def test_of_a_camera_that_is_away_nothing_is_said(cameras: list[Camera], password: Path) -> None:
    cameras[0].off()
    reading = collector(camera_settings(cameras, password), Clock()).collect()
    assert [m.device for m in reading.measurements] == ["cam-1", "cam-2"]


def test_a_camera_without_pictures_says_so_once_and_rests(
    cameras: list[Camera], password: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    clock = Clock()
    cameras[0].view = None
    pictures = collector(camera_settings(cameras[:1], password), clock, tmp_path)
    reading = pictures.collect()
    assert not reading.measurements
    assert reading.devices is not None
    assert reading.devices[0].facts == {"pictures": "not offered"}
    before = sum(cameras[0].requests.values())
    for _ in range(3):
        clock.at += REST_SECONDS / 4
        pictures.collect()
    assert sum(cameras[0].requests.values()) == before
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    cameras[0].view = View(Place(3))
    clock.at += REST_SECONDS
    assert values(pictures.collect(), "cam-0")["picture_taken"] == 1


def test_a_refused_account_is_tried_once(cameras: list[Camera], password: Path) -> None:
    clock = Clock()
    cameras[0].gate.password = "changed"
    pictures = collector(camera_settings(cameras[:1], password), clock)
    for _ in range(5):
        assert not pictures.collect().measurements
        clock.at += 2 * REST_SECONDS
    assert cameras[0].refused_logins == 1
    assert PAUSES.remaining(camera_settings(cameras[:1], password).devices[0].endpoint, "watchkeeper") > 0


def test_a_camera_that_points_elsewhere_is_asked_at_its_own_address(cameras: list[Camera], password: Path) -> None:
    cameras[0].wrong_xaddr = "192.0.2.1:80"
    assert values(collector(camera_settings(cameras[:1], password), Clock()).collect(), "cam-0")["picture_taken"] == 1


def test_excluded_ones_are_left_alone(cameras: list[Camera], password: Path) -> None:
    reading = collector(camera_settings(cameras, password), Clock(), exclude=["cam-1"]).collect()
    assert [m.device for m in reading.measurements] == ["cam-0", "cam-2"]
    assert not cameras[1].requests


def test_an_order_to_learn_anew_is_followed(cameras: list[Camera], password: Path, tmp_path: Path) -> None:
    clock = Clock()
    watched = camera_settings(cameras[:1], password)
    rounds(collector(watched, clock, tmp_path), clock, LEARN)
    again = collector(watched, clock, tmp_path)
    assert values(again.collect(), "cam-0")["picture_baseline_samples"] > 0
    ordered = collector(watched, clock, tmp_path, relearn={"cam-0": "2026-11-28"})
    assert values(ordered.collect(), "cam-0")["picture_baseline_samples"] == 0


def test_other_firmware_is_learned_anew(cameras: list[Camera], password: Path, tmp_path: Path) -> None:
    clock = Clock()
    pictures = collector(camera_settings(cameras[:1], password), clock, tmp_path)
    rounds(pictures, clock, 3)
    cameras[0].firmware = "2.0"
    clock.at += 86_400
    assert values(pictures.collect(), "cam-0")["picture_baseline_samples"] == 0


def test_an_agent_that_stops_waits_for_no_camera(cameras: list[Camera], password: Path) -> None:
    cameras[0].hang = True
    pictures = collector(camera_settings(cameras[:1], password), Clock(), device_timeout_seconds=60.0)
    reading: list[Reading] = []
    thread = threading.Thread(target=lambda: reading.append(pictures.collect()))
    thread.start()
    wait_until(lambda: cameras[0].connections > 0)
    pictures.interrupt()
    thread.join(10)
    assert not thread.is_alive()
    assert not reading[0].measurements
    assert not pictures.collect().measurements


# Recorders


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    box = Box(3)
    for channel in box.channels:
        channel.picture = Place(60 + channel.number).picture()
    with Recorder(box) as made:
        yield made


def recorder_settings(recorder: Recorder | OnvifRecorder, password: Path) -> RecordersSettings:
    device = {"id": "nvr", "host": recorder.host, "port": recorder.port, "speaks": "isapi"}
    table = {"username": "watchkeeper", "password_file": str(password), "devices": [device]}
    return RecordersSettings.model_validate(table)


def channel(token: str, kind: DeviceKind = DeviceKind.CHANNEL, name: str = "") -> Device:
    return Device(device=name or channel_id("nvr", token), kind=kind, parent="nvr")


def test_channels_are_pictured_as_their_recorder_lists_them(recorder: Recorder, password: Path, tmp_path: Path) -> None:
    clock, directory = Clock(), Directory()
    pictures = collector(None, clock, tmp_path, recorder_settings(recorder, password), directory)
    assert not pictures.collect().measurements, "nobody has listed any yet"
    directory.tell("nvr", {"1": channel("1"), "2": channel("2")})
    clock.at += 1200
    reading = Reading()
    told = set()
    for _ in range(2):
        reading = pictures.collect()
        told |= {m.device for m in reading.measurements if m.values["picture_taken"] == 1}
        clock.at += 1200
    assert told == {"nvr-1", "nvr-2"}
    directory.tell("nvr", {"2": channel("2")})
    reading = pictures.collect()
    assert [m.device for m in reading.measurements] == ["nvr-2"]
    assert reading.devices is not None
    assert [device.device for device in reading.devices] == ["nvr-2"]


def test_a_camera_watched_both_ways_is_pictured_once_by_itself(
    cameras: list[Camera], recorder: Recorder, password: Path
) -> None:
    directory = Directory()
    directory.tell("nvr", {"1": channel("1", DeviceKind.CAMERA, "cam-0"), "2": channel("2")})
    watched = camera_settings(cameras[:1], password)
    reading = collector(watched, Clock(), None, recorder_settings(recorder, password), directory).collect()
    assert sorted(m.device for m in reading.measurements) == ["cam-0", "nvr-2"]
    assert cameras[0].requests["GET"] > 0


def test_collect_at_the_box_asks_the_recorder_for_its_channels(recorder: Recorder, password: Path) -> None:
    reading = collector(None, Clock(), None, recorder_settings(recorder, password)).collect()
    assert sorted(m.device for m in reading.measurements) == ["nvr-1", "nvr-2", "nvr-3"]


def test_a_recorder_named_for_exclusion_is_left_alone_with_all_its_channels(recorder: Recorder, password: Path) -> None:
    directory = Directory()
    directory.tell("nvr", {"1": channel("1")})
    watched = recorder_settings(recorder, password)
    assert not collector(None, Clock(), None, watched, directory, exclude=["nvr"]).collect().measurements


def test_a_recorder_asked_over_onvif_gives_pictures_too(password: Path) -> None:
    box = Box(2)
    for one in box.channels:
        one.picture = Place(70 + one.number).picture()
    with OnvifRecorder(box=box) as made:
        table = recorder_settings(made, password).model_dump()
        table["devices"][0]["speaks"] = "onvif"
        reading = collector(None, Clock(), None, RecordersSettings.model_validate(table)).collect()
        assert len(reading.measurements) == 2
        assert all(m.values["picture_taken"] == 1 for m in reading.measurements)


# The plugin


def test_what_is_seen_is_told_of_the_device_that_another_collector_claims(
    cameras: list[Camera], password: Path, tmp_path: Path
) -> None:
    """Whoever speaks first: the camera stays that of `cameras`, with what its picture shows beside its own facts."""
    pictures = collector(camera_settings(cameras[:1], password), Clock())
    seen = pictures.collect().devices
    own = [Device(device=name, kind=kind) for name, kind in (("a", DeviceKind.AGENT), ("h", DeviceKind.HOST))]
    for order in (("pictures", "cameras"), ("cameras", "pictures")):
        book = InventoryBook(
            own,
            ("cameras", "pictures"),
            lambda _: None,
            lambda *_: None,
            is_guest=lambda name: name == "pictures" and plugin.guest,
            reads=lambda name, other: name == "pictures" and other in plugin.reads,
        )
        said = {"pictures": seen, "cameras": [Device(device="cam-0", kind=DeviceKind.CAMERA, facts={"model": "M"})]}
        for name in order:
            book.update(name, said[name])
        whole = book.whole()
        assert whole is not None
        facts = {device.device: device.facts for device in whole.devices}
        assert facts["cam-0"] == {"model": "M", "picture_size": "640x360"}
        assert book.attributes("cam-0", "pictures")
        assert book.attributes("cam-0", "cameras")


def test_it_is_made_where_there_is_something_to_be_pictured(cameras: list[Camera], password: Path) -> None:
    found = discover()["pictures"]
    context = Context("a", "h", others={"cameras": camera_settings(cameras, password)})
    assert len(found.build(settings(), context)) == 1
    assert found.build(settings(), Context("a", "h", others={"cameras": CamerasSettings()})) == []
    assert set(found.metrics) <= BY_NAME.keys()
    assert {name for name in BY_NAME if name.startswith("picture_")} == set(found.metrics)


def test_turns_keep_their_spread_and_those_that_are_late_are_not_made_up_for() -> None:
    rota = Rota(600.0, random.Random(1))
    first = [rota.first_due(number, 10, 0.0) for number in range(10)]
    assert first == [60.0 * number for number in range(10)]
    assert 0 <= rota.later_due(0.0) < 600
