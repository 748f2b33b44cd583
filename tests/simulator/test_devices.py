"""The simulated devices themselves: that they check what they claim to check, and can be broken at will."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from requests.auth import HTTPDigestAuth

from simulator.onvif import Camera, Device, DoorController, Misbehaviour, Profile, Recorder
from tests.waiting import wait_until

TDS = "http://www.onvif.org/ver10/device/wsdl"
TEV = "http://www.onvif.org/ver10/events/wsdl"
TRT = "http://www.onvif.org/ver10/media/wsdl"
TSE = "http://www.onvif.org/ver10/search/wsdl"
TRC = "http://www.onvif.org/ver10/recording/wsdl"
WSNT = "http://docs.oasis-open.org/wsn/b-2"


class Clock:
    """Monotonic time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def soap(namespace: str, operation: str, inner: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        f'<o:{operation} xmlns:o="{namespace}">{inner}</o:{operation}></s:Body></s:Envelope>'
    ).encode()


def post(
    device: Device, body: bytes, auth: HTTPDigestAuth | None = None, path: str = "/onvif/device_service", **headers: str
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://{device.host}:{device.port}{path}"
        return session.post(url, body, auth=auth, headers=headers, timeout=5, allow_redirects=False)


def account(password: str | None = None) -> HTTPDigestAuth:
    return HTTPDigestAuth("watchkeeper", password or "secret")


INFORMATION = soap(TDS, "GetDeviceInformation")


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(name="gate") as camera:
        yield camera


def test_the_time_is_told_to_everyone_and_the_identity_is_not(camera: Camera) -> None:
    assert b"UTCDateTime" in post(camera, soap(TDS, "GetSystemDateAndTime")).content
    refused = post(camera, INFORMATION)
    assert refused.status_code == 401
    assert b"NotAuthorized" in refused.content
    assert camera.refused_logins == 0, "asking without an account is no wrong password"
    assert b"SIM-gate" in post(camera, INFORMATION, account()).content
    assert camera.requests["GetDeviceInformation"] == 3
    assert camera.answered["GetDeviceInformation"] == 1


def test_a_wrong_password_is_refused_and_locks_the_account() -> None:
    clock = Clock()
    with Camera(lockout_after=2, monotonic=clock) as camera:
        for _ in range(2):
            assert post(camera, INFORMATION, account("wrong")).status_code == 401
        assert camera.refused_logins == 2
        assert post(camera, INFORMATION, account()).status_code == 401, "locked, though the password is right"
        clock.now += 1801
        assert post(camera, INFORMATION, account()).status_code == 200


def test_a_digest_cannot_be_replayed_and_gets_stale(camera: Camera) -> None:
    first = post(camera, INFORMATION, account())
    header = first.request.headers["Authorization"]
    assert isinstance(header, str)
    again = post(camera, INFORMATION, Authorization=header)
    assert again.status_code == 401
    assert "stale=true" in again.headers["WWW-Authenticate"]
    assert camera.refused_logins == 0


def test_a_digest_of_another_path_is_refused(camera: Camera) -> None:
    header = post(camera, INFORMATION, account()).request.headers["Authorization"]
    assert isinstance(header, str)
    nonce = post(camera, INFORMATION).headers["WWW-Authenticate"].split('nonce="')[1].split('"')[0]

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1 = md5("watchkeeper:simulated device:secret")
    ha2 = md5("POST:/elsewhere")
    response = md5(f"{ha1}:{nonce}:00000001:c:auth:{ha2}")
    forged = (
        f'Digest username="watchkeeper", realm="simulated device", nonce="{nonce}", uri="/elsewhere", '
        f'qop=auth, nc=00000001, cnonce="c", response="{response}"'
    )
    assert post(camera, INFORMATION, Authorization=forged).status_code == 401
    assert camera.refused_logins == 1


@pytest.mark.parametrize(
    "header", ["", "Basic d2F0Y2hrZWVwZXI6c2VjcmV0", "Digest", "Digest nonsense", "Digest a=b, nonce="]
)
def test_nonsense_credentials_are_refused(camera: Camera, header: str) -> None:
    assert post(camera, INFORMATION, Authorization=header).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&x;'
        b"<a/></s:Body></s:Envelope>",
    ],
)
def test_nonsense_requests_are_refused(camera: Camera, body: bytes) -> None:
    assert post(camera, body).status_code == 400


def test_switched_off_it_refuses_connections_and_comes_back_on_the_same_port(camera: Camera) -> None:
    port = camera.port
    for _ in range(3):
        camera.off()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        camera.on()
        assert camera.port == port
        assert post(camera, soap(TDS, "GetSystemDateAndTime")).status_code == 200


