"""A local controller behind a real broker: timelines with silence, faults and recovery."""

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from agent.collector import Context, Reading
from agent.collectors.doors import DoorsSettings, plugin
from agent.device.address import Endpoint
from agent.device.pause import PAUSES, Pauses
from agent.doors.topic_listener import TopicListener
from agent.doors.topic_settings import TopicsSettings
from agent.doors.topics_collector import TopicsCollector
from tests.servers.certificates import Authority
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.server import HOST, find_program, free_port
from tests.waiting import wait_until

DOORS = [{"id": "front", "token": "front_door", "room": "hall"}, {"id": "back", "token": "back_door"}]
CONTACT = {
    "topic": "zigbee2mqtt/+",
    "door_level": 2,
    "value_field": "/contact",
    "events": {"true": "closed", "false": "opened"},
}
PLAIN = {"topic": "back/door", "door": "back_door", "events": {"OPEN": "opened", "CLOSED": "closed"}}


class Watched:
    """A collector, and all that it ever told."""

    def __init__(self, port: int, **more: Any) -> None:
        table = {"id": "zigbee", "host": HOST, "port": port, "doors": DOORS, "subscriptions": [CONTACT, PLAIN]}
        self.settings = TopicsSettings.model_validate(table | more)
        self.collector = TopicsCollector(self.settings, pause_seconds=1800.0)
        self.collector._listener._first_pause = 0.05
        self.events: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.reading = Reading()

    def look(self) -> dict[str, dict[str, float]]:
        self.reading = self.collector.collect()
        self.events += [(one.device, one.type) for one in self.reading.happenings]
        self.problems += [self.reading.problem] if self.reading.problem else []
        return {
            one.device: {name: value for name, value in one.values.items() if name != "door_silence_seconds"}
            for one in self.reading.measurements
        }

    def until(self, door: str, **values: float) -> None:
        wait_until(lambda: self.look()[door] == values, what=f"{door} is {values}")

    def until_told(self, count: int) -> None:
        def told() -> bool:
            self.look()
            return len(self.events) >= count

        wait_until(told, what=f"{count} events were told")


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(port: int, **more: Any) -> Watched:
        made.append(Watched(port, **more))
        return made[-1]

    yield make
    for one in made:
        one.collector.close()


def tell(broker: Mosquitto, topic: str, payload: str | dict[str, object], retain: bool = False) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    publish.single(topic, text, qos=1, retain=retain, hostname=HOST, port=broker.port)


def test_a_door_is_opened_and_closed_and_repeats_are_no_events(
    mosquitto: Mosquitto, watch: Callable[..., Watched]
) -> None:
    watched = watch(mosquitto.port)
    assert all("door_open" not in values for values in watched.look().values()), "nothing is known yet"
    assert watched.reading.devices is not None
    assert watched.reading.devices[0].facts == {
        "controller": "zigbee",
        "token": "front_door",
        "address": f"{HOST}:{mosquitto.port}",
    }
    watched.until("front", door_reachable=1)
    for contact in (True, True, False, False, True):
        tell(mosquitto, "zigbee2mqtt/front_door", {"contact": contact, "linkquality": 7})
    watched.until_told(2)
    assert watched.events == [("front", "door.opened"), ("front", "door.closed")]
    tell(mosquitto, "back/door", "OPEN")
    watched.until("back", door_reachable=1, door_open=1)
    assert watched.look()["front"] == {"door_reachable": 1, "door_open": 0, "door_alarm": 0}
    assert watched.events[2:] == [("back", "door.opened")]
    assert watched.problems == []


def test_what_is_retained_is_how_things_are(mosquitto: Mosquitto, watch: Callable[..., Watched]) -> None:
    tell(mosquitto, "zigbee2mqtt/front_door", {"contact": False}, retain=True)
    watched = watch(mosquitto.port)
    watched.until("front", door_reachable=1, door_open=1)
    assert watched.events == []
    silence = watched.reading.measurements[0].values["door_silence_seconds"]
    watched.look()
    assert watched.reading.measurements[0].values["door_silence_seconds"] > silence, "the door itself said nothing"


def test_a_broker_that_goes_away_leaves_its_doors_unknown_and_what_changed_is_told_after_it(
    mosquitto: Mosquitto, watch: Callable[..., Watched]
) -> None:
    watched = watch(mosquitto.port)
    watched.until("front", door_reachable=1)
    tell(mosquitto, "zigbee2mqtt/front_door", {"contact": True})
    watched.until("front", door_reachable=1, door_open=0, door_alarm=0)
    mosquitto.kill()
    watched.until("front", door_reachable=0)
    assert any("door topics zigbee: " in one for one in watched.problems)
    mosquitto.start()
    tell(mosquitto, "zigbee2mqtt/front_door", {"contact": False}, retain=True)
    watched.until("front", door_reachable=1, door_open=1)
    assert watched.events == [("front", "door.opened")]


