"""Hardware in a whole agent: it runs untold beside the recorders, adds to their devices, takes nothing from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.app import build
from agent.collector import discover
from agent.config import parse
from agent.recorder.directory import DIRECTORY
from simulator.isapi import IsapiRecorder
from simulator.recorder.box import Box
from tests.agent.test_uplink import ADDRESS, Hub
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import decode
from wire.messages import DeviceKind, Event, Inventory, Report
from wire.topics import Verb

PLUGINS = discover()
OTHERS = ("host", "volumes", "disks", "encryption", "clock", "network", "pictures")


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()
    DIRECTORY.tell("nvr", {})


def values(hub: Hub, device: str) -> dict[str, float]:
    reports = [decode(Report, body) for body in hub.of(Verb.REPORT)]
    told = [sample.values for report in reports for sample in report.samples if sample.device == device]
    return {name: value for one in told for name, value in one.items()}


def events(hub: Hub) -> list[Event]:
    return [event for body in hub.of(Verb.REPORT) for event in decode(Report, body).events]


def tables(recorder: IsapiRecorder, folder: Path) -> dict[str, Any]:
    (folder / "password").write_text("secret")
    own: dict[str, Any] = {name: {"enabled": False} for name in OTHERS if name in PLUGINS}
    nvr = {"id": "nvr", "host": "127.0.0.1", "port": recorder.port, "speaks": "isapi"}
    account = {"username": "watchkeeper", "password_file": str(folder / "password")}
    return own | {"recorders": {"interval_seconds": 0.3, "clock_samples": 1, "devices": [nvr]} | account}


def test_both_speak_of_the_recorder_and_its_channels_and_nobody_is_dropped(
    mosquitto: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    box = Box(2)
    with IsapiRecorder(box) as recorder:
        recorder.alerts.repeat_seconds = recorder.alerts.heartbeat_seconds = 0.05
        table: dict[str, Any] = {
            "site": ADDRESS.site,
            "agent": ADDRESS.agent,
            "state_dir": str(tmp_path / "state"),
            "broker": {"host": "127.0.0.1", "port": mosquitto.port, "protocol": "5"},
            "collectors": tables(recorder, tmp_path),
        }
        untold = parse(table, PLUGINS)
        assert untold.collectors["hardware"].cameras is False
        table["collectors"]["hardware"] = {"interval_seconds": 0.3}
        app = build(parse(table, PLUGINS), PLUGINS)
        app.start()
        box.alarm("storage_failure")
        box.alarm("tamper", 2)
        wait_until(lambda: {"reachable", "storage_failure"} <= values(hub, "nvr").keys(), what="the box's values")
        wait_until(lambda: {"online", "tampered"} <= values(hub, "nvr-2").keys(), what="the channel's values")
        box.happen("illegal_login")
        wait_until(lambda: events(hub), what="the event")
        told = decode(Inventory, hub.of(Verb.INVENTORY)[-1])
        app.stop()
        assert {event.type for event in events(hub)} == {"hardware.illegal_login"}
        known = {device.device: device for device in told.devices}
        assert (known["nvr"].kind, known["nvr-2"].kind) == (DeviceKind.RECORDER, DeviceKind.CHANNEL)
        assert known["nvr"].facts["events"] == "alert stream"
        assert known["nvr"].facts["model"] == box.model
        assert recorder.refused_logins == 0
