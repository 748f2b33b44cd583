"""One camera over many rounds, simulated over real sockets: what is told of it when, and what it is asked."""

import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cameras.camera import Camera, forget_others
from agent.cameras.settings import CamerasSettings
from agent.collector import Happening
from agent.device.manners import MANNERS
from simulator import onvif
from simulator.onvif import Misbehaviour, Profile
from simulator.rtsp import RtspFault
from tests.servers.tls import TlsServer, make_certificate
from tests.waiting import wait_until

CLOCK = ("response_seconds", "clock_offset_seconds", "clock_offset_error_seconds")
CONDUCT = ("requests_per_hour", "requests_held_back")


class Time:
    """Monotonic time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def device() -> Iterator[onvif.Camera]:
    with onvif.Camera(name="gate", streams=True) as camera:
        yield camera


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def camera(device: onvif.Camera, clock: Time, tmp_path: Path) -> Camera:
    return made(device, clock, tmp_path)


def made(
    device: onvif.Camera, clock: Callable[[], float], folder: Path, where: dict[str, Any] | None = None, **more: Any
) -> Camera:
    password = folder / "password"
    password.write_text("secret")
    there = {"id": "gate", "host": device.host, "port": device.port, "rtsp_port": device.rtsp_port}
    table: dict[str, Any] = {"username": "watchkeeper", "password_file": str(password), "clock_samples": 1}
    table |= {"device_timeout_seconds": 10.0, "tls_port": 0, "devices": [there | (where or {})]}
    settings = CamerasSettings.model_validate(table | more)
    return Camera(settings.devices[0], settings, folder / "state", clock)


def told(camera: Camera, *without: str) -> dict[str, float]:
    """A round's values; times and counts left out."""
    try:
        values = camera.examine().values
    finally:
        camera.release()
    left_out = (*CLOCK, *CONDUCT, "stream_response_seconds", "profiles", "ntp_enabled", *without)
    return {name: value for name, value in values.items() if name not in left_out}


def happened(camera: Camera) -> list[tuple[str, dict[str, Any]]]:
    try:
        found: list[Happening] = camera.examine().happenings
    finally:
        camera.release()
    return [(one.type, dict(one.data)) for one in found]


THERE = {"connectable": 1.0, "reachable": 1.0, "account_paused": 0.0}


def test_reachable_authenticated_and_streaming_are_three_facts(
    device: onvif.Camera, clock: Time, tmp_path: Path
) -> None:
    assert device.rtsp is not None
    camera = made(device, clock, tmp_path, pause_seconds=0.4, device_timeout_seconds=2.0)
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}
    clock.now += 60
    assert told(camera) == THERE | {"authenticated": 1.0}, "the stream is asked for every five minutes only"

    clock.now += 300
    device.rtsp.off()
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 0.0}
    device.rtsp.on()

    clock.now += 340
    device.gate.password = "changed"
    assert told(camera) == THERE | {"authenticated": 0.0, "account_paused": 1.0}, "of the stream nothing is known"
    asked = device.rtsp.requests
    clock.now += 340
    assert told(camera) == THERE | {"authenticated": 0.0, "account_paused": 1.0}
    assert (device.rtsp.requests, device.refused_logins) == (asked, 1), "it is left alone, for ONVIF as well"

    device.gate.password = "secret"
    wait_until(lambda: told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}, what="the pause is over")

    clock.now += 60
    device.hang = True
    assert told(camera) == {"connectable": 1.0, "reachable": 0.0, "account_paused": 0.0}
    device.off()
    assert told(camera) == {"connectable": 0.0, "reachable": 0.0, "account_paused": 0.0}
    device.hang = False
    device.on()
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}, "back, and all of it is asked at once"


def test_a_refused_login_over_onvif_spares_the_stream(device: onvif.Camera, camera: Camera) -> None:
    assert device.rtsp is not None
    device.gate.password = "changed"
    for _ in range(3):
        assert told(camera) == THERE | {"authenticated": 0.0, "account_paused": 1.0}
    assert device.refused_logins == 1
    assert device.rtsp.connections == 0


