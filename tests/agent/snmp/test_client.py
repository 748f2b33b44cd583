"""One switch over real UDP: values, errors, manners, and what hostile ones do to us."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.device.address import Endpoint
from agent.device.errors import AuthPaused, AuthRefused, BadAnswer, HeldBack, Interrupted, TimedOut, Unreachable
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.network.wake import Wake
from agent.snmp import mib
from agent.snmp.client import AT_ONCE, SnmpClient
from agent.snmp.engine import MAX_SENT, Engine
from agent.snmp.login import Community
from agent.snmp.settings import SnmpLogin
from simulator.snmp import Fault, Switch, access_switch
from tests.servers.server import HOST, free_port

USER = ("reader", "auth-password", "priv-password")


@contextmanager
def client(port: int, login: SnmpLogin, *, timeout: float = 20.0, most: int = 1000) -> Iterator[SnmpClient]:
    wake = Wake()
    one = SnmpClient(
        Endpoint(HOST, port), login, wake, timeout=timeout, max_requests=most, manners=Manners(), pauses=Pauses()
    )
    try:
        yield one
    finally:
        one.forget()
        wake.close()


def community(folder: Path, text: str = "public") -> SnmpLogin:
    file = folder / f"community-{text}"
    file.write_text(text)
    return SnmpLogin(community_file=file)


def user(folder: Path, password: str = USER[1], privacy: str = USER[2], name: str = USER[0]) -> SnmpLogin:
    (folder / "auth").write_text(password)
    (folder / "priv").write_text(privacy)
    places = {"password_file": folder / "auth", "privacy_password_file": folder / "priv"}
    return SnmpLogin.model_validate({"version": "3", "username": name, **places})


def test_what_a_switch_has_and_what_it_has_not(tmp_path: Path) -> None:
    with Switch(access_switch(8)) as switch, client(switch.port, community(tmp_path)) as asked:
        began = time.monotonic()
        told = asked.get([mib.SYS_NAME, mib.SYS_UPTIME, (1, 3, 6, 1, 9, 9), (*mib.IF_HC_IN, 1)])
        took = time.monotonic() - began
        assert told[mib.SYS_NAME] == b"switch"
        assert isinstance(told[mib.SYS_UPTIME], int)
        assert told[1, 3, 6, 1, 9, 9] is None
        assert switch.requests == 1
        assert 0 < asked.elapsed <= took
        table = asked.walk([mib.IF_TYPE, mib.IF_NAME], 100, time.monotonic() + 10)
    assert table.column(mib.IF_NAME)[(9,)] == b"te9"
    assert list(table.column(mib.IF_TYPE)) == [(n,) for n in [*range(1, 10), 1000]]


def test_many_values_are_asked_for_in_parts(tmp_path: Path) -> None:
    with Switch(access_switch(40)) as switch, client(switch.port, community(tmp_path)) as asked:
        oids = [(*column, n) for n in range(1, 41) for column in (mib.IF_OPER, mib.IF_HC_IN, mib.IF_HC_OUT)]
        told = asked.get(oids)
        assert switch.requests == -(-len(oids) // AT_ONCE) == asked.manner.spent
    assert all(isinstance(value, int) for value in told.values())


def test_version_3_signed_and_encrypted(tmp_path: Path) -> None:
    with Switch(access_switch(2), user=USER) as switch, client(switch.port, user(tmp_path)) as asked:
        for _ in range(3):
            assert asked.get([mib.SYS_NAME]) == {mib.SYS_NAME: b"switch"}
        assert switch.requests == asked.manner.spent == 4, "one more to learn its time"


@pytest.mark.parametrize(
    ("login", "says"),
    [
        ({"password": "another-one"}, "WrongDigest"),
        ({"privacy": "another-one"}, "DecryptionError"),
        ({"name": "stranger"}, "UnknownUserName"),
    ],
)
def test_a_refused_user_is_not_shown_again(login: dict[str, str], says: str, tmp_path: Path) -> None:
    with Switch(access_switch(2), user=USER) as switch, client(switch.port, user(tmp_path, **login)) as asked:
        with pytest.raises(AuthRefused, match=says):
            asked.get([mib.SYS_NAME])
        before = switch.requests
        assert asked.paused
        with pytest.raises(AuthPaused):
            asked.get([mib.SYS_NAME])
        assert switch.requests == before


def test_a_switch_that_restarts_is_asked_on(tmp_path: Path) -> None:
    switch = Switch(access_switch(2), user=USER)
    with client((switch.start()).port, user(tmp_path)) as asked:
        asked.get([mib.SYS_NAME])
        switch.stop()
        switch.start()
        assert asked.get([mib.SYS_NAME]) == {mib.SYS_NAME: b"switch"}
        switch.stop()


def test_another_switch_in_its_place_is_asked_anew(tmp_path: Path) -> None:
    with client(free_port(), user(tmp_path)) as asked:
        for number in range(2):
            with Switch(access_switch(2), user=USER, port=asked.endpoint.port) as switch:
                if number:
                    with pytest.raises(BadAnswer, match="who it is"):
                        asked.get([mib.SYS_NAME])
                    assert switch.requests <= MAX_SENT
                assert asked.get([mib.SYS_NAME]) == {mib.SYS_NAME: b"switch"}


def test_a_wrong_community_is_silence_and_the_question_is_repeated_once(tmp_path: Path) -> None:
    with (
        Switch(access_switch(2)) as switch,
        client(switch.port, community(tmp_path, "wrong"), timeout=0.2) as asked,
    ):
        with pytest.raises(TimedOut):
            asked.get([mib.SYS_NAME])
        assert switch.requests == asked.manner.spent == 2
        assert not asked.answered


def test_nobody_there_and_no_such_name(tmp_path: Path) -> None:
    with client(free_port(), community(tmp_path)) as asked, pytest.raises(Unreachable):
        asked.get([mib.SYS_NAME])
    wake = Wake()
    lost = SnmpClient(Endpoint("no-such-host.invalid", 161), community(tmp_path), wake, manners=Manners())
    with pytest.raises(Unreachable, match="looked up"):
        lost.get([mib.SYS_NAME])
    wake.close()


def test_no_more_is_asked_within_an_hour_than_agreed(tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch, client(switch.port, community(tmp_path), most=3) as asked:
        for _ in range(3):
            asked.get([mib.SYS_NAME])
        with pytest.raises(HeldBack):
            asked.get([mib.SYS_NAME])
        assert switch.requests == 3


def test_a_wait_ends_when_the_agent_does(tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch:
        switch.fault = Fault.SILENT
        with client(switch.port, community(tmp_path), timeout=30.0) as asked:
            timer = threading.Timer(0.2, asked._wake.set)
            timer.start()
            begun = time.monotonic()
            with pytest.raises(Interrupted):
                asked.get([mib.SYS_NAME])
            assert time.monotonic() - begun < 5.0
            timer.join()


# -- hostile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "trouble"), [(Fault.GARBAGE, TimedOut), (Fault.FLOOD, BadAnswer)])
def test_nonsense_is_no_answer(fault: Fault, trouble: type[Exception], tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch, client(switch.port, community(tmp_path), timeout=0.5) as asked:
        switch.fault = fault
        with pytest.raises(trouble):
            asked.get([mib.SYS_NAME])
        switch.fault = None
        asked.doubt()
        assert asked.get([mib.SYS_NAME]) == {mib.SYS_NAME: b"switch"}


def test_an_endless_table_is_cut_and_one_out_of_order_refused(tmp_path: Path) -> None:
    with Switch(access_switch(4)) as switch, client(switch.port, community(tmp_path)) as asked:
        switch.fault = Fault.ENDLESS
        table = asked.walk([mib.Q_FDB_PORT], 200, time.monotonic() + 20)
        assert table.cut
        assert len(table.column(mib.Q_FDB_PORT)) == 200
        assert switch.requests <= 6
        for fault in (Fault.BACKWARDS, Fault.STUCK):
            switch.fault = fault
            with pytest.raises(BadAnswer, match="wrong order"):
                asked.walk([mib.IF_NAME], 200, time.monotonic() + 20)
        switch.fault = Fault.ENDLESS
        with pytest.raises(BadAnswer, match="too long"):
            asked.walk([mib.Q_FDB_PORT], 200, time.monotonic())


def test_only_the_switch_itself_is_listened_to(tmp_path: Path) -> None:
    """Another host that guesses our port gets nothing in: the socket is connected."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        port = server.getsockname()[1]

        def answer_from_elsewhere() -> None:
            datagram, peer = server.recvfrom(2000)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind(("127.0.0.2", 0))
                stranger.sendto(datagram.replace(b"\xa0", b"\xa2", 1), peer)

        thread = threading.Thread(target=answer_from_elsewhere)
        thread.start()
        with client(port, community(tmp_path), timeout=0.3) as asked, pytest.raises(TimedOut):
            asked.get([mib.SYS_NAME])
        thread.join()