def test_switching_off_cuts_open_connections(camera: Camera) -> None:
    camera.hang = True
    with socket.create_connection(("127.0.0.1", camera.port), timeout=5) as connection:
        body = soap(TDS, "GetSystemDateAndTime")
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: camera.connections == 1, what="the camera took the connection")
        camera.off()
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_switching_off_and_on_at_the_same_time_from_many_threads_ends_well(camera: Camera) -> None:
    threads = [threading.Thread(target=camera.off if n % 2 else camera.on) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    camera.on()
    assert post(camera, soap(TDS, "GetSystemDateAndTime")).status_code == 200


def test_a_redirect_points_where_it_is_told(camera: Camera) -> None:
    camera.misbehaviour = Misbehaviour.REDIRECT
    camera.redirect_to = "http://192.0.2.1/"
    assert post(camera, INFORMATION).headers["Location"] == "http://192.0.2.1/"


def test_the_huge_answer_is_huge(camera: Camera) -> None:
    camera.misbehaviour = Misbehaviour.HUGE
    assert len(post(camera, INFORMATION).content) > 50_000_000


def test_a_camera_knows_its_media(camera: Camera) -> None:
    profiles = post(camera, soap(TRT, "GetProfiles"), account())
    assert b"source-main" in profiles.content
    uri = post(camera, soap(TRT, "GetSnapshotUri", "<o:ProfileToken>source-main</o:ProfileToken>"), account())
    assert f"http://127.0.0.1:{camera.port}/snapshot/source-main.jpg".encode() in uri.content
    assert (
        post(camera, soap(TRT, "GetSnapshotUri", "<o:ProfileToken>no</o:ProfileToken>"), account()).status_code == 400
    )


def test_a_recorder_finds_its_recordings() -> None:
    with Recorder(name="nvr", channels=["a", "b"]) as recorder:
        summary = post(recorder, soap(TSE, "GetRecordingSummary"), account()).content
        assert b"NumberRecordings>2<" in summary
        token = b"search-1"
        assert token in post(recorder, soap(TSE, "FindRecordings"), account()).content
        search = "<o:SearchToken>search-1</o:SearchToken>"
        results = post(recorder, soap(TSE, "GetRecordingSearchResults", search), account()).content
        assert results.count(b"EarliestRecording>") == 4
        one = post(
            recorder, soap(TSE, "GetRecordingInformation", "<o:RecordingToken>rec-a</o:RecordingToken>"), account()
        )
        assert b"LatestRecording" in one.content


def test_a_recorder_tells_of_its_box_and_of_what_records() -> None:
    with Recorder(name="nvr", channels=["a", "b"]) as recorder:
        recorder.channel("b").stopped_at = recorder.device_time() - 60
        recorder.channel("b").picture = b"jpeg"
        jobs = post(recorder, soap(TRC, "GetRecordingJobs"), account()).content
        assert jobs.count(b"Mode>Active<") == 2
        state = soap(TRC, "GetRecordingJobState", "<o:JobToken>job-b</o:JobToken>")
        assert b"State>Idle<" in post(recorder, state, account()).content
        users = soap(TDS, "GetUsers")
        assert b"NotAuthorized" in post(recorder, users, account()).content, "our account is no administrator"
        recorder.forbidden = frozenset()
        assert b"UserLevel>Administrator<" in post(recorder, users, account()).content
        picture = f"http://{recorder.host}:{recorder.port}/snapshot/b-main.jpg"
        assert requests.get(picture, timeout=5).status_code == 401
        assert requests.get(picture, auth=account(), timeout=5).content == b"jpeg"
        assert requests.get(picture.replace("b-main", "a-main"), auth=account(), timeout=5).status_code == 404


def test_a_search_is_begun_told_in_pieces_and_ended() -> None:
    with Recorder(name="nvr", channels=["a", "b"]) as recorder:
        recorder.search.piecemeal = True
        post(recorder, soap(TSE, "FindRecordings"), account())
        search = "<o:SearchToken>search-1</o:SearchToken>"
        told = [post(recorder, soap(TSE, "GetRecordingSearchResults", search), account()).content for _ in range(2)]
        assert [b"Searching" in one for one in told] == [True, False]
        assert recorder.search.open_searches == 1
        assert b"EndSearchResponse" in post(recorder, soap(TSE, "EndSearch", search), account()).content
        assert recorder.search.open_searches == 0
        assert b"InvalidToken" in post(recorder, soap(TSE, "EndSearch", search), account()).content
        recorder.search.denied = True
        assert b"ActionNotSupported" in post(recorder, soap(TSE, "FindRecordings"), account()).content


def test_subscriptions_end_by_time_and_are_few() -> None:
    clock = Clock()
    with DoorController(name="access", monotonic=clock) as controller:
        create = soap(TEV, "CreatePullPointSubscription", "<o:InitialTerminationTime>PT60S</o:InitialTerminationTime>")
        for _ in range(4):
            assert post(controller, create, account()).status_code == 200
        assert post(controller, create, account()).status_code == 500
        clock.now += 59
        renew = soap(WSNT, "Renew", "<o:TerminationTime>PT60S</o:TerminationTime>")
        assert post(controller, renew, account(), "/onvif/subscription/1").status_code == 200
        clock.now += 2
        assert controller.events.subscriptions == 1
        pull = soap(TEV, "PullMessages", "<o:Timeout>PT0S</o:Timeout><o:MessageLimit>1</o:MessageLimit>")
        assert post(controller, pull, account(), "/onvif/subscription/2").status_code == 400
        assert b"Initialized" in post(controller, pull, account(), "/onvif/subscription/1").content


def test_a_queue_nobody_pulls_is_bounded() -> None:
    with DoorController(name="access", doors=["D1"]) as controller:
        create = soap(TEV, "CreatePullPointSubscription")
        post(controller, create, account())
        for number in range(1000):
            controller.doors["D1"].grant(f"C{number}")
        pull = soap(TEV, "PullMessages", "<o:Timeout>PT0S</o:Timeout><o:MessageLimit>5000</o:MessageLimit>")
        answer = post(controller, pull, account(), "/onvif/subscription/1").content
        assert answer.count(b"<wsnt:NotificationMessage") == 256
        assert b"C999" in answer


def test_a_long_poll_ends_when_the_controller_is_switched_off() -> None:
    with DoorController(name="access", doors=["D1"]) as controller:
        post(controller, soap(TEV, "CreatePullPointSubscription"), account())
        pull = soap(TEV, "PullMessages", "<o:Timeout>PT20S</o:Timeout><o:MessageLimit>100</o:MessageLimit>")
        post(controller, pull, account(), "/onvif/subscription/1")  # the initial states
        ended: list[float] = []

        def wait() -> None:
            with pytest.raises(requests.ConnectionError):
                post(controller, pull, account(), "/onvif/subscription/1")
            ended.append(time.monotonic())

        waiter = threading.Thread(target=wait)
        waiter.start()
        wait_until(lambda: controller.requests["PullMessages"] == 4, what="the poll waits")
        controller.off()
        waiter.join(5)
        assert ended


def test_sixteen_cameras_are_cheap() -> None:
    before = threading.active_count()
    start = time.process_time()
    cameras = [Camera(name=f"cam-{n}").start() for n in range(16)]
    assert len({camera.port for camera in cameras}) == 16
    assert threading.active_count() - before <= 16
    assert time.process_time() - start < 0.5
    for camera in cameras:
        camera.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("device-")]


