"""The client against a simulated RTSP server over real sockets: each outcome told apart, no bad device a surprise."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.device.account import Account, PasswordMissing
from agent.device.address import Endpoint
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    HeldBack,
    TimedOut,
    Unreachable,
)
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.rtsp.client import NoSuchStream, RtspClient
from agent.rtsp.sdp import Video
from simulator.device.auth import Gate
from simulator.rtsp import RtspFault, RtspServer
from simulator.rtsp.message import description
from tests.waiting import answer_of

STREAM = "/stream/main?a=1"
CAMERA = Endpoint("127.0.0.1", 80)
"""As configured; nothing listens there."""


def streams(path: str) -> bytes | None:
    return description("H264", 1920, 1080, 25) if path == STREAM else None


@pytest.fixture
def server() -> Iterator[RtspServer]:
    made = RtspServer(streams, Gate("watchkeeper", "secret", time.time, time.monotonic))
    made.on()
    yield made
    made.close()


@pytest.fixture
def account(tmp_path: Path) -> Account:
    file = tmp_path / "password"
    file.write_text("secret")
    return Account("watchkeeper", file)


class Asking:
    """A client with pauses and manners of its own."""

    def __init__(self, server: RtspServer, account: Account | None, **options: float) -> None:
        self.pauses, self.manners = Pauses(), Manners()
        most = int(options.pop("max_requests", 1200))
        self.client = RtspClient(
            CAMERA,
            server.port,
            account,
            timeout=options.get("timeout", 2.0),
            max_requests=most,
            pauses=self.pauses,
            manners=self.manners,
        )

    @property
    def spent(self) -> int:
        return self.manners.of(CAMERA).spent

    @property
    def rests(self) -> bool:
        return self.pauses.remaining(CAMERA, "watchkeeper") > 1700


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", [True, False])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("closes", [True, False])
def test_a_stream_is_described_to_who_has_the_password(
    algorithm: str, qop: bool, early: bool, closes: bool, server: RtspServer, account: Account
) -> None:
    assert server.gate is not None
    server.gate.algorithms, server.gate.qop = (algorithm,), qop
    server.options_need_login, server.closes_after_refusal = early, closes
    asking = Asking(server, account)
    for _ in range(2):
        found = asking.client.describe(STREAM)
        assert found.video == Video("H264", 1920, 1080, 25.0)
        assert 0 < found.seconds < 5
        assert found.account_shown
    assert server.gate.refused_logins == 0
    assert server.requests == {"OPTIONS": 2, "DESCRIBE": 2 if early else 4}
    assert asking.spent == sum(server.requests.values())
    assert not asking.rests


def test_a_stream_for_everyone_is_described_without_the_account(account: Account) -> None:
    server = RtspServer(streams)
    server.on()
    assert not Asking(server, account).client.describe(STREAM).account_shown
    assert Asking(server, None).client.describe(STREAM).video.codec == "H264"
    server.close()


def test_a_wrong_password_is_shown_once_and_rests_wherever_the_device_is_asked(
    server: RtspServer, account: Account
) -> None:
    assert server.gate is not None
    server.gate.password = "changed"
    asking = Asking(server, account)
    with pytest.raises(AuthRefused, match=r"^127.0.0.1:\d+ RTSP: RTSP 401 Unauthorized$"):
        asking.client.describe(STREAM)
    assert asking.rests, "at the camera's configured endpoint"
    assert asking.pauses.remaining(Endpoint("127.0.0.1", server.port), "watchkeeper") > 1700, "and at the port"
    with pytest.raises(AuthPaused):
        asking.client.describe(STREAM)
    assert server.gate.refused_logins == 1
    assert server.requests["DESCRIBE"] == 2


def test_an_account_that_rests_is_not_shown(server: RtspServer, account: Account) -> None:
    asking = Asking(server, account)
    asking.pauses.start(CAMERA, "watchkeeper")
    with pytest.raises(AuthPaused):
        asking.client.describe(STREAM)
    assert server.connections == 0


def test_who_waits_for_a_turn_shows_no_account_that_was_refused_meanwhile(server: RtspServer, account: Account) -> None:
    asking = Asking(server, account)
    waits = asking.manners.of(CAMERA).turn

    @contextmanager
    def turn(seconds: float, given_up: Callable[[], bool]) -> Iterator[None]:
        with waits(seconds, given_up):
            asking.pauses.start(CAMERA, "watchkeeper")  # by who had it before
            yield

    asking.manners.of(CAMERA).turn = turn  # type: ignore[method-assign, assignment] # another's refusal, just in time
    with pytest.raises(AuthPaused):
        asking.client.describe(STREAM)
    assert server.connections == 0


def test_two_cameras_behind_one_streaming_port_share_its_refusal(server: RtspServer, account: Account) -> None:
    assert server.gate is not None
    server.gate.password = "changed"
    pauses = Pauses()
    for port in (8001, 8002):
        client = RtspClient(Endpoint("127.0.0.1", port), server.port, account, pauses=pauses, manners=Manners())
        with pytest.raises(AuthRefused):
            client.describe(STREAM)
    assert server.gate.refused_logins == 1


def test_a_nonce_that_grew_old_is_worth_one_more_try(server: RtspServer, account: Account) -> None:
    assert server.gate is not None
    gate = server.gate
    server.options_need_login = True
    first, gate.digest = gate.digest, lambda *_: (False, True)  # type: ignore[method-assign]

    def once(header: str, method: str, path: str) -> tuple[bool, bool]:
        gate.digest = first  # type: ignore[method-assign]
        return False, True

    gate.digest = once  # type: ignore[method-assign]
    assert Asking(server, account).client.describe(STREAM).account_shown
    assert server.requests["DESCRIBE"] == 2


def test_a_device_that_changes_its_algorithm_for_ever_gets_two_answers(server: RtspServer, account: Account) -> None:
    server.fault = RtspFault.CHANGING_DIGEST
    asking = Asking(server, account)
    with pytest.raises(AuthRefused):
        asking.client.describe(STREAM)
    assert server.requests == {"OPTIONS": 1, "DESCRIBE": 3}
    assert asking.rests


def test_basic_is_never_answered(server: RtspServer, account: Account) -> None:
    server.fault = RtspFault.ONLY_BASIC
    asking = Asking(server, account)
    with pytest.raises(CredentialsWanted, match="no login that we take \\(Basic\\)"):
        asking.client.describe(STREAM)
    assert not asking.rests
    assert server.gate is not None
    assert server.gate.refused_logins == 0


def test_without_an_account_a_guarded_stream_is_refused(server: RtspServer) -> None:
    with pytest.raises(AuthRefused, match="none is configured"):
        Asking(server, None).client.describe(STREAM)


def test_a_missing_password_asks_nobody(server: RtspServer, tmp_path: Path) -> None:
    with pytest.raises(PasswordMissing):
        Asking(server, Account("watchkeeper", tmp_path / "nowhere")).client.describe(STREAM)
    assert server.connections == 0


def test_another_path_is_no_stream(server: RtspServer, account: Account) -> None:
    with pytest.raises(NoSuchStream):
        Asking(server, account).client.describe("/other")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (RtspFault.HANG, TimedOut, "no RTSP answer"),
        (RtspFault.DRIP, TimedOut, "no RTSP answer"),
        (RtspFault.HANG_UP, BadAnswer, "hangs up"),
        (RtspFault.ENDLESS_HEADER, BadAnswer, "header of more than"),
        (RtspFault.WEB, BadAnswer, "no RTSP"),
        (RtspFault.NOISE, BadAnswer, "no RTSP"),
        (RtspFault.HUGE, BadAnswer, "52428800 bytes"),
        (RtspFault.REDIRECT, BadAnswer, "redirects to 'rtsp://192.0.2.1/stream', not followed"),
        (RtspFault.OTHER_BASE, BadAnswer, "another host, '192.0.2.1'"),
        (RtspFault.OTHER_CONTROL, BadAnswer, "another host, '192.0.2.1'"),
        (RtspFault.WRONG_SEQUENCE, BadAnswer, "question '10', asked was 1"),
        (RtspFault.NO_VIDEO, BadAnswer, "without video"),
        (RtspFault.FORBIDDEN, Forbidden, "lacks the right"),
    ],
)
def test_each_bad_device_is_a_clear_state_within_the_time_out(
    fault: RtspFault, error: type[DeviceError], words: str, server: RtspServer, account: Account
) -> None:
    server.fault = fault
    asking = Asking(server, account, timeout=0.5)
    begun = time.monotonic()
    with pytest.raises(error, match=words):
        asking.client.describe(STREAM)
    assert time.monotonic() - begun < 10.0
    assert not asking.rests
    server.fault = None
    assert answer_of(lambda: asking.client.describe(STREAM), though=DeviceError).account_shown


def test_a_device_behind_a_port_forwarding_may_use_its_own_name(server: RtspServer, account: Account) -> None:
    server.fault = RtspFault.OTHER_BASE
    assert Asking(server, account).client.describe(STREAM, known_as=["192.0.2.1"]).video.width == 1920


def test_a_closed_port_is_unreachable(server: RtspServer, account: Account) -> None:
    server.off()
    with pytest.raises(Unreachable, match="refused"):
        Asking(server, account).client.describe(STREAM)
    server.on()
    assert Asking(server, account).client.describe(STREAM).account_shown


def test_a_host_that_is_none_is_unreachable(account: Account) -> None:
    client = RtspClient(Endpoint("camera.invalid"), 554, account, pauses=Pauses(), manners=Manners())
    with pytest.raises(Unreachable):
        client.describe(STREAM)


def test_a_port_where_nobody_takes_connections_ends_by_the_time_out(account: Account) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.create_connection(("127.0.0.1", port), 0.2) for _ in range(1)]
        client = RtspClient(CAMERA, port, account, timeout=0.3, pauses=Pauses(), manners=Manners())
        with pytest.raises(TimedOut):
            client.describe(STREAM)
        for one in waiting:
            one.close()


def test_manners_hold_back_what_is_too_much(server: RtspServer, account: Account) -> None:
    asking = Asking(server, account, max_requests=4, timeout=0.3)
    asking.client.describe(STREAM)
    with pytest.raises(HeldBack):
        asking.client.describe(STREAM)
    assert sum(server.requests.values()) == 4, "three, and the one that was left"


def test_another_question_to_the_device_is_waited_for(server: RtspServer, account: Account) -> None:
    asking = Asking(server, account, timeout=0.3)
    with asking.manners.of(CAMERA).turn(1.0):
        failures: list[Exception] = []

        def ask() -> None:
            try:
                asking.client.describe(STREAM)
            except HeldBack as error:
                failures.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(5)
    assert len(failures) == 1
    assert server.connections == 0


@pytest.mark.parametrize("path", ["stream", "/a b", "/a\r\nSETUP", "/ä", "/" + "a" * 2000])
def test_a_path_that_cannot_be_asked_for_asks_nobody(path: str, server: RtspServer, account: Account) -> None:
    with pytest.raises(BadAnswer):
        Asking(server, account).client.describe(path)
    assert server.connections == 0
