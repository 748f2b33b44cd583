"""Firmware that is not on the list, as a timeline."""

from typing import Any

from tests.hub.fleets import T0
from tests.hub.rules.timelines import MINUTE, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "firmware_outdated"
WANTED: dict[str, Any] = {RULE: {"wanted": {"IPC-2*": ["V5.7.3*", "V5.8*"]}}}


def camera(firmware: str, model: str = "IPC-2143") -> Device:
    return Device(device="cam-1", kind=DeviceKind.CAMERA, facts={"model": model, "firmware": firmware})


def test_until_a_wanted_one_is_installed() -> None:
    line = timeline(camera("V5.5.0"), rules=WANTED)
    line.samples(range(0, 20 * MINUTE, MINUTE), "cam-1", reachable=1)
    finding = line.engine.sites["school"].devices["cam-1"].findings[RULE]
    assert finding.detail == {"model": "IPC-2143", "firmware": "V5.5.0"}
    line.engine.inventory(line.state, [camera("V5.7.3 build 220112")], T0 + 20 * MINUTE * 1000)
    line.samples([20 * MINUTE], "cam-1", reachable=1)
    assert lives(line, RULE) == ["0 pending", "600 opened", "1200 closed"]


def test_without_a_list_and_of_other_models_nothing_is_judged() -> None:
    for line in (timeline(camera("V5.5.0")), timeline(camera("V5.5.0", "DH-1"), rules=WANTED)):
        line.samples(range(0, 20 * MINUTE, MINUTE), "cam-1", reachable=1)
        assert line.log == []


def test_a_device_that_does_not_say_what_it_runs_is_not_judged() -> None:
    line = timeline(rules=WANTED)
    line.samples(range(0, 20 * MINUTE, MINUTE), "cam-1", reachable=1)
    assert line.log == []