def test_a_wrong_account_is_tried_once_and_told(tmp_path: Path, watch: Callable[..., Watched]) -> None:
    accounts, password = tmp_path / "accounts", tmp_path / "password"
    subprocess.run([find_program("mosquitto_passwd"), "-b", "-c", str(accounts), "wk", "secret"], check=True)
    password.write_text("wrong\n")
    broker = Mosquitto(tmp_path, settings=[f"password_file {accounts}", "log_type all"])
    broker.start()
    try:
        account = {"username": "wk", "password_file": str(password)}
        watched = watch(broker.port, **account)
        watched.until("front", door_reachable=1, authenticated=0, account_paused=1)
        assert "refused" in watched.problems[-1]
        password.write_text("secret\n")
        second = watch(broker.port, **account)
        second.look()
        wait_until(lambda: second.collector._listener.alive)
        assert second.look()["front"] == {"account_paused": 1}, "it rests, whoever would use it"
        wait_until(lambda: "CONNACK" in broker.log())
        assert broker.log().count("Sending CONNACK") == 1
        PAUSES.start(Endpoint(HOST, broker.port), "wk", 0.0)
        second.until("front", door_reachable=1, authenticated=1, account_paused=0)
    finally:
        broker.stop()


def test_over_tls_with_a_certificate_of_ours(
    tmp_path: Path, authority: Authority, watch: Callable[..., Watched]
) -> None:
    broker = Mosquitto(tmp_path, tls=MutualTls(authority))
    broker.start()
    try:
        own = authority.client("doors")
        tls = {"ca": str(authority.ca), "certificate": str(own.certificate), "key_file": str(own.key)}
        watched = watch(broker.port, tls=tls)
        watched.until("front", door_reachable=1)
        stranger = watch(broker.port, tls={})
        stranger.until("front", door_reachable=0)
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.problems[-1]
    finally:
        broker.stop()


def test_garbage_and_giants_are_counted_and_cost_nothing_else(
    mosquitto: Mosquitto, watch: Callable[..., Watched]
) -> None:
    watched = watch(mosquitto.port)
    watched.until("front", door_reachable=1)
    tell(mosquitto, "zigbee2mqtt/front_door", "secret of another program")
    tell(mosquitto, "zigbee2mqtt/a_lamp", {"state": "ON"})
    tell(mosquitto, "zigbee2mqtt/front_door", {"contact": False})
    watched.until_told(1)
    assert watched.problems == ["door topics zigbee: 1 messages can't be read, the first: no JSON"]
    tell(mosquitto, "zigbee2mqtt/front_door", "x" * 1_000_000)
    wait_until(lambda: watched.look()["front"] != {"door_reachable": 1, "door_open": 1}, what="it was hung up on")
    watched.until("front", door_reachable=1)
    tell(mosquitto, "zigbee2mqtt/front_door", {"contact": True})
    watched.until_told(2)
    assert watched.events == [("front", "door.opened"), ("front", "door.closed")]


def test_what_is_no_broker_is_away_and_the_end_comes_at_once(watch: Callable[..., Watched]) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        said = threading.Thread(target=_talk_nonsense, args=(listener,), daemon=True)
        said.start()
        watched = watch(port)
        watched.until("front", door_reachable=0)
        watched.collector.interrupt()
        watched.collector.close()
        assert not watched.collector._listener.alive
    nobody = watch(free_port())
    nobody.until("front", door_reachable=0)


def _talk_nonsense(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def test_each_broker_is_a_collector_and_one_that_is_never_asked_begins_nothing(tmp_path: Path) -> None:
    table = {"id": "z", "host": HOST, "port": 1, "doors": [{"id": "front"}], "subscriptions": [PLAIN]}
    settings = DoorsSettings.model_validate({"topics": [table]})
    (built,) = plugin.build(settings, Context("agent", "host", tmp_path))
    assert isinstance(built, TopicsCollector)
    built.close()
    assert not any(thread.name == "door-topics-z" for thread in threading.enumerate())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listening_thread_that_died_is_begun_anew(
    mosquitto: Mosquitto, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(mosquitto.port)
    watched.until("front", door_reachable=1)
    with monkeypatch.context() as patched:
        patched.setattr("agent.doors.topic_listener.read", lambda *_: 1 / 0)
        tell(mosquitto, "back/door", "OPEN")
        wait_until(lambda: not watched.collector._listener.alive, what="its thread died")
    watched.until("front", door_reachable=1)
    tell(mosquitto, "back/door", "OPEN")
    watched.until("back", door_reachable=1, door_open=1)


class Slow(Pauses):
    """Takes its time to note a pause: whoever else comes meanwhile must not find its account free."""

    def start(self, endpoint: Endpoint, username: str, seconds: float = 1800.0) -> None:
        """After a while."""
        threading.Event().wait(0.3)
        super().start(endpoint, username, seconds)


def test_of_two_that_listen_at_one_broker_only_one_shows_a_wrong_password(
    tmp_path: Path, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, password = tmp_path / "accounts", tmp_path / "password"
    subprocess.run([find_program("mosquitto_passwd"), "-b", "-c", str(accounts), "wk", "secret"], check=True)
    password.write_text("wrong\n")
    broker = Mosquitto(tmp_path, settings=[f"password_file {accounts}", "log_type all"])
    broker.start()
    monkeypatch.setattr("agent.doors.topic_listener.PAUSES", Slow())
    asked: list[object] = []
    made = TopicListener._made

    def counted(listener: TopicListener) -> Any:
        client = made(listener)
        asked.append(client)
        return client

    monkeypatch.setattr(TopicListener, "_made", counted)
    try:
        both = [watch(broker.port, username="wk", password_file=str(password)) for _ in range(2)]
        for one in both:
            one.look()
        wait_until(lambda: len(asked) >= 3, what="each had its turn")
        assert broker.log().count("Sending CONNACK") == 1
        assert sum(client is not None for client in asked) == 1
    finally:
        broker.stop()