@pytest.mark.parametrize(
    "fault",
    sorted(set(RtspFault) - {RtspFault.FORBIDDEN, RtspFault.ONLY_BASIC, RtspFault.CHANGING_DIGEST}),
)
def test_what_is_no_stream_is_not_streaming(
    fault: RtspFault, device: onvif.Camera, clock: Time, tmp_path: Path
) -> None:
    camera = made(device, clock, tmp_path, device_timeout_seconds=2.0)
    assert device.rtsp is not None
    device.rtsp.fault = fault
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 0.0}
    device.rtsp.fault = None
    clock.now += 340
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}


@pytest.mark.parametrize("fault", [RtspFault.FORBIDDEN, RtspFault.ONLY_BASIC])
def test_a_stream_we_may_not_see_is_unknown(fault: RtspFault, device: onvif.Camera, camera: Camera) -> None:
    assert device.rtsp is not None
    device.rtsp.fault = fault
    assert told(camera) == THERE | {"authenticated": 1.0}
    assert device.refused_logins == 0


def test_the_main_stream_is_asked_for_once_and_again_when_it_is_gone(
    device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    told(camera)
    clock.now += 340
    told(camera)
    assert device.answered["GetStreamUri"] == 1
    device.profiles = [Profile("other", "day", encoding="H265")]
    clock.now += 340
    assert told(camera)["streaming"] == 0.0, "its path is unknown now, and the camera is asked for another"
    clock.now += 4000
    assert told(camera)["streaming"] == 1.0
    assert device.answered["GetStreamUri"] == 2
    assert camera.entry().facts["codec"] == "H265"


def test_another_host_or_port_that_a_camera_tells_gets_nothing(
    device: onvif.Camera, camera: Camera, clock: Time, caplog: pytest.LogCaptureFixture
) -> None:
    assert device.rtsp is not None
    device.wrong_stream = f"rtsp://192.0.2.1:{device.rtsp_port}/stream/source-main"
    assert told(camera)["streaming"] == 1.0, "the path is used, at the configured host"
    device.rtsp.fault = RtspFault.OTHER_BASE  # it calls itself so there, too: a camera behind a port forwarding
    clock.now += 340
    assert told(camera)["streaming"] == 1.0
    device.rtsp.fault = None
    device.wrong_stream = f"rtsp://{device.host}:8554/other"
    device.off()
    told(camera)
    device.on()
    assert told(camera)["streaming"] == 0.0
    assert f"the camera tells port 8554 for its streams, rtsp_port is {device.rtsp_port}" in caplog.text


def test_a_password_within_a_streams_address_is_nowhere_to_be_read(
    device: onvif.Camera, camera: Camera, caplog: pytest.LogCaptureFixture
) -> None:
    device.wrong_stream = f"rtsp://a:hunter2@{device.host}:{device.rtsp_port}/user=a&password=hunter2&x"
    assert told(camera)["streaming"] == 0.0
    device.wrong_stream = "http://a:hunter2@h/hunter2"
    assert "hunter2" not in caplog.text
    assert "hunter2" not in str(camera.entry())


def test_a_configured_path_needs_no_question(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    camera = made(device, clock, tmp_path, {"stream": "/stream/source-sub"})
    assert told(camera)["streaming"] == 1.0
    assert device.requests["GetStreamUri"] == 0


def test_no_port_no_question(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    assert device.rtsp is not None
    assert "streaming" not in told(made(device, clock, tmp_path, {"rtsp_port": 0}))
    assert device.rtsp.connections == 0


# -- details ------------------------------------------------------------------------------------------------------


def test_details_are_told_once_an_hour(device: onvif.Camera, camera: Camera, clock: Time) -> None:
    device.date_time_type, device.time_zone = "Manual", "CST-8"
    device.ntp_servers, device.mac = ["10.0.0.1", "time.lan"], "02-AA-BB-CC-DD-EE"
    values = camera.examine().values
    assert (values["profiles"], values["ntp_enabled"]) == (2.0, 0.0)
    facts = camera.entry().facts
    assert {name: facts[name] for name in ("time_zone", "ntp_servers", "mac", "resolution", "frame_rate")} == {
        **{"time_zone": "CST-8", "ntp_servers": "10.0.0.1, time.lan", "mac": "02:aa:bb:cc:dd:ee"},
        **{"resolution": "1920x1080", "frame_rate": 25.0},
    }
    clock.now += 3200
    assert "profiles" not in camera.examine().values
    clock.now += 800
    assert camera.examine().values["profiles"] == 2.0
    assert device.answered["GetProfiles"] == 2
    camera.release()


def test_what_an_account_may_not_ask_costs_nothing_else(
    device: onvif.Camera, camera: Camera, clock: Time, caplog: pytest.LogCaptureFixture
) -> None:
    device.forbidden = frozenset({"GetNTP", "GetNetworkInterfaces"})
    for _ in range(3):
        assert told(camera)["authenticated"] == 1.0
        clock.now += 4000
    assert device.answered["GetProfiles"] == 3
    assert camera.entry().facts["resolution"] == "1920x1080"
    assert "ntp_servers" not in camera.entry().facts
    assert caplog.text.count("Forbidden") == 2, "each is said once"


def test_what_a_camera_does_not_know_is_asked_again_only_when_it_was_away(
    device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    device.lacking = frozenset({"GetNTP"})
    for _ in range(3):
        assert told(camera)["authenticated"] == 1.0
        clock.now += 4000
    assert device.requests["GetNTP"] == 1
    device.off()
    told(camera)
    device.lacking = frozenset()
    device.on()
    told(camera)
    assert device.requests["GetNTP"] == 2
    assert camera.entry().facts["ntp_servers"] == "192.0.2.123"


@pytest.mark.parametrize("how", [Misbehaviour.GARBAGE, Misbehaviour.ENTITY_BOMB])
def test_nonsense_leaves_everything_but_the_connection_unknown(
    how: Misbehaviour, device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    device.misbehaviour = how
    assert told(camera) == THERE
    assert camera.examine().values["requests_per_hour"] == 3.0, "time twice, and once who it is"
    device.misbehaviour = None
    clock.now += 400
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}


def test_held_back_is_neither_unreachable_nor_anything(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    camera = made(device, clock, tmp_path, max_requests_per_hour=60)
    manner = MANNERS.of(camera.device.endpoint)
    for _ in range(60):
        manner.spend(60)
    values = camera.examine().values
    assert values == {"account_paused": 0.0, "requests_per_hour": 60.0, "requests_held_back": 1.0}
    assert device.connections == 0
    camera.release()


def test_held_back_on_the_way_asks_the_rest_next_time(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    camera = made(device, clock, tmp_path, max_requests_per_hour=60)
    manner = MANNERS.of(camera.device.endpoint)
    for _ in range(55):
        manner.spend(60)
    values = camera.examine().values
    camera.release()
    assert (values["reachable"], values["authenticated"], values["requests_per_hour"]) == (1.0, 1.0, 60.0)
    assert "streaming" not in values
    assert values["requests_held_back"] >= 1


# -- changes ------------------------------------------------------------------------------------------------------


def test_nothing_has_happened_at_first_sight_and_changes_are_told_once(
    device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    assert happened(camera) == []
    device.firmware = "1.1"
    device.profiles = [Profile("source-main", "main", encoding="H265"), Profile("third", "third")]
    clock.now += 4000
    changed = "main (H264 1920x1080 25/s → H265 1920x1080 25/s)"
    assert happened(camera) == [
        ("device.firmware_changed", {"before": "1.0", "after": "1.1"}),
        ("camera.profiles_changed", {"added": "third", "removed": "sub", "changed": changed}),
    ]
    clock.now += 4000
    assert happened(camera) == []


def test_changes_are_seen_over_restarts(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    assert happened(made(device, clock, tmp_path)) == []
    device.firmware = "2.0"
    assert happened(made(device, clock, tmp_path)) == [("device.firmware_changed", {"before": "1.0", "after": "2.0"})]
    assert happened(made(device, clock, tmp_path)) == []


def test_another_camera_in_the_same_place_is_told_as_that_alone(
    device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    happened(camera)
    device.serial, device.firmware, device.model = "SIM-new", "9", "better"
    device.profiles = [Profile("p", "p")]
    device.off()
    happened(camera)
    device.on()
    replaced = {"before": "SIM-gate", "after": "SIM-new", "model": "better"}
    assert happened(camera) == [("device.replaced", replaced)]
    clock.now += 60
    assert happened(camera) == []
    assert camera.entry().facts["serial"] == "SIM-new"


def test_a_device_that_keeps_its_serial_to_itself_replaces_nothing(
    device: onvif.Camera, camera: Camera, clock: Time
) -> None:
    happened(camera)
    device.serial = device.firmware = ""
    clock.now += 4000
    assert happened(camera) == []
    device.serial, device.firmware = "SIM-gate", "1.0"
    clock.now += 4000
    assert happened(camera) == []


def test_a_camera_configured_elsewhere_begins_afresh(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    happened(made(device, clock, tmp_path))
    with onvif.Camera(name="other", streams=True) as other:
        assert happened(made(other, clock, tmp_path)) == []


def test_what_is_remembered_of_others_goes(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    happened(made(device, clock, tmp_path))
    state = tmp_path / "state"
    (state / "camera-old.json").write_text("{}")
    (state / "other.json").write_text("{}")
    forget_others(state, ["gate"])
    assert sorted(file.name for file in state.iterdir()) == ["camera-gate.json", "other.json"]
    forget_others(None, ["gate"])


# -- certificate --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ends", "left"), [("20491231235959Z", 1), ("20210304050607Z", -1)])
def test_a_certificate_is_looked_at_once_a_day(
    ends: str, left: int, device: onvif.Camera, clock: Time, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path, "20200101000000Z", ends)
    with TlsServer(tmp_path, certificate) as server:
        camera = made(device, clock, tmp_path, {"tls_port": server.port})
        days = told(camera)["certificate_left_days"]
        until = datetime.datetime.strptime(ends, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
        assert days * left > 0
        assert abs(days - (until.timestamp() - time.time()) / 86_400) < 0.01
        facts = camera.entry().facts
        assert facts["certificate_subject"] == "camera"
        assert facts["certificate_until"] == until.date().isoformat()
        server.stop()
        clock.now += 4000
        assert told(camera)["certificate_left_days"] == pytest.approx(days, abs=0.01), "told again, not asked again"
        clock.now += 100_000
        assert "certificate_left_days" not in told(camera)
        assert "certificate_until" not in camera.entry().facts, "a camera that closed its port has none"
        server.start()


def test_a_clock_that_was_never_set_counts_no_days(device: onvif.Camera, clock: Time, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "20200101000000Z", "20491231235959Z")
    with TlsServer(tmp_path, certificate) as server:
        camera = made(device, clock, tmp_path, {"tls_port": server.port})
        camera._wall = lambda: 1000.0
        assert "certificate_left_days" not in told(camera)
        assert camera.entry().facts["certificate_until"] == "2049-12-31"


def test_a_port_that_speaks_no_tls_is_told_once_and_costs_nothing_else(
    device: onvif.Camera, clock: Time, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    camera = made(device, clock, tmp_path, tls_port=device.port)
    assert told(camera) == THERE | {"authenticated": 1.0, "streaming": 1.0}
    assert caplog.text.count("certificate: BadAnswer") == 1
