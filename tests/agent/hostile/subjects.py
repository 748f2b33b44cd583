"""Who asks devices: each collector, made as in the agent, and an honest device for it to begin with."""

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from agent.collector import Collector, Context, Reading, Settings, discover
from agent.device.address import Endpoint
from agent.device.pause import PAUSES
from simulator.dahua import DahuaRecorder
from simulator.device.server import Port
from simulator.isapi import IsapiRecorder
from simulator.onvif import Camera, DoorController, Recorder
from simulator.recorder.box import Box

PASSWORD = "Correct-Horse-7"
TIMEOUT = 0.4

Table = dict[str, Any]


def _jpeg() -> bytes:
    made = io.BytesIO()
    Image.radial_gradient("L").resize((320, 180)).convert("RGB").save(made, "JPEG")
    return made.getvalue()


JPEG = _jpeg()


def _account(tmp_path: Path) -> Table:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    return {
        "username": "watchkeeper",
        "password_file": str(password),
        "device_timeout_seconds": TIMEOUT,
        "max_requests_per_hour": 36_000,
    }


def _device(name: str, port: int, **more: Any) -> Table:
    return {"id": name, "host": "127.0.0.1", "port": port} | more


@dataclass(frozen=True)
class Subject:
    """One collector and what it asks. `speaks` is a recorder's language, empty for what is no recorder."""

    name: str
    collector: str
    device: str
    """Who its values of contact are of."""
    speaks: str = ""
    reached: str = "reachable"
    """The metric that says that the device answers; empty where there is none."""
    logs_in: bool = True
    """Whether its first round shows the account to whoever asks for one, and tells whether it was taken."""
    honest: Callable[[], Any] = Camera
    thorough: bool = True
    """Whether everything is tried; else a sample, since another one asks in the same way."""

    def settings(self, port: int, tmp_path: Path, other_port: int) -> Mapping[str, Table]:
        """The tables of the configuration; `other_port` is for streams and certificates of cameras."""
        account = _account(tmp_path)
        camera = account | {"devices": [_device("gate", port, rtsp_port=other_port, tls_port=other_port)]}
        recorder = account | {"devices": [_device("nvr", port, speaks=self.speaks or "onvif")], "clock_samples": 1}
        doors = [{"id": "door-1", "token": "door1"}, {"id": "door-2", "token": "door2"}]
        controller = account | {"controllers": [_device("ctl", port, doors=doors)], "wait_seconds": 0.05}
        return {
            "cameras": {"cameras": camera | {"clock_samples": 1, "timeout_seconds": 20.0}},
            "recorders": {"recorders": recorder},
            "doors": {"doors": controller},
            "hardware": {"hardware": {"stream_silence_seconds": 1.0}, "recorders": recorder},
            "pictures": {"pictures": {"device_timeout_seconds": TIMEOUT}}
            | ({"recorders": recorder} if self.speaks else {"cameras": camera}),
        }[self.collector]

    def make(self, port: int, tmp_path: Path, other_port: int | None = None) -> Collector:
        """The collector, connected to nothing yet. Of an earlier test at the same port nothing rests."""
        PAUSES.start(Endpoint("127.0.0.1", port), "watchkeeper", 0.0)
        tables = self.settings(port, tmp_path, port if other_port is None else other_port)
        plugins = discover()
        made: dict[str, Settings] = {n: plugins[n].settings.model_validate(table) for n, table in tables.items()}
        own = made.pop(self.collector)
        (collector,) = plugins[self.collector].build(own, Context("agent-1", "host-1", None, None, made))
        return collector


def values(reading: Reading, device: str) -> dict[str, float]:
    """What was told of a device."""
    return {name: value for m in reading.measurements if m.device == device for name, value in m.values.items()}


def _box() -> Box:
    box = Box(3)
    for channel in box.channels:
        channel.picture, channel.oldest_seconds = JPEG, 3 * 86_400.0
    return box


def _camera() -> Camera:
    camera = Camera(name="gate", password=PASSWORD, streams=True)
    camera.picture = lambda profile: JPEG  # type: ignore[method-assign]
    return camera


def _dahua() -> DahuaRecorder:
    recorder = DahuaRecorder(_box(), password=PASSWORD)
    recorder.attach.heartbeat_seconds = 0.05
    return recorder


def _isapi() -> IsapiRecorder:
    recorder = IsapiRecorder(_box(), password=PASSWORD)
    recorder.alerts.heartbeat_seconds = 0.05
    return recorder


def _onvif_recorder() -> Recorder:
    return Recorder(name="nvr", password=PASSWORD, channels=["ch1", "ch2", "ch3"], box=_box())


SUBJECTS: Mapping[str, Subject] = {
    one.name: one
    for one in (
        Subject("camera", "cameras", "gate", honest=_camera),
        Subject("recorder-onvif", "recorders", "nvr", "onvif", honest=_onvif_recorder),
        Subject("recorder-isapi", "recorders", "nvr", "isapi", honest=_isapi),
        Subject("recorder-dahua", "recorders", "nvr", "dahua", honest=_dahua),
        Subject(
            *("door", "doors", "door-1"),
            reached="door_reachable",
            honest=lambda: DoorController(name="ctl", password=PASSWORD),
        ),
        Subject(
            "hardware-onvif",
            "hardware",
            "nvr",
            "onvif",
            reached="",
            logs_in=False,
            honest=_onvif_recorder,
            thorough=False,
        ),
        Subject("hardware-isapi", "hardware", "nvr", "isapi", reached="", logs_in=False, honest=_isapi),
        Subject("hardware-dahua", "hardware", "nvr", "dahua", reached="", logs_in=False, honest=_dahua),
        Subject("pictures-onvif", "pictures", "gate", reached="", logs_in=False, honest=_camera),
        Subject("pictures-isapi", "pictures", "nvr", "isapi", reached="", logs_in=False, honest=_isapi, thorough=False),
        Subject("pictures-dahua", "pictures", "nvr", "dahua", reached="", logs_in=False, honest=_dahua),
    )
}


class Honest:
    """A simulated device in service, and the port behind which a liar may sit."""

    def __init__(self, subject: Subject) -> None:
        self.device = subject.honest()
        self._stack = ExitStack()
        self.port: Port = self.device._port
        self.number: int = self.port.number
        rtsp = getattr(self.device, "rtsp", None)
        self.rtsp_port: int = rtsp.port if rtsp is not None else 0

    def __enter__(self) -> "Honest":
        entered: AbstractContextManager[Any] = self.device
        self._stack.enter_context(entered)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
