"""The client against simulated devices over real sockets."""

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.device.account import Account, Method
from agent.device.address import Endpoint
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    DeviceError,
    Forbidden,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.device.pause import Pauses
from agent.onvif import definitions, envelope
from agent.onvif.client import Call, Identity, OnvifClient, TimeSettings
from simulator.onvif import Camera, Device, Misbehaviour, Recorder
from tests.waiting import wait_until

TIMEOUT = 1.0


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(name="gate") as camera:
        yield camera


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("secret")
    return file


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


class Stranger:
    """Another host, which nobody should ever talk to."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append(self.path)
                self.send_error(500)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Handler)
        self.address = f"127.0.0.2:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    stranger = Stranger()
    yield stranger
    stranger.close()


def client(device: Device, password: Path, pauses: Pauses, method: Method = Method.AUTO) -> OnvifClient:
    account = Account("watchkeeper", password_file=password, method=method)
    return OnvifClient(Endpoint(device.host, device.port), account, timeout=TIMEOUT, pauses=pauses)


def ntp(device: Device) -> Call:
    return Call("devicemgmt", "GetNTP", device.url)


def caught(call: Callable[[], float]) -> BaseException | float:
    try:
        return call()
    except DeviceError as error:
        return error


def test_identity_comes_by_digest_and_the_time_anonymously(camera: Camera, password: Path, pauses: Pauses) -> None:
    camera.clock_offset = -86_400.0
    onvif = client(camera, password, pauses)
    assert abs(onvif.device_time() - (time.time() - 86_400)) < 2
    assert onvif.information() == Identity("Simulated", "camera", "1.0", "SIM-gate")
    assert onvif.account_shown
    assert camera.refused_logins == 0
    assert camera.requests == {"GetSystemDateAndTime": 1, "GetDeviceInformation": 2}  # the challenge, and the answer
    onvif.release()


def test_a_token_is_signed_in_the_devices_own_time(password: Path, pauses: Pauses) -> None:
    with Camera(accepts=["token"]) as camera:
        camera.clock_offset = 7200.0
        onvif = client(camera, password, pauses)
        assert onvif.information().manufacturer == "Simulated"
        assert onvif.information().manufacturer == "Simulated"
        assert camera.refused_logins == 0
        assert camera.requests["GetDeviceInformation"] == 3  # once without, to see what it wants
        onvif.release()


@pytest.mark.parametrize("accepts", ["digest", "token"])
def test_one_refused_login_and_then_a_pause(accepts: str, password: Path, pauses: Pauses) -> None:
    password.write_text("wrong")
    with Camera(accepts=[accepts]) as camera:
        onvif = client(camera, password, pauses)
        with pytest.raises(AuthRefused):
            onvif.information()
        for _ in range(3):
            onvif.release()
            with pytest.raises(AuthPaused, match="next try in 30 min"):
                onvif.information()
        assert camera.refused_logins == 1
        assert onvif.paused
        assert onvif.device_time() > 0  # what needs no account goes on
        onvif.release()


def test_the_account_is_tried_again_after_the_pause(camera: Camera, password: Path) -> None:
    now = 0.0
    onvif = client(camera, password, Pauses(lambda: now))
    password.write_text("wrong")
    with pytest.raises(AuthRefused):
        onvif.information()
    password.write_text("secret")
    now = 1801.0
    assert onvif.information().model == "camera"
    onvif.release()


def test_a_device_that_wants_an_account_for_everything_gets_it(password: Path, pauses: Pauses) -> None:
    for accepts in ("digest", "token"):
        with Camera(accepts=[accepts]) as camera:
            camera.anonymous = False
            onvif = client(camera, password, pauses)
            assert abs(onvif.device_time() - time.time()) < 2
            assert onvif.information().model == "camera"
            assert camera.refused_logins == 0
            onvif.release()


@pytest.mark.parametrize("accepts", ["digest", "token"])
def test_a_right_too_few_is_no_wrong_password(accepts: str, password: Path, pauses: Pauses) -> None:
    with Camera(accepts=[accepts]) as camera:
        camera.forbidden = frozenset({"GetNTP"})
        onvif = client(camera, password, pauses)
        onvif.information()
        with pytest.raises(Forbidden, match=r"GetNTP: .*the account lacks the right"):
            onvif.ask_raw(ntp(camera))
        assert not onvif.paused
        assert onvif.information().model == "camera"


def test_a_refusal_before_anything_was_taken_is_a_refused_login(camera: Camera, password: Path, pauses: Pauses) -> None:
    camera.forbidden = frozenset({"GetNTP"})
    onvif = client(camera, password, pauses)
    onvif.information()
    onvif.release()
    with pytest.raises(AuthRefused):
        onvif.ask_raw(ntp(camera))
    assert onvif.paused, "who knows whether the password still holds"


def test_how_a_device_keeps_its_time_comes_with_the_time(camera: Camera, password: Path, pauses: Pauses) -> None:
    camera.date_time_type, camera.time_zone = "Manual", "CST-8\u200b"
    onvif = client(camera, password, pauses)
    assert onvif.time_settings is None
    onvif.device_time()
    assert onvif.time_settings == TimeSettings("Manual", "CST-8")


def test_a_device_that_hangs_is_told_from_one_that_is_not_there(camera: Camera, password: Path, pauses: Pauses) -> None:
    onvif = client(camera, password, pauses)
    camera.hang = True
    with pytest.raises(TimedOut):
        onvif.device_time()
    assert onvif.connected
    camera.off()
    with pytest.raises(Unreachable):
        onvif.device_time()
    assert not onvif.connected
    camera.hang = False
    camera.on()
    onvif.device_time()
    assert onvif.connected


def test_without_an_account_nothing_is_tried(camera: Camera) -> None:
    onvif = OnvifClient(Endpoint(camera.host, camera.port), timeout=TIMEOUT)
    assert onvif.device_time() > 0
    with pytest.raises(AuthRefused):
        onvif.information()
    assert camera.refused_logins == 0
    onvif.release()


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Misbehaviour.HANG, TimedOut),
        (Misbehaviour.DRIP, TimedOut),
        (Misbehaviour.HEADER_DRIP, TimedOut),
        (Misbehaviour.CONTINUE, TimedOut),
        (Misbehaviour.CHUNK_DRIP, TimedOut),
        (Misbehaviour.TRAILERS, TimedOut),
        (Misbehaviour.GARBAGE, BadAnswer),
        (Misbehaviour.NOISE, BadAnswer),
        (Misbehaviour.HUGE, BadAnswer),
        (Misbehaviour.ENTITY_BOMB, BadAnswer),
        (Misbehaviour.REDIRECT, BadAnswer),
    ],
)
def test_misbehaviour_ends_in_its_error_in_time(
    how: Misbehaviour, error: type[DeviceError], camera: Camera, password: Path, pauses: Pauses
) -> None:
    onvif = client(camera, password, pauses)
    onvif.device_time()
    camera.misbehaviour = how
    start = time.monotonic()
    outcome: list[BaseException | float] = []
    asking = threading.Thread(target=lambda: outcome.append(caught(onvif.device_time)), daemon=True)
    asking.start()
    asking.join(2 * TIMEOUT + 1)
    assert [type(one) for one in outcome] == [error]
    assert time.monotonic() - start < 2 * TIMEOUT + 1
    onvif.release()
    camera.misbehaviour = None
    assert onvif.information().model == "camera"
    onvif.release()


def test_a_device_that_is_off_is_unreachable_and_comes_back(camera: Camera, password: Path, pauses: Pauses) -> None:
    onvif = client(camera, password, pauses)
    camera.off()
    with pytest.raises(Unreachable, match="refused"):
        onvif.device_time()
    camera.on()
    assert onvif.device_time() > 0
    onvif.release()


def test_an_advertised_foreign_host_gets_nothing(password: Path, pauses: Pauses, stranger: Stranger) -> None:
    with Recorder(name="nvr") as recorder:
        recorder.wrong_xaddr = stranger.address
        onvif = client(recorder, password, pauses)
        answer = onvif.ask_raw(Call("media", "GetProfiles", onvif.address("media")))
        assert len(list(answer.iter("{*}Profiles"))) == 4
        onvif.release()
    assert stranger.requests == []


def test_a_redirect_is_not_followed(camera: Camera, password: Path, pauses: Pauses, stranger: Stranger) -> None:
    onvif = client(camera, password, pauses)
    camera.redirect_to = f"http://{stranger.address}/onvif/device_service"
    camera.misbehaviour = Misbehaviour.REDIRECT
    for call in (onvif.device_time, onvif.information):
        with pytest.raises(BadAnswer, match="not followed"):
            call()
    onvif.release()
    assert stranger.requests == []


def test_no_call_leaves_the_configured_host(camera: Camera, password: Path, pauses: Pauses, stranger: Stranger) -> None:
    onvif = client(camera, password, pauses)
    with pytest.raises(BadAnswer, match="leads to"):
        onvif.ask_raw(Call("media", "GetProfiles", f"http://{stranger.address}/"))
    assert stranger.requests == []


def test_a_proxy_of_the_environment_is_not_used(
    camera: Camera, password: Path, pauses: Pauses, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{stranger.address}")
    onvif = client(camera, password, pauses)
    assert onvif.information().model == "camera"
    onvif.release()
    assert stranger.requests == []


@pytest.mark.parametrize("host", ["camera..lan", "a" * 70 + ".lan", "10.0.0.21:8080"])
def test_a_host_that_cannot_be_is_unreachable(host: str) -> None:
    onvif = OnvifClient(Endpoint(host), timeout=TIMEOUT)
    with pytest.raises(Unreachable):
        onvif.device_time()


def test_an_answer_is_parsed_once(
    camera: Camera, password: Path, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    real = envelope.parse

    def counting(body: bytes, *more: int) -> object:
        parsed.append(len(body))
        return real(body, *more)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("parsed by zeep a second time")

    onvif = client(camera, password, pauses)
    onvif.device_time()
    monkeypatch.setattr(envelope, "parse", counting)
    monkeypatch.setattr("zeep.wsdl.bindings.soap.parse_xml", never)
    assert onvif.device_time() > 0
    onvif.ask_raw(Call("devicemgmt", "GetServices", onvif.endpoint.device_service, {"IncludeCapability": False}, True))
    assert len(parsed) == 2
    assert onvif.answers == 3
    onvif.release()


def test_a_call_under_way_is_interrupted_and_calls_go_on_after_resuming(
    camera: Camera, password: Path, pauses: Pauses
) -> None:
    camera.hang = True
    onvif = OnvifClient(Endpoint(camera.host, camera.port), timeout=30.0, pauses=pauses)
    outcome: list[BaseException | float] = []
    asking = threading.Thread(target=lambda: outcome.append(caught(onvif.device_time)), daemon=True)
    asking.start()
    wait_until(lambda: camera.connections == 1, what="the camera was asked")
    onvif.interrupt()
    asking.join(5.0)
    assert [type(one) for one in outcome] == [Interrupted]
    assert isinstance(caught(onvif.device_time), Interrupted), "none begins either"
    camera.hang = False
    onvif.resume()
    assert onvif.device_time() > 0
    onvif.release()


def test_a_device_does_not_send_us_to_another_port(password: Path, pauses: Pauses) -> None:
    with Recorder(name="nvr") as recorder, Recorder(name="other") as other:
        recorder.wrong_xaddr = f"{other.host}:{other.port}"
        onvif = client(recorder, password, pauses)
        onvif.ask_raw(Call("media", "GetProfiles", onvif.address("media")))
        assert other.connections == 0
        onvif.release()


def test_a_refusal_at_another_port_rests_the_account_there_too(password: Path, pauses: Pauses) -> None:
    with Recorder(name="nvr") as recorder, Recorder(name="other", password="another") as other:
        recorder.wrong_xaddr = f"{other.host}:{other.port}"
        account = Account("watchkeeper", password_file=password)
        where = Endpoint(recorder.host, recorder.port, follow_ports=True)
        onvif = OnvifClient(where, account, timeout=TIMEOUT, pauses=pauses)
        with pytest.raises(AuthRefused):
            onvif.ask_raw(Call("media", "GetProfiles", onvif.address("media")))
        onvif.release()
        with pytest.raises(AuthPaused):
            client(other, password, pauses).information()
        assert onvif.paused
        assert other.refused_logins == 1


def test_an_old_device_tells_its_services_as_capabilities(password: Path, pauses: Pauses) -> None:
    with Recorder(name="nvr") as recorder:
        recorder.knows_services = False
        onvif = client(recorder, password, pauses)
        assert onvif.address("search").endswith(f":{recorder.port}/onvif/search_service")
        assert onvif.address("media").endswith(f":{recorder.port}/onvif/media_service")
        with pytest.raises(Unsupported):
            onvif.address("accesscontrol")
        onvif.release()


def test_an_operation_nobody_knows_is_unsupported(camera: Camera, password: Path, pauses: Pauses) -> None:
    onvif = client(camera, password, pauses)
    with pytest.raises(Unsupported, match="ActionNotSupported"):
        onvif.ask(Call("search", "GetRecordingSummary", onvif.endpoint.device_service))
    onvif.release()


def test_many_devices_share_one_definition_per_service(password: Path, pauses: Pauses) -> None:
    cameras = [Camera(name=f"c{n}").start() for n in range(16)]
    clients = [client(camera, password, pauses) for camera in cameras]
    for onvif in clients:
        onvif.information()
        onvif.ask_raw(Call("media", "GetProfiles", onvif.address("media")))
    first, last = (c._clients["media"].wsdl for c in (clients[0], clients[-1]))
    assert first is last
    assert definitions.parsed() <= len({service.wsdl for service in definitions.SERVICES.values()})
    assert definitions.document(definitions.SERVICES["pullpoint"]) is definitions.document(
        definitions.SERVICES["subscription"]
    )
    for onvif, camera in zip(clients, cameras, strict=True):
        onvif.release()
        camera.stop()


def test_importing_the_client_leaves_logging_alone_and_the_collectors_leave_zeep_alone() -> None:
    program = (
        "import logging, sys\n"
        "import agent.collectors.cameras, agent.collectors.recorders, agent.collectors.doors\n"
        "assert not {'zeep', 'onvif', 'requests', 'lxml'} & set(sys.modules)\n"
        "import agent.onvif.client\n"
        "assert logging.getLogger().handlers == [], logging.getLogger().handlers\n"
        "assert logging.getLogger('zeep.client').level == logging.NOTSET\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