def test_a_switch_that_asks_us_gets_no_values(tmp_path: Path) -> None:
    """Its own request, or ours sent back, is no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        server.settimeout(5.0)
        heard = []

        def echo() -> None:
            datagram, peer = server.recvfrom(2000)
            server.sendto(datagram, peer)
            server.settimeout(0.3)
            try:
                while True:
                    heard.append(server.recvfrom(2000)[0])
            except TimeoutError:
                return

        thread = threading.Thread(target=echo)
        thread.start()
        with client(server.getsockname()[1], community(tmp_path), timeout=0.2) as asked, pytest.raises(TimedOut):
            asked.get([mib.SYS_NAME])
        thread.join()
    assert len(heard) <= 1, "nothing but our own question once more"


@pytest.fixture(scope="module")
def spoken_to() -> Iterator[tuple[Engine, socket.socket]]:
    """An engine, and the socket that it takes for a switch."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))
        wake = Wake()
        engine = Engine(server.getsockname(), Community("public"), wake, lambda: None)
        yield engine, server
        engine.close()
        wake.close()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prefix=st.integers(0, 60), rest=st.binary(max_size=80))
def test_any_bytes_are_an_answer_or_none_and_the_engine_goes_on(
    spoken_to: tuple[Engine, socket.socket], prefix: int, rest: bytes
) -> None:
    """What begins as our own question and goes on as anything."""
    engine, server = spoken_to

    def answer() -> None:
        datagram, peer = server.recvfrom(2000)
        server.sendto(datagram[:prefix].replace(b"\xa0", b"\xa2", 1) + rest, peer)

    thread = threading.Thread(target=answer)
    thread.start()
    with contextlib.suppress(TimedOut, BadAnswer):
        engine.get([mib.SYS_NAME], 0.02)
    thread.join()


def test_of_two_that_ask_with_a_wrong_password_only_one_shows_it(tmp_path: Path) -> None:
    class Slow(Pauses):
        """Takes its time to note a pause: whoever has the next turn must not find the login free."""

        def start(self, endpoint: Endpoint, username: str, seconds: float = 1800.0) -> None:
            threading.Event().wait(0.3)
            super().start(endpoint, username, seconds)

    errors: list[str] = []
    login = user(tmp_path, "another-password")
    with Switch(access_switch(2), user=USER) as switch:
        where, manners, pauses = Endpoint(HOST, switch.port), Manners(), Slow()

        def ask() -> None:
            wake = Wake()
            one = SnmpClient(where, login, wake, manners=manners, pauses=pauses)
            try:
                one.get([mib.SYS_NAME])
            except AuthRefused as error:
                errors.append(type(error).__name__)
            one.forget()
            wake.close()

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10.0)
    assert sorted(errors) == ["AuthPaused", "AuthRefused"]
