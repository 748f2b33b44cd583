"""The hub's link to a real broker: Mosquitto (MQTT 5) and the embedded amqtt (3.1.1)."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.config import BrokerTable, ConfigError
from hub.embedded_broker import EmbeddedBroker
from hub.frames import Heard
from hub.mqtt import MqttLink
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import encode, encode_committed
from wire.messages import Ack, Report
from wire.topics import Address, Topics, Verb

GATEWAY = Address("school", "gateway")
REPORT = Report(id="abcdef:1", boot="b", mono=1, sent=1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Side:
    """One MqttLink and what it heard."""

    port: int
    client_id: str = "hub-test"
    heard: list[Heard] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    wanted: bool = True
    table: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = BrokerTable(host="127.0.0.1", port=self.port, client_id=self.client_id, **self.table)
        self.link = MqttLink(
            settings,
            Topics(),
            self.heard.extend,
            lambda _ms: self.changes.append("lost"),
            lambda: self.changes.append("back"),
            wanted=lambda: self.wanted,
        )
        self.link.start()


@pytest.fixture
def embedded() -> Iterator[int]:
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port)
    broker.start()
    yield port
    broker.stop()


def test_it_hears_every_agent_and_sends_to_each(mosquitto: Mosquitto) -> None:
    hub, other = Side(mosquitto.port), Side(mosquitto.port, "other")
    wait_until(lambda: hub.link.connected and other.link.connected, what="both to subscribe")
    other.link.send(GATEWAY, Verb.REPORT, REPORT)
    wait_until(lambda: hub.heard, what="the report")
    assert hub.heard[0] == ("wk/v1/school/gateway/report", encode(REPORT), False)
    hub.link.stop()
    other.link.stop()


def test_a_broker_that_is_killed_is_lost_and_found_again(mosquitto: Mosquitto) -> None:
    hub = Side(mosquitto.port)
    wait_until(lambda: hub.changes == ["back"], what="the subscription")
    mosquitto.kill()
    wait_until(lambda: hub.changes == ["back", "lost"], what="the loss to be noticed")
    hub.link.send(GATEWAY, Verb.ACK, Ack())  # into the void, without an error
    mosquitto.start()
    wait_until(lambda: hub.changes == ["back", "lost", "back"], what="the link to come back", timeout=30)
    hub.link.stop()


def test_a_broker_that_speaks_only_the_older_protocol_is_spoken_to_in_it(embedded: int) -> None:
    hub, other = Side(embedded), Side(embedded, "other")
    wait_until(lambda: hub.link.connected and other.link.connected, what="both to subscribe", timeout=20)
    other.link.send(GATEWAY, Verb.REPORT, REPORT)
    wait_until(lambda: hub.heard, what="the report")
    hub.link.stop()
    other.link.stop()


def test_a_broker_that_is_not_there_yet_is_waited_for(mosquitto: Mosquitto) -> None:
    mosquitto.stop()
    hub = Side(mosquitto.port)
    mosquitto.start()
    wait_until(lambda: hub.link.connected, what="the link to come up", timeout=20)
    hub.link.stop()


@pytest.fixture(params=["mosquitto", "embedded"])
def port(request: pytest.FixtureRequest) -> int:
    """Of a broker that runs, either one."""
    broker = request.getfixturevalue(request.param)
    return broker if isinstance(broker, int) else int(broker.port)


class Agent:
    """A bare client at an agent's topic for configurations."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda c, *_: c.subscribe(Topics().topic(GATEWAY, Verb.CONFIG), qos=1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _c, _u, message: self.heard.append(bytes(message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_what_is_retained_reaches_who_listens_and_who_comes_later_until_it_is_removed(port: int) -> None:
    hub = Side(port)
    wait_until(lambda: hub.link.connected, what="the hub to subscribe", timeout=20)
    early = Agent(port)
    assert hub.link.retain(GATEWAY, Verb.CONFIG, b"one")
    assert hub.link.retain(GATEWAY, Verb.CONFIG, b"two")
    wait_until(lambda: early.heard == [b"one", b"two"], what="both, in their order")
    late = Agent(port)
    wait_until(lambda: late.heard[-1:] == [b"two"], what="the newest", timeout=30)
    assert hub.link.retain(GATEWAY, Verb.CONFIG, b"")
    wait_until(lambda: early.heard[-1] == b"" and late.heard[-1] == b"", what="the removal to be heard")
    last = Agent(port)
    assert hub.link.retain(GATEWAY, Verb.CONFIG, b"three")
    wait_until(lambda: last.heard, what="something to be heard")
    assert last.heard == [b"three"], "what was removed is gone"
    for agent in (early, late, last):
        agent.close()
    hub.link.stop()


def test_without_a_broker_nothing_is_retained(mosquitto: Mosquitto) -> None:
    hub = Side(mosquitto.port)
    assert not hub.link.retain(GATEWAY, Verb.CONFIG, b"one") or hub.link.connected
    wait_until(lambda: hub.changes == ["back"], what="the subscription")
    mosquitto.kill()
    wait_until(lambda: hub.changes == ["back", "lost"], what="the loss to be noticed")
    assert not hub.link.retain(GATEWAY, Verb.CONFIG, b"one")
    hub.link.stop()


