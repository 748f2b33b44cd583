"""Every kind of device in a process of its own: `python -m tests.bench.device_site`.

Reads a line from its standard input whenever it is to tell: `tables` are the collectors' tables of what there is, as
TOML; `requests` is what each device was asked until now (HTTP and RTSP), by its id. Serves until its input ends.
"""

import io
import json
import sys
from collections.abc import Mapping

from PIL import Image

from simulator import toml
from simulator.dahua.recorder import DahuaRecorder
from simulator.device.simulated import Simulated
from simulator.isapi.recorder import IsapiRecorder
from simulator.onvif import Camera, DoorController, Recorder
from simulator.pictures.place import Place, Shot
from simulator.recorder.box import Box

CAMERAS, CHANNELS, DOORS = 64, 16, 4
PASSWORD_ENV = "WATCHKEEPER_BENCH"


def _picture() -> bytes:
    """A scene as a camera of two megapixels sends it."""
    small = Image.open(io.BytesIO(Place(7).picture(Shot(size=(640, 360)))))
    body = io.BytesIO()
    small.resize((1920, 1080)).save(body, "JPEG", quality=80)
    return body.getvalue()


def devices() -> dict[str, Simulated]:
    """All of them, switched on."""
    picture = _picture()
    cameras = {f"cam-{number:02}": Camera(name=f"cam-{number:02}", streams=True) for number in range(1, CAMERAS + 1)}
    for camera in cameras.values():
        camera.view = lambda: picture
    boxes = [Box(CHANNELS) for _ in range(3)]
    for channel in (channel for box in boxes for channel in box.channels):
        channel.picture = picture
    tokens = [f"ch{number}" for number in range(1, CHANNELS + 1)]
    made: dict[str, Simulated] = {
        **cameras,
        "nvr-onvif": Recorder(name="nvr-onvif", channels=tokens, box=boxes[0]),
        "nvr-isapi": IsapiRecorder(boxes[1]),
        "nvr-dahua": DahuaRecorder(boxes[2]),
        "access": DoorController(name="access", doors=[f"door-{number}" for number in range(1, DOORS + 1)]),
    }
    for device in made.values():
        device.start()
    return made


def tables(made: Mapping[str, Simulated]) -> dict[str, list[toml.Value]]:
    """What each collector watches, by the collector's name."""
    told: dict[str, list[toml.Value]] = {"cameras": [], "recorders": [], "doors": []}
    for name, device in made.items():
        where: dict[str, toml.Value] = {"id": name, "host": device.host, "port": device.port}
        if isinstance(device, Camera):
            told["cameras"].append({**where, "rtsp_port": device.rtsp_port, "tls_port": 0})
        elif isinstance(device, DoorController):
            doors: list[toml.Value] = [{"id": token, "token": token} for token in device.doors]
            told["doors"].append({**where, "doors": doors})
        else:
            told["recorders"].append({**where, "speaks": name.removeprefix("nvr-")})
    return told


def requests(made: Mapping[str, Simulated]) -> dict[str, int]:
    """What each was asked until now."""
    streams = {
        name: sum(device.rtsp.requests.values())
        for name, device in made.items()
        if isinstance(device, Camera) and device.rtsp is not None
    }
    return {name: device.received + streams.get(name, 0) for name, device in made.items()}


def main() -> None:
    """Tell what is asked for, until nobody asks any more."""
    made = devices()
    for line in sys.stdin:
        answer = tables(made) if line.strip() == "tables" else requests(made)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
