"""The collector against simulated cameras over real sockets."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.cameras.settings import CamerasSettings
from agent.collector import Context, Measurement, Reading
from agent.collectors.cameras import Cameras, plugin
from simulator.onvif import Camera, Misbehaviour
from wire.messages import DeviceKind
from wire.metrics import BY_NAME


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("secret")
    return file


@pytest.fixture
def cameras() -> Iterator[list[Camera]]:
    cameras = [Camera(name=f"cam-{n}").start() for n in range(4)]
    yield cameras
    for camera in cameras:
        camera.stop()


def settings(cameras: Sequence[Camera], password: Path, **more: Any) -> CamerasSettings:
    table: dict[str, Any] = {
        "username": "watchkeeper",
        "password_file": str(password),
        "device_timeout_seconds": 10.0,
        "clock_samples": 1,
        "tls_port": 0,
        "devices": [
            {
                **{"id": camera.name, "name": camera.name.upper(), "room": "yard"},
                **{"host": camera.host, "port": camera.port, "rtsp_port": 0},
            }
            for camera in cameras
        ],
    }
    return CamerasSettings.model_validate(table | more)


def values(reading: Reading, device: str) -> dict[str, float]:
    found: list[Measurement] = [m for m in reading.measurements if m.device == device]
    assert len(found) == 1
    return dict(found[0].values)


def of_the_camera(told: dict[str, float]) -> dict[str, float]:
    """Without what is known of our own conduct, which is told in every round."""
    assert {"requests_per_hour", "requests_held_back", "account_paused"} <= told.keys()
    return {name: value for name, value in told.items() if not name.startswith(("requests_", "account_"))}


def test_healthy_cameras_tell_all_there_is(cameras: list[Camera], password: Path) -> None:
    collector = Cameras(settings(cameras, password))
    reading = collector.collect()
    for camera in cameras:
        told = values(reading, camera.name)
        assert told["connectable"] == told["reachable"] == told["authenticated"] == 1
        assert (told["account_paused"], told["requests_per_hour"], told["requests_held_back"]) == (0, 7, 0)
        assert (told["profiles"], told["ntp_enabled"]) == (2, 1)
        assert 0 < told["response_seconds"] < 1
        assert abs(told["clock_offset_seconds"]) <= told["clock_offset_error_seconds"] < 1
        assert all(DeviceKind.CAMERA in BY_NAME[name].kinds for name in told)
    assert reading.devices is not None
    device = reading.devices[0]
    assert (device.device, device.kind, device.name, device.room) == ("cam-0", DeviceKind.CAMERA, "CAM-0", "yard")
    assert device.facts == {
        "address": f"127.0.0.1:{cameras[0].port}",
        "manufacturer": "Simulated",
        "model": "camera",
        "firmware": "1.0",
        "serial": "SIM-cam-0",
        "time_zone": "UTC0",
        "ntp_servers": "192.0.2.123",
        "mac": "02:00:00:00:00:01",
        "codec": "H264",
        "resolution": "1920x1080",
        "frame_rate": 25.0,
    }
    assert collector.collect().devices is None, "an inventory that did not change is not told again"
    once = dict.fromkeys(("GetDeviceInformation", "GetServices", "GetProfiles", "GetNTP", "GetNetworkInterfaces"), 1)
    assert cameras[0].answered == {"GetSystemDateAndTime": 2} | once
    assert sum(cameras[0].requests.values()) == 8, "one challenge in all"
    collector.close()


@pytest.mark.parametrize("how", ["off", "hang"])
def test_a_camera_that_does_not_answer_is_unreachable_and_nothing_else(
    how: str, cameras: list[Camera], password: Path
) -> None:
    collector = Cameras(settings(cameras, password, device_timeout_seconds=2.0))
    collector.collect()
    if how == "off":
        cameras[1].off()
    else:
        cameras[1].hang = True
    reading = collector.collect()
    assert of_the_camera(values(reading, "cam-1")) == {"reachable": 0, "connectable": how == "hang"}
    assert values(reading, "cam-2")["reachable"] == 1
    cameras[1].on()
    cameras[1].hang = False
    told = values(collector.collect(), "cam-1")
    assert told["reachable"] == told["authenticated"] == 1
    collector.close()


def test_a_replaced_camera_is_asked_anew_who_it_is(cameras: list[Camera], password: Path) -> None:
    collector = Cameras(settings(cameras, password))
    collector.collect()
    cameras[0].off()
    collector.collect()
    cameras[0].firmware = "2.0"
    cameras[0].on()
    devices = collector.collect().devices
    assert devices is not None
    assert devices[0].facts["firmware"] == "2.0"
    collector.close()


@pytest.mark.parametrize(
    "how",
    [
        Misbehaviour.GARBAGE,
        Misbehaviour.NOISE,
        Misbehaviour.HUGE,
        Misbehaviour.ENTITY_BOMB,
        Misbehaviour.REDIRECT,
    ],
)
def test_nonsense_is_not_offline(how: Misbehaviour, cameras: list[Camera], password: Path) -> None:
    cameras[0].misbehaviour = how
    collector = Cameras(settings(cameras, password))
    reading = collector.collect()
    assert of_the_camera(values(reading, "cam-0")) == {"reachable": 1, "connectable": 1}
    assert values(reading, "cam-1")["authenticated"] == 1
    collector.close()


def test_a_wrong_password_is_tried_once_and_is_not_offline(cameras: list[Camera], password: Path) -> None:
    cameras[0].gate.password = "changed"
    collector = Cameras(settings(cameras, password, login_check_seconds=0.001))
    for _ in range(3):
        told = values(collector.collect(), "cam-0")
        assert (told["reachable"], told["authenticated"]) == (1, 0)
        assert "clock_offset_seconds" in told
    assert cameras[0].refused_logins == 1
    assert cameras[1].refused_logins == 0
    collector.close()


def test_a_camera_is_left_alone_while_it_was_refused_even_when_it_was_away(
    cameras: list[Camera], password: Path
) -> None:
    cameras[0].gate.password = "changed"
    collector = Cameras(settings(cameras, password, login_check_seconds=0.001))
    collector.collect()
    cameras[0].off()
    collector.collect()
    cameras[0].on()
    assert values(collector.collect(), "cam-0")["authenticated"] == 0
    assert cameras[0].refused_logins == 1
    collector.close()


def test_a_changed_password_is_noticed_at_the_next_check(cameras: list[Camera], password: Path) -> None:
    collector = Cameras(settings(cameras, password, login_check_seconds=0.001))
    assert values(collector.collect(), "cam-0")["authenticated"] == 1
    cameras[0].gate.password = "changed"
    assert values(collector.collect(), "cam-0")["authenticated"] == 0
    assert cameras[0].refused_logins == 1
    collector.close()


def test_without_an_account_the_login_stays_unknown(cameras: list[Camera], password: Path) -> None:
    collector = Cameras(settings(cameras, password, username=None, password_file=None))
    told = values(collector.collect(), "cam-0")
    assert told["reachable"] == 1
    assert "authenticated" not in told
    collector.close()


def test_a_missing_password_file_costs_the_login_only(cameras: list[Camera], tmp_path: Path) -> None:
    collector = Cameras(settings(cameras, tmp_path / "nowhere"))
    told = values(collector.collect(), "cam-0")
    assert told["reachable"] == 1
    assert "authenticated" not in told
    collector.close()


@pytest.mark.parametrize("jump", [3600.0, -7.4, 0.3])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_clock_jump_is_measured_within_the_stated_bound(
    jump: float, samples: int, cameras: list[Camera], password: Path
) -> None:
    collector = Cameras(settings(cameras[:1], password, clock_samples=samples))
    for expected in (0.0, jump):
        cameras[0].clock_offset = expected
        told = values(collector.collect(), "cam-0")
        # A camera that runs ahead needs a negative correction.
        assert abs(told["clock_offset_seconds"] + expected) <= told["clock_offset_error_seconds"]
    if samples == 3 and abs(jump) > 1:
        # A smaller one need not show in one answer: the bound is then that of one answer.
        assert told["clock_offset_error_seconds"] < 0.3
    collector.close()


def test_dead_cameras_do_not_delay_the_others_much(password: Path) -> None:
    cameras = [Camera(name=f"cam-{n}").start() for n in range(16)]
    for camera in cameras[:4]:
        camera.hang = True
    collector = Cameras(settings(cameras, password, workers=8, device_timeout_seconds=3.0))
    start = time.monotonic()
    reading = collector.collect()
    assert time.monotonic() - start < 4 * 3.0, "not one after the other"
    assert sum(m.values["reachable"] for m in reading.measurements) == 12
    collector.close()
    for camera in cameras:
        camera.stop()


def test_a_camera_is_never_asked_twice_at_a_time(cameras: list[Camera], password: Path) -> None:
    cameras[0].hang = True
    table = settings(cameras, password, device_timeout_seconds=1.5, timeout_seconds=2.0)
    now = 0.0
    collector = Cameras(table.model_copy(update={"timeout_seconds": 0.3}), monotonic=lambda: now)
    first = collector.collect()
    now = 0.3
    second = collector.collect()
    assert {m.device for m in first.measurements} == {"cam-1", "cam-2", "cam-3"}
    assert first.problem == second.problem == "cameras still busy at the end of the round: cam-0"
    assert values(second, "cam-0") == {"reachable": 0}, "a whole time-out without one answer"
    assert cameras[0].connections == 1
    cameras[0].hang = False
    collector.close()


def test_a_busy_camera_that_answers_is_not_called_unreachable(cameras: list[Camera], password: Path) -> None:
    table = settings(cameras[:1], password, clock_samples=10, device_timeout_seconds=0.2, timeout_seconds=1.0)
    collector = Cameras(table.model_copy(update={"timeout_seconds": 0.3}))
    for _ in range(2):
        reading = collector.collect()  # its clock alone takes up to nine seconds
        assert "cam-0" in reading.problem
        assert list(reading.measurements) == []
    collector.close()


def test_dripping_cameras_cost_the_others_nothing(cameras: list[Camera], password: Path) -> None:
    for camera in cameras[:2]:
        camera.misbehaviour = Misbehaviour.HEADER_DRIP
    collector = Cameras(settings(cameras, password, workers=2, device_timeout_seconds=0.5, timeout_seconds=5.0))
    for _ in range(2):
        reading = collector.collect()
        assert [values(reading, f"cam-{n}")["reachable"] for n in range(4)] == [0, 0, 1, 1]
        assert reading.problem == ""
    collector.close()


def test_dripping_cameras_end_by_the_time_out(cameras: list[Camera], password: Path) -> None:
    cameras[0].misbehaviour = Misbehaviour.DRIP
    collector = Cameras(settings(cameras, password, device_timeout_seconds=2.0))
    assert of_the_camera(values(collector.collect(), "cam-0")) == {"reachable": 0, "connectable": 1}
    collector.close()


def test_settings_that_cannot_work_are_refused(cameras: list[Camera], password: Path) -> None:
    with pytest.raises(ValidationError, match="raise workers"):
        settings(cameras, password, workers=1, device_timeout_seconds=10, timeout_seconds=20)
    twice = [{"id": "cam", "host": "a"}, {"id": "cam", "host": "b"}]
    with pytest.raises(ValidationError, match="'cam' occurs twice"):
        settings(cameras, password, devices=twice)
    with pytest.raises(ValidationError, match="not both"):
        settings(cameras, password, password_env="X")
    with pytest.raises(ValidationError, match="devices"):
        settings(cameras, password, devices=[{"id": "cam", "host": "http://a/"}])
    for host in ("10.0.0.21:8080", "camera..lan", "a" * 70 + ".lan", "-a.lan", "10.0.0.300", "."):
        with pytest.raises(ValidationError, match="neither an IP address nor a host name"):
            settings(cameras, password, devices=[{"id": "cam", "host": host}])
    for host in ("10.0.0.21", "fd00::7", "camera.lan", "Camera_1.lan.", "cam-7"):
        assert settings(cameras, password, devices=[{"id": "cam", "host": host}]).devices[0].host == host
    with pytest.raises(ValidationError, match="password"):
        settings(cameras, password, devices=[{"id": "cam", "host": "a", "password": "in the open"}])


def test_the_plugin_connects_to_nothing_until_it_collects(cameras: list[Camera], password: Path) -> None:
    context = Context(agent="gateway", host="host")
    built = plugin.build(settings(cameras, password), context)
    assert len(built) == 1
    built[0].close()
    assert all(camera.connections == 0 for camera in cameras)
    assert plugin.build(CamerasSettings(), context) == []


def test_what_is_told_is_declared_and_changes_are_told_over_restarts(password: Path, tmp_path: Path) -> None:
    context = Context(agent="gateway", host="host", state=tmp_path / "state")
    with Camera(name="gate", streams=True) as camera:
        where = {"id": "gate", "host": camera.host, "port": camera.port, "rtsp_port": camera.rtsp_port}
        table = settings([], password, devices=[where])
        rounds: list[tuple[str, list[str]]] = [("1.0", []), ("1.1", ["device.firmware_changed"]), ("1.1", [])]
        for firmware, events in rounds:
            camera.firmware = firmware
            (collector,) = plugin.build(table, context)
            reading = collector.collect()
            collector.close()
            told = values(reading, "gate")
            assert told["streaming"] == 1
            assert told.keys() <= set(plugin.metrics)
            assert [(one.device, one.type) for one in reading.happenings] == [("gate", type_) for type_ in events]
            assert set(events) <= set(plugin.events)
        (tmp_path / "state" / "camera-old.json").write_text("{}")
        (collector,) = plugin.build(table, context)
        collector.collect()
        collector.close()
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["camera-gate.json"], "others are forgotten"
