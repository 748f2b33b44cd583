"""What stands at an address, without an account, against each kind of device over real sockets."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from agent.device.address import Endpoint
from agent.recorder.languages import Language
from agent.survey.detect import Verdict, detect
from simulator.device.auth import Gate
from simulator.device.server import Answer, Misbehaviour, Port
from simulator.isapi.recorder import IsapiRecorder
from simulator.onvif import Camera, Recorder
from simulator.recorder.box import Box


class Device(Protocol):
    """What every simulated device has."""

    gate: Gate

    @property
    def port(self) -> int: ...


DEVICES: dict[str, tuple[Callable[[], AbstractContextManager[Device]], Language]] = {
    "isapi": (lambda: IsapiRecorder(Box()), Language.ISAPI),
    "onvif recorder": (lambda: Recorder(), Language.ONVIF),
    "onvif camera": (lambda: Camera(), Language.ONVIF),
}


@pytest.mark.parametrize("name", DEVICES)
def test_each_kind_of_device_is_known_without_a_login(name: str) -> None:
    make, language = DEVICES[name]
    with make() as device:
        assert detect(Endpoint("127.0.0.1", device.port), 2.0) is language
        assert device.gate.refused_logins == 0


def test_nobody_there_is_told_apart_from_somebody_strange() -> None:
    with Camera() as camera:
        camera.off()
        assert detect(Endpoint("127.0.0.1", camera.port), 1.0) is Verdict.SILENT
        camera.on()
        camera.misbehaviour = Misbehaviour.HANG
        assert detect(Endpoint("127.0.0.1", camera.port), 0.3) is Verdict.SILENT


@pytest.mark.parametrize("how", [Misbehaviour.GARBAGE, Misbehaviour.NOISE, Misbehaviour.REDIRECT, Misbehaviour.HUGE])
def test_what_makes_no_sense_is_strange(how: Misbehaviour) -> None:
    with Camera() as camera:
        camera.misbehaviour = how
        assert detect(Endpoint("127.0.0.1", camera.port), 2.0) is Verdict.STRANGE


def test_a_web_server_that_wants_a_login_for_everything_is_no_recorder() -> None:
    port = Port("127.0.0.1", 0, lambda _: Answer(401, {"WWW-Authenticate": 'Basic realm="x"'}, b""))
    port.on()
    try:
        assert detect(Endpoint("127.0.0.1", port.number), 2.0) is Verdict.STRANGE
    finally:
        port.close()
