"""What faults do to the site's devices, seen from outside where that can be."""

import io
import json
import socket
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from agent.collector import Context
from agent.collectors.switches import plugin as switches
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import Unreachable
from agent.device.http import DeviceHttp
from agent.device.pause import Pauses
from agent.recorder.languages import Language, speaker
from agent.rtsp.client import RtspClient
from agent.snmp.settings import SwitchesSettings
from simulator import toml
from simulator.effects import PASSWORD, befall
from simulator.faults import KINDS, AnyFault, FaultBase
from simulator.onvif import Camera, DoorController, Misbehaviour, Recorder
from simulator.recorder.streams import AlertFace, AttachFace
from simulator.scenario import Scenario, parse
from simulator.site import USERNAME, Site

SCRIPT = """\
site: north
agents:
  - id: gw
    cameras: 2
    recorders: [{id: nvr, channels: 2}]
    door_controllers: [{id: acs, doors: [door-1, door-2]}]
    volumes:
      - {id: data, mount: /data, size: 1000, fill: 0.5}
      - {id: footage, size: 2000, role: recording, overwrites: true}
  - id: gw-2
    cameras: [yard]
collectors:
  cameras: {interval_seconds: 2}
"""


@pytest.fixture
def scenario() -> Scenario:
    return parse(SCRIPT)


@pytest.fixture
def site(scenario: Scenario, tmp_path: Path) -> Iterator[Site]:
    made = Site(scenario, tmp_path)
    made.start()
    yield made
    made.stop()


def fault(kind: str, device: str, **more: Any) -> AnyFault:
    line = json.dumps({"at": 0, "for": 1, "kind": kind, "device": device, **more})
    return parse(f"{SCRIPT}faults: [{line}]").faults[0]