def test_a_camera_tells_its_streams_and_how_it_was_set_up() -> None:
    with Camera(name="gate") as camera:
        camera.profiles = [Profile("p", "day", encoding="H265", width=2560, height=1440, rate=20)]
        profiles = post(camera, soap(TRT, "GetProfiles"), account()).content
        for told in (b"day", b"H265", b"2560", b"1440", b">20<"):
            assert told in profiles
        wanted = "<o:ProfileToken>p</o:ProfileToken>"
        uri = post(camera, soap(TRT, "GetStreamUri", wanted), account())
        assert b"rtsp://127.0.0.1:554/stream/p" in uri.content
        camera.wrong_stream = "rtsp://192.0.2.1/x"
        assert b"rtsp://192.0.2.1/x" in post(camera, soap(TRT, "GetStreamUri", wanted), account()).content
        assert b"NoProfile" in post(camera, soap(TRT, "GetStreamUri"), account()).content
        camera.ntp_servers = ["10.0.0.1", "fd00::1", "time.lan"]
        ntp = post(camera, soap(TDS, "GetNTP"), account()).content
        for told in (b"10.0.0.1", b"fd00::1", b"time.lan", b">false<", b"DNSname"):
            assert told in ntp
        camera.mac = "02:00:00:00:00:07"
        assert b"02:00:00:00:00:07" in post(camera, soap(TDS, "GetNetworkInterfaces"), account()).content
        camera.date_time_type, camera.time_zone = "Manual", "CST-8"
        time_told = post(camera, soap(TDS, "GetSystemDateAndTime")).content
        assert b"Manual" in time_told
        assert b"CST-8" in time_told


def test_an_account_may_be_forbidden_an_operation() -> None:
    with Camera(name="gate") as camera:
        camera.forbidden = frozenset({"GetNTP"})
        assert b"NotAuthorized" in post(camera, soap(TDS, "GetNTP"), account()).content
        assert post(camera, soap(TDS, "GetDeviceInformation"), account()).status_code == 200
        assert camera.refused_logins == 0
