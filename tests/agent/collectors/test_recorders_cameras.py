"""A camera that is watched by itself and recorded as a channel is one device: in the book, and in a whole agent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.app import App, build
from agent.cameras.settings import CamerasSettings
from agent.collector import Context, discover
from agent.collectors.recorders import plugin
from agent.config import parse
from agent.inventory import InventoryBook
from agent.recorder.directory import DIRECTORY
from agent.recorder.settings import RecordersSettings
from simulator.isapi import IsapiRecorder
from simulator.onvif import Camera
from simulator.recorder.box import Box
from tests.agent.recorder.box_speaker import BoxSpeaker
from tests.agent.recorder.worlds import World, at
from tests.agent.test_uplink import ADDRESS, Hub
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import decode
from wire.messages import Device, DeviceKind, Inventory, Report
from wire.topics import Verb

CAMERAS = CamerasSettings.model_validate(
    {"devices": [{"id": "gate", "name": "Main gate", "host": "10.0.0.21", "parent": "switch-1"}]}
)


def book() -> InventoryBook:
    agent = Device(device="a", kind=DeviceKind.AGENT)
    names = ["cameras", "recorders"]
    notes: dict[str, str] = {}
    return InventoryBook([agent], names, notes.get, notes.__setitem__, reads=lambda name, other: other in reads(name))


def reads(name: str) -> tuple[str, ...]:
    return plugin.reads if name == "recorders" else ()


def entries(one: InventoryBook) -> dict[str, Device]:
    whole = one.whole()
    assert whole is not None
    return {device.device: device for device in whole.devices}


def watched(tmp_path: Path, cameras: CamerasSettings | None = CAMERAS, **device: Any) -> World:
    box = Box(2)
    box.channel(1).address = "10.0.0.21"
    box.channel(2).address = "192.168.254.2"
    speaker = BoxSpeaker(box)
    return World(box, lambda: speaker, tmp_path, at(25, 12), device=device, cameras=cameras)


def test_values_go_to_the_cameras_own_entry_and_the_recorder_adds_where_it_is_recorded(tmp_path: Path) -> None:
    one, kept = watched(tmp_path), book()
    reading = one.round()
    own = Device(
        device="gate", kind=DeviceKind.CAMERA, name="Main gate", parent="switch-1", facts={"address": "10.0.0.21:80"}
    )
    kept.update("cameras", [own])
    kept.update("recorders", reading.devices)
    gate = entries(kept)["gate"]
    assert (gate.kind, gate.name, gate.parent) == (DeviceKind.CAMERA, "Main gate", "switch-1")
    assert gate.facts == own.facts | {
        "recorder": "nvr",
        "recorder_channel": "1",
        "plan": "continuous",
        "recording_since": gate.facts["recording_since"],
    }
    assert set(entries(kept)) == {"a", "nvr", "gate", "nvr-2", "nvr-disk-1", "nvr-disk-2", "nvr-storage"}
    assert kept.attributes("gate", "recorders")
    assert kept.attributes("gate", "cameras")
    assert one.values["gate"]["recording_retention_days"] == pytest.approx(30, abs=0.01)
    assert "nvr-1" not in one.values
    assert DIRECTORY.channels("nvr")["1"].device == "gate"


def test_whoever_is_heard_first_does_not_matter(tmp_path: Path) -> None:
    one, kept = watched(tmp_path), book()
    reading = one.round()
    kept.update("recorders", reading.devices)
    kept.update("cameras", [Device(device="gate", kind=DeviceKind.CAMERA, name="Main gate", parent="switch-1")])
    gate = entries(kept)["gate"]
    assert (gate.parent, gate.facts["recorder"]) == ("switch-1", "nvr")


def test_a_channel_that_names_its_camera_is_it_though_nobody_here_watches_that(tmp_path: Path) -> None:
    one, kept = watched(tmp_path, None, channels=[{"token": "2", "camera": "hall", "room": "hall"}]), book()
    kept.update("recorders", one.round().devices)
    kept.update("cameras", [])
    hall = entries(kept)["hall"]
    assert (hall.kind, hall.parent, hall.room) == (DeviceKind.CAMERA, "nvr", "hall")
    assert kept.attributes("hall", "recorders")
    assert "recording_stalled" in one.values["hall"]


def test_gaps_and_operations_name_the_camera(tmp_path: Path) -> None:
    one = watched(tmp_path)
    one.box.channel(1).gaps = [(at(24, 3), at(24, 4))]
    one.round()
    assert [(e.device, e.type) for e in one.events] == [("gate", "recording.gap")]


def test_the_plugin_takes_the_cameras_from_the_configuration_of_the_others() -> None:
    settings = RecordersSettings.model_validate({"devices": [{"id": "nvr", "host": "10.0.0.5"}]})
    context = Context(agent="a", host="h", others={"cameras": CAMERAS})
    assert len(plugin.build(settings, context)) == 1
    assert plugin.reads == ("cameras",)


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()


def inventory(hub: Hub) -> dict[str, Device]:
    told = hub.of(Verb.INVENTORY)
    return {device.device: device for device in decode(Inventory, told[-1]).devices} if told else {}


def metrics(hub: Hub, device: str) -> set[str]:
    reports = [decode(Report, body) for body in hub.of(Verb.REPORT)]
    return {name for one in reports for sample in one.samples if sample.device == device for name in sample.values}


def test_in_a_whole_agent_they_are_one_device_until_the_cameras_are_no_more_watched(
    mosquitto: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    box = Box(2)
    box.channel(1).address = "127.0.0.1"
    every = {"interval_seconds": 0.3, "username": "watchkeeper", "password_file": str(password), "clock_samples": 1}
    with IsapiRecorder(box) as recorder, Camera(name="gate") as camera:
        nvr = {"id": "nvr", "host": "127.0.0.1", "port": recorder.port, "speaks": "isapi"}
        gate = {"id": "gate", "name": "Main gate", "host": "127.0.0.1", "port": camera.port, "room": "yard"}
        tables = {"recorders": {**every, "devices": [nvr]}, "cameras": {**every, "devices": [gate]}}
        app = agent(tmp_path, mosquitto.port, tables)
        app.start()
        wait_until(lambda: inventory(hub).get("gate", Device(device="x", kind=DeviceKind.ROOM)).facts.get("recorder"))
        wait_until(lambda: {"reachable", "response_seconds", "recording_retention_days"} <= metrics(hub, "gate"))
        told = inventory(hub)
        assert (told["gate"].kind, told["gate"].name, told["gate"].room) == (DeviceKind.CAMERA, "Main gate", "yard")
        assert told["gate"].facts["model"] == "camera"
        assert "nvr-1" not in told
        assert metrics(hub, "nvr-1") == set()
        del tables["cameras"]
        config = configured(tmp_path, mosquitto.port, tables)
        app.adopt(config, app.prepare(config))
        wait_until(lambda: "gate" not in inventory(hub), what="the camera is watched no more")
        assert inventory(hub)["nvr-1"].kind is DeviceKind.CHANNEL
        wait_until(lambda: "online" in metrics(hub, "nvr-1"), what="it is a channel again")
        app.stop()
        assert (recorder.refused_logins, camera.refused_logins) == (0, 0)


def configured(folder: Path, port: int, tables: dict[str, dict[str, Any]]) -> Any:
    own = {name: {"enabled": False} for name in ("host", "volumes", "disks", "encryption", "clock", "network")}
    own |= {name: {"enabled": False} for name in ("hardware", "pictures") if name in PLUGINS}
    table = {
        "site": ADDRESS.site,
        "agent": ADDRESS.agent,
        "state_dir": str(folder / "state"),
        "broker": {"host": "127.0.0.1", "port": port, "protocol": "5"},
        "collectors": {**own, **tables},
    }
    return parse(table, PLUGINS)


def agent(folder: Path, port: int, tables: dict[str, dict[str, Any]]) -> App:
    return build(configured(folder, port, tables), PLUGINS)


PLUGINS = discover()