def answers(site: Site, device: str) -> bool:
    there = site.device(device)
    try:
        socket.create_connection((there.host, there.port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize(("kind", "device"), [("camera_off", "cam-01"), ("recorder_off", "nvr")])
def test_a_device_without_power_refuses_connections_until_it_heals(site: Site, kind: str, device: str) -> None:
    port = site.device(device).port
    assert answers(site, device)
    site.begin(fault(kind, device))
    assert not answers(site, device)
    assert answers(site, "cam-02")
    site.end(fault(kind, device))
    assert answers(site, device)
    assert site.device(device).port == port


def test_a_camera_hangs_has_another_password_or_a_wrong_clock_until_it_heals(site: Site) -> None:
    camera = site.device("cam-01")
    assert isinstance(camera, Camera)
    hang, password, jump = (
        fault("camera_hang", "cam-01"),
        fault("camera_password", "cam-01"),
        fault("clock_jump", "cam-01", by="-90s"),
    )
    for one in (hang, password, jump):
        site.begin(one)
    assert camera.misbehaviour is Misbehaviour.HANG
    assert camera.gate.password != PASSWORD
    assert camera.clock_offset == -90
    for one in (hang, password, jump):
        site.end(one)
    assert camera.misbehaviour is None
    assert camera.gate.password == PASSWORD
    assert camera.clock_offset == 0


def test_a_channel_is_listed_no_more_until_it_heals(site: Site) -> None:
    recorder = site.device("nvr")
    assert isinstance(recorder, Recorder)
    site.begin(fault("channel_off", "nvr-ch2"))
    assert [source.token for source in recorder._sources()] == ["ch1"]
    site.end(fault("channel_off", "nvr-ch2"))
    assert [source.token for source in recorder._sources()] == ["ch1", "ch2"]


def test_a_door_stands_open_until_it_heals(site: Site) -> None:
    controller = site.device("acs")
    assert isinstance(controller, DoorController)
    site.begin(fault("door_held", "door-2"))
    assert [door.is_open for door in controller.doors.values()] == [False, True]
    site.end(fault("door_held", "door-2"))
    assert [door.is_open for door in controller.doors.values()] == [False, False]


def test_a_volume_fills_or_turns_read_only_until_it_heals(site: Site, scenario: Scenario) -> None:
    file = site.volumes_file(scenario.agents[0])

    def states() -> list[tuple[str, int, bool]]:
        volumes = json.loads(file.read_text())["volumes"]
        return [(one["mount"], one["free_bytes"], one["read_only"]) for one in volumes]

    assert states() == [("/data", 500, False), ("/footage", 1200, False)]
    site.begin(fault("volume_fill", "data", to=0.99))
    site.begin(fault("volume_read_only", "footage"))
    assert states() == [("/data", 10, False), ("/footage", 1200, True)]
    site.end(fault("volume_fill", "data", to=0.99))
    site.end(fault("volume_read_only", "footage"))
    assert states() == [("/data", 500, False), ("/footage", 1200, False)]


def test_each_agent_is_told_of_its_own_devices_and_where_they_are(site: Site, scenario: Scenario) -> None:
    first, second = (tomllib.loads(toml.dumps({"collectors": site.collectors(agent)})) for agent in scenario.agents)
    cameras = first["collectors"]["cameras"]
    assert cameras["interval_seconds"] == 2
    assert [(one["id"], one["port"]) for one in cameras["devices"]] == [
        (name, site.device(name).port) for name in ("cam-01", "cam-02")
    ]
    assert [one["id"] for one in second["collectors"]["cameras"]["devices"]] == ["yard"]
    assert "doors" not in second["collectors"]


def test_the_devices_password_lies_in_a_file_of_its_own(site: Site, scenario: Scenario) -> None:
    told = site.collectors(scenario.agents[0])["cameras"]
    assert isinstance(told, dict)
    assert told["username"] == USERNAME
    file = Path(told["password_file"])
    assert file.read_text() == PASSWORD
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in toml.dumps({"collectors": site.collectors(scenario.agents[0])})


def test_the_site_says_what_it_has(site: Site) -> None:
    assert site.summary() == "3 cameras, 1 recorder, 2 doors, 2 volumes"


# Every kind of fault

RECORDERS = """\
site: north
agents:
  - id: gw
    cameras: 1
    recorders:
      - {id: nvr-o, channels: 2}
      - {id: nvr-h, channels: 2, speaks: isapi}
      - {id: nvr-d, channels: 2, speaks: dahua}
    door_controllers: [{id: acs, doors: [door-1]}]
    switches: [{id: sw, ports: 4}]
"""


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Site]:
    made = Site(parse(RECORDERS), tmp_path)
    made.start()
    yield made
    made.stop()


def befallen(kind: str, device: str, **more: Any) -> AnyFault:
    line = json.dumps({"at": 0, "for": 1, "kind": kind, "device": device, **more})
    return parse(f"{RECORDERS}faults: [{line}]").faults[0]


@pytest.mark.parametrize(
    "kind", sorted(kind for kind, fault in KINDS.items() if fault.living and kind != "agent_silent")
)
def test_every_kind_of_fault_does_something(kind: str) -> None:
    assert befall.dispatch(KINDS[kind]) is not befall.dispatch(FaultBase)


@pytest.mark.parametrize("recorder", ["nvr-o", "nvr-h", "nvr-d"])
def test_a_recorder_falls_ill_and_heals_whatever_it_speaks(mixed: Site, recorder: str) -> None:
    """As its speaker tells, over real sockets."""
    (table,) = [one for one in recorders(mixed) if one["id"] == recorder]
    language = Language(table["speaks"])
    account = Account(USERNAME, typed=PASSWORD)
    asking = speaker(
        language, Endpoint("127.0.0.1", table["port"]), account,
        timeout=2.0, max_bytes=2**20, max_requests=1000, pause_seconds=0.0,
    )  # fmt: skip
    token, channel = table["channels"][1]["token"], f"{recorder}-ch2"

    def days() -> float:
        extent = asking.extent(token)
        assert extent.oldest is not None
        return (mixed.box(recorder).now() - extent.oldest) / 86_400

    assert days() == pytest.approx(30, abs=0.1)
    signs: list[tuple[AnyFault, Callable[[], bool]]] = [
        (befallen("history_short", channel, days=9), lambda: days() == pytest.approx(9, abs=0.1)),
        (befallen("channel_off", channel), lambda: token not in [i.token for i in asking.inputs() if i.online]),
        (befallen("recording_stopped", channel), lambda: asking.recording().get(token) is False),
        (befallen("recorder_off", recorder), lambda: not answers(mixed, recorder)),
    ]
    for one, what in signs:
        assert not what(), one
        mixed.begin(one)
        asking.forget()
        assert what(), one
        mixed.end(one)
        asking.forget()
        assert not what(), one
    asking.release()


def recorders(site: Site) -> list[dict[str, Any]]:
    table = site.collectors(parse(RECORDERS).agents[0])["recorders"]
    assert isinstance(table, dict)
    devices: Any = table["devices"]
    return list(devices)


def test_a_stream_is_lost_while_the_camera_answers_on(mixed: Site) -> None:
    client = RtspClient(
        Endpoint("127.0.0.1", mixed.device("cam-01").port), mixed.stream("cam-01").port,
        Account(USERNAME, typed=PASSWORD), timeout=2.0, pauses=Pauses(),
    )  # fmt: skip
    lost = befallen("stream_lost", "cam-01")
    assert client.describe("/stream/source-main").video.codec == "H264"
    mixed.begin(lost)
    assert answers(mixed, "cam-01")
    with pytest.raises(Unreachable):
        client.describe("/stream/source-main")
    mixed.end(lost)
    assert client.describe("/stream/source-main").video.width == 1920


def test_a_spoilt_picture_differs_from_a_good_one_and_heals(mixed: Site) -> None:
    camera = mixed.camera("cam-01")
    black = befallen("picture_spoilt", "cam-01", how="taped")

    def brightness() -> float:
        return float(ImageStat.Stat(Image.open(io.BytesIO(camera.picture("main"))).convert("L")).mean[0])

    good = brightness()
    mixed.begin(black)
    assert brightness() < good / 3
    mixed.end(black)
    assert brightness() == pytest.approx(good, rel=0.4)


@pytest.mark.parametrize("recorder", ["nvr-o", "nvr-h", "nvr-d"])
def test_a_recorders_channel_shows_its_place_and_what_spoils_it(mixed: Site, recorder: str) -> None:
    table = next(one for one in recorders(mixed) if one["id"] == recorder)
    asking = speaker(
        Language(table["speaks"]), Endpoint("127.0.0.1", table["port"]), Account(USERNAME, typed=PASSWORD),
        timeout=5.0, max_bytes=2**22, max_requests=1000, pause_seconds=0.0,
    )  # fmt: skip

    def brightness() -> float:
        picture = asking.snapshot(table["channels"][0]["token"])
        return float(ImageStat.Stat(Image.open(io.BytesIO(picture)).convert("L")).mean[0])

    good, taped = brightness(), befallen("picture_spoilt", f"{recorder}-ch1", how="taped")
    mixed.begin(taped)
    assert brightness() < good / 3
    asking.release()


@pytest.mark.parametrize("recorder", ["nvr-h", "nvr-d"])
def test_a_hardware_alarm_goes_over_a_recorders_event_stream(mixed: Site, recorder: str) -> None:
    fan = befallen("hardware_alarm", recorder, alarm="fan_failure")
    path = {"nvr-h": AlertFace.path, "nvr-d": f"{AttachFace.path}?action=attach&codes=[All]&heartbeat=1"}[recorder]
    asking = DeviceHttp(
        Endpoint("127.0.0.1", mixed.device(recorder).port), Account(USERNAME, typed=PASSWORD), pauses=Pauses()
    )
    with asking.stream(path) as stream:
        heard = stream.read(5.0)  # a heartbeat: the stream is open
        mixed.begin(fan)
        assert mixed.box(recorder).alarms == {("fan_failure", 0)}
        while b"fan" not in heard.lower():
            heard += stream.read(5.0)
    mixed.end(fan)
    assert not mixed.box(recorder).alarms


def test_a_switch_and_its_ports_fall_ill_and_heal_as_its_collector_tells(mixed: Site, tmp_path: Path) -> None:
    table: Any = mixed.collectors(parse(RECORDERS).agents[0])["switches"]
    settings = SwitchesSettings.model_validate(table | {"device_timeout_seconds": 0.3})
    (collector,) = switches.build(settings, Context("gw", "gw-host"))

    def told(device: str) -> dict[str, float]:
        return {
            name: value
            for m in collector.collect().measurements
            if m.device == device
            for name, value in m.values.items()
        }

    assert (told("sw-p2")["link_up"], told("sw-p2")["poe_delivering"]) == (1, 1)
    pulled, burnt, silent = (
        befallen("port_down", "sw-p2"),
        befallen("power_lost", "sw-p3"),
        befallen("switch_off", "sw"),
    )
    mixed.begin(pulled)
    mixed.begin(burnt)
    assert told("sw-p2")["link_up"] == 0
    assert (told("sw-p3")["poe_fault"], told("sw-p3")["poe_delivering"]) == (1, 0)
    mixed.begin(silent)
    assert told("sw-p2") == {}
    for one in (silent, burnt, pulled):
        mixed.end(one)
    assert (told("sw-p2")["link_up"], told("sw-p3")["poe_delivering"]) == (1, 1)
    collector.close()