def test_the_hubs_own_broker_is_spoken_to_without_a_warning(embedded: int, caplog: pytest.LogCaptureFixture) -> None:
    hub = Side(embedded, table={"embedded": True})
    wait_until(lambda: hub.link.connected, what="the link to come up", timeout=20)
    hub.link.stop()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_certificate_that_is_not_there_is_named_until_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = {"ca": tmp_path / "ca.crt", "certificate": tmp_path / "hub.crt", "key": tmp_path / "hub.key"}
    hub = Side(free_port(), table={"tls": files})
    wait_until(lambda: bool(caplog.records), what="the complaint")
    hub.link.stop()
    assert caplog.messages == [f"no connection to the broker: {tmp_path}/ca.crt: No such file or directory"]


def test_an_embedded_broker_on_a_taken_port_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = EmbeddedBroker("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(ConfigError, match="can't listen"):
            broker.start()
        broker.stop()
    assert caplog.records == []  # nor is there a traceback before it


def test_an_embedded_broker_that_stops_hangs_up_on_who_has_said_nothing() -> None:
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port)
    broker.start()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as silent:
        hub = Side(port)
        wait_until(lambda: hub.link.connected, what="another, that talks")
        broker.stop()
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""
        hub.link.stop()


def test_thousands_of_messages_come_in_whole_and_in_order_and_as_many_acknowledgements_go_out(port: int) -> None:
    hub, fleet = Side(port), Agent(port)
    wait_until(lambda: hub.link.connected, what="the hub to subscribe", timeout=20)
    answers: list[bytes] = []
    fleet.client.message_callback_add("wk/v1/+/+/ack", lambda _c, _u, message: answers.append(bytes(message.payload)))
    fleet.client.subscribe("wk/v1/+/+/ack")
    sent = [b"%d " % number + b"x" * (number % 700) for number in range(3000)]
    for number, body in enumerate(sent):
        fleet.client.publish(f"wk/v1/school/a{number % 7}/report", body)
    wait_until(lambda: len(hub.heard) == len(sent), what="all to be heard", timeout=30)
    assert [message.payload for message in hub.heard] == sent
    hub.link.acknowledge((Address("school", f"a{number}"), [f"abcdef:{number}"]) for number in range(3000))
    wait_until(lambda: len(answers) == 3000, what="all answers to be heard", timeout=30)
    assert answers == [encode_committed([f"abcdef:{number}"]) for number in range(3000)]
    fleet.close()
    hub.link.stop()


def test_a_hub_that_stands_by_has_no_connection_until_it_is_wanted(mosquitto: Mosquitto) -> None:
    agent, hub = Side(mosquitto.port, "agent"), Side(mosquitto.port, wanted=False)
    wait_until(lambda: agent.link.connected, what="the agent to subscribe")
    agent.link.retain(GATEWAY, Verb.STATUS, b"online")
    assert not hub.link.connected
    assert hub.link.alive
    hub.wanted = True
    wait_until(lambda: hub.heard, what="what was retained meanwhile")
    assert hub.heard == [("wk/v1/school/gateway/status", b"online", True)]
    hub.link.stop()
    agent.link.stop()


def test_a_hub_that_is_no_longer_wanted_says_nothing_more_and_leaves(mosquitto: Mosquitto) -> None:
    agent, hub = Side(mosquitto.port, "agent"), Side(mosquitto.port)
    wait_until(lambda: agent.link.connected and hub.link.connected, what="both to subscribe")
    hub.wanted = False
    hub.link.send(GATEWAY, Verb.REPORT, REPORT)  # where the other can hear it
    assert not hub.link.retain(GATEWAY, Verb.STATUS, b"online")
    hub.link.leave()
    wait_until(lambda: hub.changes == ["back", "lost"], what="it to leave")
    agent.link.send(GATEWAY, Verb.REPORT, REPORT)
    wait_until(lambda: agent.heard, what="the agent's own word")
    assert len(agent.heard) == 1
    assert not hub.link.connected
    hub.link.stop()
    agent.link.stop()


def test_two_hubs_of_one_client_id_do_not_push_each_other_out(mosquitto: Mosquitto) -> None:
    """The broker closes the former holder's connection; that one, waking up, makes no new one."""
    former, holder = Side(mosquitto.port), Side(mosquitto.port, wanted=False)
    wait_until(lambda: former.link.connected, what="the first to subscribe")
    former.wanted, holder.wanted = False, True
    wait_until(lambda: holder.link.connected, what="the second to subscribe")
    wait_until(lambda: former.changes == ["back", "lost"], what="the first to be shut out")
    wait_until(lambda: mosquitto.log().count("already connected") == 1, what="the broker to say so")
    wait_until(lambda: holder.changes == ["back"], what="the second to be told that it is connected")
    former.link.stop()
    holder.link.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_huge_retained_message_makes_nobody_deaf(mosquitto: Mosquitto, protocol: str) -> None:
    sender = mqtt.Client(CallbackAPIVersion.VERSION2)
    sender.connect("127.0.0.1", mosquitto.port)
    sender.loop_start()
    sender.publish("wk/v1/school/hostile/status", b"x" * 8_000_000, qos=1, retain=True).wait_for_publish(20)
    heard: list[Heard] = []
    settings = BrokerTable.model_validate({"host": "127.0.0.1", "port": mosquitto.port, "protocol": protocol})
    link = MqttLink(settings, Topics(), heard.extend, lambda _ms: None, lambda: None)
    link.start()
    wait_until(lambda: link.connected, what="the hub to hear itself")
    sender.publish("wk/v1/school/gateway/report", encode(REPORT), qos=1)
    wait_until(lambda: any(one.payload == encode(REPORT) for one in heard), what="the report of another")
    huge = [len(one.payload) for one in heard if one.topic.endswith("hostile/status")]
    assert len(huge) == 1
    assert 256 * 1024 < huge[0] < 1_100_000
    link.stop()
    sender.disconnect()
    sender.loop_stop()
