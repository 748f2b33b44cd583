"""The broker's access rules on a real Mosquitto, with certificates of a throwaway authority."""

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from provisioning.__main__ import main
from provisioning.acl import HUB, mosquitto_acl
from tests.servers.certificates import Authority
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.waiting import wait_until
from wire.topics import FROM_AGENT, TO_AGENT, Address, Topics, Verb

TOPICS = Topics()
ONE, OTHER = Address("school", "one"), Address("school", "other")


class Party:
    """A client with a certificate, and what was delivered to it."""

    def __init__(self, broker: Mosquitto, authority: Authority, name: str, client_id: str = "") -> None:
        certificate = authority.client(name)
        self.heard: list[tuple[str, bytes]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self.client.tls_set(
            ca_certs=str(authority.ca),
            certfile=str(certificate.certificate),
            keyfile=str(certificate.key),
            tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
        subscribed = threading.Event()
        self.client.on_connect = lambda c, *_: c.subscribe("#")
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, bytes(m.payload)))
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        assert subscribed.wait(10), "a subscription is granted whatever the rules say; delivery is what they decide"

    def say(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path, tls=MutualTls(authority, mosquitto_acl(TOPICS))) as broker:
        yield broker


@pytest.fixture
def parties(broker: Mosquitto, authority: Authority) -> Iterator[dict[str, Party]]:
    parties = {name: Party(broker, authority, name) for name in (HUB, str(ONE), str(OTHER))}
    yield parties
    for party in parties.values():
        party.close()


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("verb", [*FROM_AGENT, *TO_AGENT])
def test_an_agent_that_publishes_as_another_is_not_delivered(
    broker: Mosquitto, authority: Authority, parties: dict[str, Party], verb: Verb, qos: int
) -> None:
    """Mosquitto 2.0.11 even hangs up on a client whose publish is denied, so each forgery has a forger of its own."""
    forger = Party(broker, authority, "school/forger")
    forger.say(TOPICS.topic(OTHER, verb), b"forged", qos)
    forger.close()
    author = parties[str(OTHER) if verb in FROM_AGENT else HUB]
    author.say(TOPICS.topic(OTHER, verb), b"own", qos=1)
    reader = parties[HUB if verb in FROM_AGENT else str(OTHER)]
    wait_until(lambda: reader.heard, what="the rightful author's message")
    assert reader.heard == [(TOPICS.topic(OTHER, verb), b"own")]


def test_an_agent_hears_only_what_is_meant_for_it(parties: dict[str, Party]) -> None:
    hub, one, other = parties[HUB], parties[str(ONE)], parties[str(OTHER)]
    other.say(TOPICS.topic(OTHER, Verb.REPORT), b"secret")
    for verb in TO_AGENT:
        hub.say(TOPICS.topic(OTHER, verb), b"for other")
        hub.say(TOPICS.topic(ONE, verb), b"for one")
    wait_until(lambda: len(one.heard) >= len(TO_AGENT) and len(other.heard) >= len(TO_AGENT), what="the hub's messages")
    assert sorted(one.heard) == sorted((TOPICS.topic(ONE, verb), b"for one") for verb in TO_AGENT)


def test_what_a_hub_says_to_itself_it_hears_and_no_agent_hears_or_says(
    broker: Mosquitto, authority: Authority, parties: dict[str, Party]
) -> None:
    hub, one = parties[HUB], parties[str(ONE)]
    forger = Party(broker, authority, "school/forger")
    forger.say(TOPICS.probe("watchkeeper-hub"), b"forged")
    forger.close()
    hub.say(TOPICS.probe("watchkeeper-hub"), b"own")
    hub.say(TOPICS.topic(ONE, Verb.ACK), b"later")
    wait_until(lambda: hub.heard and one.heard, what="both to hear what is theirs")
    assert hub.heard == [(TOPICS.probe("watchkeeper-hub"), b"own")]
    assert one.heard == [(TOPICS.topic(ONE, Verb.ACK), b"later")]


def test_a_retained_configuration_is_kept_for_its_agent_alone(
    broker: Mosquitto, authority: Authority, parties: dict[str, Party]
) -> None:
    hub = parties[HUB]
    for agent in ("late", "other"):
        hub.say(TOPICS.topic(Address("school", agent), Verb.CONFIG), f"for {agent}".encode(), qos=1, retain=True)
    late = Party(broker, authority, "school/late")
    hub.say(TOPICS.topic(Address("school", "late"), Verb.ACK), b"all said")
    wait_until(lambda: len(late.heard) >= 2, what="what was kept for it")
    assert sorted(late.heard) == [("wk/v1/school/late/ack", b"all said"), ("wk/v1/school/late/config", b"for late")]
    late.close()


def test_an_agent_cannot_push_another_off_by_taking_its_client_id(
    broker: Mosquitto, authority: Authority, parties: dict[str, Party]
) -> None:
    thief = Party(broker, authority, "school/thief", client_id=str(ONE))
    parties[HUB].say(TOPICS.topic(ONE, Verb.ACK), b"still here")
    wait_until(lambda: parties[str(ONE)].heard, what="the first agent to be still connected")
    assert thief.heard == []
    thief.close()


def test_without_a_certificate_there_is_no_connection(broker: Mosquitto, authority: Authority) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
    client.tls_set(ca_certs=str(authority.ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    connected: list[object] = []
    client.on_connect = lambda *_: connected.append(1)
    try:
        client.connect("127.0.0.1", broker.port)
        client.loop_forever()
    except (ssl.SSLError, OSError):
        pass
    assert connected == []


@pytest.mark.parametrize("words", [("--root", "a b"), ("--root", "wk/#")])
def test_a_root_that_no_topic_has_is_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert main(["broker-acl", *words]) == 2
    assert capsys.readouterr().err.startswith(f"watchkeeper-fleet: topic root {words[1]!r}: letters, digits")


def test_the_command_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("watchkeeper-fleet ")
