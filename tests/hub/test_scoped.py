"""Settings that hold for a part of the fleet, and a user's own rule, on their way to tickets."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config import parse
from hub.locale.translator import Translator
from hub.rule import Rule, Settings, Severity, Threshold, discover
from hub.store import schema
from tests.hub.fleets import T0
from tests.hub.hubs import GATEWAY, Hub
from wire.messages import Device, DeviceKind, Sample
from wire.topics import Address, Verb

TEXT = """\
[rules.agent_silent]
enabled = false

[areas.entrances]
key = true
rooms = ["gate"]

[[override]]
device = "cam-3"
rules.dim = { enabled = false }

[threshold.too_damp]
kinds = ["room"]
metric = "humidity_ratio"
comparison = "above"
raise_at = 0.7
clear_at = 0.6
hold_seconds = 60
clear_seconds = 0
title = { en = "Too damp", zh_CN = "太潮湿" }
summary = { en = "Humidity is {humidity_ratio}.", zh_CN = "湿度 {humidity_ratio}。" }
first_step = "Open the window."
"""
DIM = Rule(
    "dim",
    frozenset({DeviceKind.CAMERA}),
    Threshold("response_seconds", lambda _: (5.0, 2.0)),
    "slow",
    in_key_area={"severity": "critical", "hold_seconds": 0},
    settings=type("Dim", (Settings,), {"__annotations__": {"hold_seconds": float}, "hold_seconds": 120.0}),
)
DEVICES = [
    Device(device="gateway", kind=DeviceKind.AGENT),
    Device(device="cam-1", kind=DeviceKind.CAMERA, room="gate"),
    Device(device="cam-2", kind=DeviceKind.CAMERA, room="yard"),
    Device(device="cam-3", kind=DeviceKind.CAMERA),
    Device(device="air", kind=DeviceKind.ROOM),
]


def made(folder: Path, url: str = "") -> Hub:
    config = parse(tomllib.loads(TEXT), {**discover(), "dim": DIM}, folder=folder)
    folder.mkdir(exist_ok=True)
    return Hub(folder, url, config=config)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = made(tmp_path)
    hub.announce(DEVICES)
    hub.step()
    yield hub
    hub.close()


def tell(hub: Hub, second: int, **values: tuple[str, float]) -> None:
    hub.now = T0 + second * 1000
    for metric, (device, value) in values.items():
        hub.hear(Verb.REPORT, hub.report(Sample(device=device, at=hub.now, values={metric: value})))
    hub.step()


def test_in_a_key_area_a_ticket_opens_sooner_and_is_critical(hub: Hub) -> None:
    for second in (0, 60, 120):
        for camera in ("cam-1", "cam-2", "cam-3"):
            tell(hub, second, response_seconds=(camera, 9.0))
    found = {row.device: (row.severity, row.opened - T0) for row in hub.rows(schema.finding)}
    assert found == {"cam-1": (Severity.CRITICAL, 0), "cam-2": (Severity.WARNING, 120_000)}


def test_a_device_that_moves_to_another_room_is_judged_as_there(hub: Hub) -> None:
    hub.announce([*DEVICES[:2], Device(device="cam-2", kind=DeviceKind.CAMERA, room="gate")])
    hub.step()
    tell(hub, 10, response_seconds=("cam-2", 9.0))
    assert hub.tickets() == [("cam-2", "dim", "open")]


def test_so_it_is_after_a_restart(hub: Hub, tmp_path: Path) -> None:
    again = made(tmp_path / "again", str(hub.database.url))
    tell(again, 0, response_seconds=("cam-1", 9.0))
    assert again.tickets() == [("cam-1", "dim", "open")]
    again.close()


def test_devices_with_the_same_settings_share_one_plan(hub: Hub) -> None:
    for number in range(50):
        hub.announce(DEVICES, Address(f"site-{number}", GATEWAY.agent))
    hub.step()
    engine = hub.committer._ready
    cameras = [place.devices[f"cam-{n}"] for place in engine.sites.values() for n in (1, 2, 3)]
    assert len(cameras) == 153
    assert len({id(camera.plan) for camera in cameras}) == 3


def test_a_users_own_rule_opens_and_resolves_a_ticket_in_both_languages(hub: Hub, tmp_path: Path) -> None:
    for second, humidity in ((0, 0.7), (30, 0.65), (60, 0.72), (120, 0.61)):
        tell(hub, second, humidity_ratio=("air", humidity))
    assert hub.tickets() == [("air", "too_damp", "open")]
    config = parse(tomllib.loads(TEXT), {**discover(), "dim": DIM}, folder=tmp_path)
    (finding,) = hub.rows(schema.finding)
    texts = [Translator(locale).ticket_texts(config.known["too_damp"], finding.detail) for locale in ("en", "zh_CN")]
    assert [text.title for text in texts] == ["Too damp", "太潮湿"]
    assert texts[1].summary == "湿度 72%。"
    assert texts[1].first_step == "Open the window."
    tell(hub, 180, humidity_ratio=("air", 0.6))
    assert hub.tickets() == [("air", "too_damp", "resolved")]
