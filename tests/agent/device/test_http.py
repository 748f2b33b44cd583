"""Over real sockets: a small device of our own making, digest really checked by the simulator's gate."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.device.http import DeviceHttp, query
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.onvif.client import OnvifClient
from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Misbehaviour, Port

Respond = Callable[[Exchange], Answer]


class Thing:
    """A device that answers by a table of paths behind HTTP Digest."""

    def __init__(self) -> None:
        self.gate = Gate("watchkeeper", "secret", time.time, time.monotonic)
        self.paths: dict[str, Respond] = {"/": lambda _: Answer(200, {"Content-Type": "text/plain"}, b"here")}
        self.challenge: str | None = None
        self.seen: list[tuple[str, str, bool]] = []
        self.port = Port("127.0.0.1", 0, self._respond)
        self.port.on()

    def _respond(self, exchange: Exchange) -> Answer:
        self.seen.append((exchange.method, exchange.path, exchange.authorization is not None))
        passes = exchange.authorization and self.gate.digest(exchange.authorization, exchange.method, exchange.path)[0]
        if not passes:
            return Answer(401, {"WWW-Authenticate": self.challenge or self.gate.challenge()}, b"")
        found = self.paths.get(exchange.path.partition("?")[0])
        return found(exchange) if found is not None else Answer(404, {}, b"")


@pytest.fixture
def thing() -> Iterator[Thing]:
    made = Thing()
    yield made
    made.port.close()


SECRET = "secret"


def client(thing: Thing, tmp_path: Path, password: str = SECRET, **more: object) -> DeviceHttp:
    file = tmp_path / "password"
    file.write_text(password)
    options: dict[str, object] = {"timeout": 10.0, "pauses": Pauses(), "manners": Manners()}
    account = Account("watchkeeper", file)
    endpoint = Endpoint("127.0.0.1", thing.port.number)
    return DeviceHttp(endpoint, account, **(options | more))  # type: ignore[arg-type] # a test's table


def test_a_question_is_answered_with_the_account_and_its_connection_kept(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path)
    assert asking.get("/").body == b"here"
    assert asking.account_shown
    asking.get(query("/", {"name": "a b&c", "n": 1}))
    assert thing.seen == [("GET", "/", False), ("GET", "/", True), ("GET", "/?name=a%20b%26c&n=1", True)]
    assert thing.port.connections == 1
    assert asking.session.manner.spent == 3, "the digest's second request counts"
    assert asking.session.answers == 3, "and so does its answer"


def test_one_refused_login_rests_the_account_for_every_protocol(thing: Thing, tmp_path: Path) -> None:
    pauses = Pauses()
    asking = client(thing, tmp_path, "wrong", pauses=pauses)
    with pytest.raises(AuthRefused, match="401"):
        asking.get("/")
    assert asking.paused
    with pytest.raises(AuthPaused, match="next try in 30 min"):
        asking.get("/")
    with pytest.raises(AuthPaused):
        client(thing, tmp_path, pauses=pauses).get("/")
    assert thing.gate.refused_logins == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, Forbidden), (404, Unsupported), (405, Unsupported), (501, Unsupported), (500, BadAnswer), (204, BadAnswer)],
)
def test_each_status_is_a_state_of_its_own(thing: Thing, tmp_path: Path, status: int, error: type[DeviceError]) -> None:
    thing.paths["/x"] = lambda _: Answer(status, {}, b"")
    asking = client(thing, tmp_path)
    with pytest.raises(error, match=f"/x: HTTP {status}"):
        asking.get("/x")
    assert not asking.paused


def test_an_account_that_is_locked_rests_whatever_the_status(thing: Thing, tmp_path: Path) -> None:
    thing.paths["/x"] = lambda _: Answer(403, {}, b"locked for 1800 s")
    asking = client(thing, tmp_path, explain=lambda status, body: AuthRefused(f"{status} {body.decode()}"))
    with pytest.raises(AuthRefused, match="403 locked for 1800 s"):
        asking.get("/x")
    assert asking.paused
    with pytest.raises(AuthPaused):
        asking.get("/")


def test_a_nonce_is_shown_once_where_a_device_logs_its_second_use_as_a_refusal(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, one_time_nonces=True)
    asking.get("/")
    thing.port.off()
    with pytest.raises(Unreachable):
        asking.get("/")
    thing.port.on()
    asking.get("/")
    assert [shown for *_, shown in thing.seen] == [False, True, False, True]


def test_a_question_that_keeps_a_device_busy_may_take_longer_than_others(thing: Thing, tmp_path: Path) -> None:
    def slow(_: Exchange) -> Answer:
        threading.Event().wait(0.4)
        return Answer(200, {}, b"found")

    thing.paths["/slow"] = slow
    asking = client(thing, tmp_path, timeout=0.2)
    with pytest.raises(TimedOut):
        asking.get("/slow")
    assert asking.get("/slow", timeout=5.0).body == b"found"


def test_a_device_that_wants_basic_gets_nothing(thing: Thing, tmp_path: Path) -> None:
    thing.challenge = 'Basic realm="camera"'
    with pytest.raises(CredentialsWanted, match="Basic"):
        client(thing, tmp_path).get("/")
    assert [shown for *_, shown in thing.seen] == [False]


def test_an_algorithm_nobody_knows_is_told_and_costs_no_login(thing: Thing, tmp_path: Path) -> None:
    thing.challenge = 'Digest realm="r", nonce="n", algorithm=CRC32'
    asking = client(thing, tmp_path)
    with pytest.raises(CredentialsWanted, match="Digest CRC32"):
        asking.get("/")
    assert not asking.paused


def test_a_changed_algorithm_goes_unnoticed_after_a_release(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path)
    asking.get("/")
    asking.release()
    assert asking.get("/").body == b"here"


@pytest.mark.parametrize("how", [m for m in Misbehaviour if m is not Misbehaviour.REDIRECT])
def test_misbehaviour_ends_in_time_as_a_state(thing: Thing, tmp_path: Path, how: Misbehaviour) -> None:
    thing.port.misbehaviour = how
    asking = client(thing, tmp_path, timeout=0.4, max_bytes=100_000)
    begun = time.monotonic()
    try:
        asking.get("/")
    except (BadAnswer, TimedOut):
        pass
    else:
        assert how in (Misbehaviour.GARBAGE, Misbehaviour.ENTITY_BOMB), "bytes are the caller's to read"
    assert time.monotonic() - begun < 10


def test_no_redirect_is_followed(thing: Thing, tmp_path: Path) -> None:
    thing.port.misbehaviour = Misbehaviour.REDIRECT
    with pytest.raises(BadAnswer, match="redirects to"):
        client(thing, tmp_path).get("/")


def test_nobody_there_is_unreachable(thing: Thing, tmp_path: Path) -> None:
    thing.port.off()
    with pytest.raises(Unreachable):
        client(thing, tmp_path).get("/")


@pytest.mark.parametrize("path", ["x", "/a b", "/ä", "http://elsewhere/", "/" + "a" * 2000])
def test_only_a_path_of_the_device_itself_can_be_asked_for(thing: Thing, tmp_path: Path, path: str) -> None:
    with pytest.raises(BadAnswer):
        client(thing, tmp_path).get(path)
    assert thing.seen == []


def test_beyond_the_hours_requests_the_device_is_left_alone(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, max_requests=3)
    asking.get("/")
    asking.get("/")
    with pytest.raises(HeldBack, match="3 requests within an hour"):
        asking.get("/")
    assert len(thing.seen) == 3
    assert asking.session.manner.held_back == 1


def test_two_clients_of_a_device_take_turns(thing: Thing, tmp_path: Path) -> None:
    inside, most = [0], [0]
    lock = threading.Lock()

    def slow(_: Exchange) -> Answer:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(0.02)
        with lock:
            inside[0] -= 1
        return Answer(200, {}, b"")

    thing.paths["/slow"] = slow
    manners = Manners()
    askers = [client(thing, tmp_path, manners=manners, timeout=5.0) for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: [one.get("/slow") for _ in range(3)]) for one in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1


def pieces(*told: bytes) -> Iterator[bytes]:
    yield from told
    while True:
        threading.Event().wait(0.02)
        yield b""


def test_a_stream_is_read_as_it_comes_and_its_silence_noticed(thing: Thing, tmp_path: Path) -> None:
    thing.paths["/stream"] = lambda _: Answer(200, {}, b"", pieces(b"one", b"two"))
    asking = client(thing, tmp_path)
    heard = b""
    with asking.stream("/stream") as stream:
        while len(heard) < 6:
            heard += stream.read(1.0)
        assert heard == b"onetwo"
        with pytest.raises(TimedOut, match="silent for"):
            stream.read(0.1)


def test_a_stream_that_the_device_ends_reads_empty(thing: Thing, tmp_path: Path) -> None:
    thing.paths["/stream"] = lambda _: Answer(200, {}, b"", iter([b"last"]))
    with client(thing, tmp_path).stream("/stream") as stream:
        assert stream.read(1.0) == b"last"
        assert stream.read(1.0) == b""


def test_a_stream_is_cut_short_from_another_thread(thing: Thing, tmp_path: Path) -> None:
    thing.paths["/stream"] = lambda _: Answer(200, {}, b"", pieces(b"one"))
    asking = client(thing, tmp_path)
    with asking.stream("/stream") as stream:
        stream.read(1.0)
        threading.Timer(0.05, asking.session.interrupt).start()
        begun = time.monotonic()
        with pytest.raises(Interrupted):
            stream.read(30.0)
        assert time.monotonic() - begun < 5
    asking.session.resume()
    assert asking.get("/").body == b"here"


def test_a_refused_stream_is_a_refused_login(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, "wrong")
    with pytest.raises(AuthRefused), asking.stream("/stream"):
        pytest.fail("no stream")
    assert asking.paused


def test_the_devices_own_words_say_what_a_refusal_means(thing: Thing, tmp_path: Path) -> None:
    thing.paths["/x"] = lambda _: Answer(403, {}, b"notSupport")
    thing.paths["/y"] = lambda _: Answer(403, {}, b"")
    asking = client(
        thing, tmp_path, explain=lambda _, body: Unsupported(body.decode()) if body.startswith(b"not") else None
    )
    with pytest.raises(Unsupported, match="/x: notSupport"):
        asking.get("/x")
    with pytest.raises(Forbidden, match="/y: HTTP 403"):
        asking.get("/y")


def test_the_devices_words_under_a_refused_login_are_told_and_soften_nothing(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, "wrong", explain=lambda status, _: Unsupported(f"{status} means nothing"))
    with pytest.raises(AuthRefused, match="401 Unauthorized: 401 means nothing"):
        asking.get("/")
    assert asking.paused


def test_what_a_device_tells_everyone_can_be_asked_while_the_account_rests(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, "wrong")
    with pytest.raises(AuthRefused):
        asking.get("/")
    with pytest.raises(CredentialsWanted, match="not told without an account"):
        asking.get("/", anonymous=True)
    assert asking.session.answers == 3, "challenge, refusal, and this one"
    assert thing.gate.refused_logins == 1
    assert thing.seen[-1] == ("GET", "/", False)


@pytest.mark.parametrize("algorithms", [("SHA-256",), ("MD5", "SHA-256"), ("SHA-256", "MD5"), ("SHA-512-256", "MD5")])
def test_several_challenges_at_once_and_another_set_later(
    thing: Thing, tmp_path: Path, algorithms: tuple[str, ...]
) -> None:
    asking = client(thing, tmp_path)
    asking.get("/")
    asking.release()
    thing.gate.algorithms = algorithms
    assert asking.get("/").body == b"here"
    assert thing.gate.refused_logins == 0
    assert len(thing.seen) == 4


def test_of_two_that_ask_at_once_only_one_shows_a_password_that_is_refused(thing: Thing, tmp_path: Path) -> None:
    password = tmp_path / "wrong"
    password.write_text("wrong")
    endpoint, pauses, manners = Endpoint("127.0.0.1", thing.port.number), Pauses(), Manners()
    errors: list[DeviceError] = []
    both = threading.Barrier(2)

    def ask(stream: bool) -> None:
        http = DeviceHttp(endpoint, Account("watchkeeper", password), pauses=pauses, manners=manners)
        both.wait(5.0)
        try:
            if stream:
                with http.stream("/"):
                    pass
            else:
                http.get("/")
        except DeviceError as error:
            errors.append(error)

    for _ in range(5):
        threads = [threading.Thread(target=ask, args=(stream,)) for stream in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10.0)
        assert thing.gate.refused_logins == 1
        assert len(errors) == 2
        assert {type(error) for error in errors} <= {AuthRefused, AuthPaused}
        errors.clear()
        pauses.start(endpoint, "watchkeeper", 0.0)
        thing.gate.refused_logins = 0


class Slow(Pauses):
    """Takes its time to note a pause: whoever else asks the device meanwhile must not find its account free."""

    def start(self, endpoint: Endpoint, username: str, seconds: float = 1800.0) -> None:
        """After a while."""
        threading.Event().wait(0.3)
        super().start(endpoint, username, seconds)


@pytest.mark.parametrize("kinds", [("get", "get"), ("stream", "get"), ("onvif", "onvif"), ("onvif", "get")])
def test_a_refused_login_is_noted_before_anybody_else_has_a_turn(
    thing: Thing, tmp_path: Path, kinds: tuple[str, str]
) -> None:
    password = tmp_path / "wrong"
    password.write_text("wrong")
    endpoint, pauses = Endpoint("127.0.0.1", thing.port.number), Slow()
    errors: list[DeviceError] = []

    def ask(kind: str) -> None:
        account = Account("watchkeeper", password)
        try:
            if kind == "onvif":
                OnvifClient(endpoint, account, pauses=pauses).information()
            elif kind == "get":
                DeviceHttp(endpoint, account, pauses=pauses).get("/")
            else:
                with DeviceHttp(endpoint, account, pauses=pauses).stream("/"):
                    pass
        except DeviceError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert thing.gate.refused_logins == 1
    assert sorted(type(error).__name__ for error in errors) == ["AuthPaused", "AuthRefused"]


def test_a_stream_shows_a_nonce_once_too_where_that_matters(thing: Thing, tmp_path: Path) -> None:
    asking = client(thing, tmp_path, one_time_nonces=True)
    for _ in range(2):
        with asking.stream("/") as stream:
            stream.read(1.0)
    asking.get("/")
    assert [shown for *_, shown in thing.seen] == [False, True] * 3


def test_an_account_refused_at_one_port_of_a_device_rests_at_its_others(thing: Thing, tmp_path: Path) -> None:
    main, pauses = Endpoint("127.0.0.1", 9), Pauses()
    with pytest.raises(AuthRefused):
        client(thing, tmp_path, "wrong", pauses=pauses, also=(main,)).get("/")
    assert pauses.remaining(main, "watchkeeper") > 1700
    pauses.start(Endpoint("127.0.0.1", thing.port.number), "watchkeeper", 0.0)
    other = client(thing, tmp_path, pauses=pauses, also=(main,))
    assert other.paused
    with pytest.raises(AuthPaused):
        other.get("/")
    assert thing.gate.refused_logins == 1
