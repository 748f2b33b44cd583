"""The uplink against real brokers: birth and will, acknowledgement, resending, commands, hostile messages."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent import connection as connection_module
from agent.clock import SystemClock
from agent.connection import MAX_PACKET_BYTES
from agent.outbox import Outbox
from agent.spool import Spool
from agent.uplink import Uplink
from hub.embedded_broker import EmbeddedBroker
from tests.agent.drafts import draft
from tests.servers.certificates import Authority
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.server import free_port
from tests.waiting import wait_until
from wire.codec import decode, encode, inventory_hash
from wire.messages import (
    Ack,
    Action,
    Command,
    Config,
    ConfigApplied,
    Device,
    DeviceKind,
    Inventory,
    Refusal,
    Report,
    Result,
    Status,
)
from wire.settings import Broker
from wire.topics import Address, Topics, Verb

ADDRESS = Address("site", "agent")
TOPICS = Topics()
DEVICES = [Device(device="agent", kind=DeviceKind.AGENT)]
LATER = 200_000_000_000_000
GREETING = [Verb.STATUS, Verb.CONFIG_APPLIED, Verb.INVENTORY]


class Home:
    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.known: Inventory | None = Inventory(hash=inventory_hash(DEVICES), devices=DEVICES)
        self.collected = 0
        self.configured: list[bytes] = []
        self.running = ConfigApplied()

    def inventory(self) -> Inventory | None:
        return self.known

    def collect_now(self) -> int:
        self.collected += 1
        return 3

    def oldest(self) -> int | None:
        return self.spool.oldest()

    def clock_offset_ms(self) -> float:
        return 0.0

    def configure(self, body: bytes) -> None:
        if body:
            decode(Config, body)
        self.configured.append(body)

    def applied(self) -> ConfigApplied:
        return self.running


class Hub:
    """The other side: hears everything an agent says, answers what it is told to."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.ids: list[str] = []
        self.answering = True
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe([(TOPICS.every(v), 0) for v in Verb])
        self._client.on_message = self._on_message
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.reconnect_delay_set(0.05, 0.1)  # type: ignore[arg-type]  # paho takes fractions
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def _on_message(self, client: Any, userdata: Any, message: mqtt.MQTTMessage) -> None:
        verb = TOPICS.parse(message.topic)
        if verb is None or verb[1] in (Verb.ACK, Verb.COMMAND, Verb.CONFIG):
            return
        self.heard.append((verb[1], bytes(message.payload), message.retain))
        if verb[1] is Verb.REPORT:
            self.ids.append(decode(Report, bytes(message.payload)).id)
            if self.answering:
                self.say(Verb.ACK, encode(Ack(committed=[self.ids[-1]])))

    def say(self, verb: Verb, body: bytes, *, retain: bool = False) -> None:
        self._client.publish(TOPICS.topic(ADDRESS, verb), body, retain=retain)

    def of(self, verb: Verb) -> list[bytes]:
        return [body for heard, body, _ in list(self.heard) if heard == verb]

    def statuses(self) -> list[Status]:
        return [decode(Status, body) for body in self.of(Verb.STATUS)]

    def results(self) -> list[Result]:
        return [decode(Result, body) for body in self.of(Verb.RESULT)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    one = Spool(tmp_path / "spool.db", 1 << 26)
    yield one
    one.close()


@pytest.fixture
def home(spool: Spool) -> Home:
    return Home(spool)


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()


Start = Callable[..., Uplink]


@pytest.fixture
def start(home: Home, spool: Spool) -> Iterator[Start]:
    """Starts uplinks and stops them at the end."""
    started: list[Uplink] = []

    def begin(port: int, **settings: Any) -> Uplink:
        broker = Broker(host="127.0.0.1", port=port, **settings)
        uplink = Uplink(broker, ADDRESS, "1.2.3", Outbox(spool), home, SystemClock())
        uplink.start()
        started.append(uplink)
        return uplink

    yield begin
    for uplink in started:
        uplink.stop()


def settled(spool: Spool) -> bool:
    return spool.stats().reports == 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1", "auto"])
def test_birth_inventory_and_reports_arrive_and_an_acknowledged_report_is_let_go(
    mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start, protocol: str
) -> None:
    before = spool.put(draft(3, 1))
    uplink = start(mosquitto.port, protocol=protocol)
    wait_until(lambda: settled(spool), what="the report is acknowledged")
    after = spool.put(draft(first=9))
    uplink.wake()
    wait_until(lambda: settled(spool), what="the second report is acknowledged")
    assert hub.ids == before + after
    assert [verb for verb, _, _ in hub.heard] == [*GREETING, Verb.REPORT, Verb.REPORT]
    (status,) = hub.statuses()
    assert (status.state, status.version, status.session) == ("online", "1.2.3", uplink.session)
    assert status.inventory_hash == inventory_hash(DEVICES)
    assert status.oldest_unacknowledged == 1_000_000
    assert decode(Inventory, hub.of(Verb.INVENTORY)[0]).devices == DEVICES


def test_a_clean_stop_leaves_an_offline_status_of_the_same_session_behind(
    mosquitto: Mosquitto, hub: Hub, start: Start
) -> None:
    uplink = start(mosquitto.port)
    wait_until(lambda: hub.statuses(), what="the birth")
    uplink.stop()
    wait_until(lambda: len(hub.statuses()) == 2, what="the goodbye")
    birth, goodbye = hub.statuses()
    assert (goodbye.state, goodbye.session) == ("offline", birth.session)
    late = Hub(mosquitto.port)
    wait_until(lambda: late.heard, what="the retained status")
    assert late.heard[0][2]
    assert late.statuses()[0].state == "offline"
    late.close()


def test_when_the_connection_breaks_the_broker_publishes_the_will(
    mosquitto: Mosquitto, hub: Hub, home: Home, start: Start
) -> None:
    uplink = start(mosquitto.port)
    wait_until(lambda: hub.statuses(), what="the birth")
    # A client with our id throws us out, as a cloned disk would.
    thief = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="site-agent")
    thief.connect("127.0.0.1", mosquitto.port)
    thief.loop_start()
    wait_until(lambda: any(s.state == "offline" for s in hub.statuses()), what="the will")
    thief.disconnect()
    thief.loop_stop()
    wait_until(lambda: hub.statuses()[-1].state == "online", what="the next birth")
    first, will, *_, last = hub.statuses()
    assert will.session == first.session != last.session == uplink.session


def test_nothing_is_sent_before_the_inventory_is_known(
    mosquitto: Mosquitto, hub: Hub, home: Home, spool: Spool, start: Start
) -> None:
    inventory, home.known = home.known, None
    spool.put(draft())
    uplink = start(mosquitto.port)
    wait_until(lambda: uplink.connected, what="connected")
    wait_until(lambda: hub.statuses(), what="the birth")
    assert hub.ids == []
    home.known = inventory
    uplink.wake()
    wait_until(lambda: settled(spool), what="acknowledged")
    assert [verb for verb, _, _ in hub.heard] == [*GREETING, Verb.REPORT]


def test_a_changed_inventory_is_sent_again(mosquitto: Mosquitto, hub: Hub, home: Home, start: Start) -> None:
    uplink = start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.INVENTORY), what="the first inventory")
    home.known = Inventory(hash="0123", devices=DEVICES)
    uplink.wake()
    wait_until(lambda: len(hub.of(Verb.INVENTORY)) == 2, what="the second inventory")


def test_a_report_whose_acknowledgement_was_lost_is_sent_again(
    mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start
) -> None:
    hub.answering = False
    (name,) = spool.put(draft())
    start(mosquitto.port)
    wait_until(lambda: hub.ids == [name], what="the first sending")
    assert spool.stats().reports == 1
    hub.answering = True
    wait_until(lambda: settled(spool), what="acknowledged after the second sending")
    assert hub.ids == [name, name]


def test_a_refused_report_is_set_aside(mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start) -> None:
    hub.answering = False
    (name,) = spool.put(draft())
    start(mosquitto.port)
    wait_until(lambda: hub.ids, what="the report")
    hub.say(Verb.ACK, encode(Ack(refused=[Refusal(id=name, reason="poison")])))
    wait_until(lambda: spool.stats().refused == 1, what="refused")
    assert settled(spool)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start, protocol: str
) -> None:
    put: list[str] = []
    uplink = start(mosquitto.port, protocol=protocol)
    wait_until(lambda: uplink.connected, what="connected")
    for round_number in range(3):
        hub.answering = False
        put += spool.put_many([draft(first=n) for n in range(40)])
        uplink.wake()
        wait_until(lambda: len(set(hub.ids)) > 30 * round_number, what="some are on their way")  # noqa: B023 - at once
        mosquitto.kill()
        put += spool.put_many([draft(first=n) for n in range(40)])
        wait_until(lambda: not uplink.connected, what="the break is noticed")
        hub.answering = True
        mosquitto.start()
    wait_until(lambda: settled(spool), timeout=30, what="all is acknowledged")
    assert set(hub.ids) == set(put)


def test_a_long_backlog_drains_within_the_window(mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start) -> None:
    put = spool.put_many([draft(first=n) for n in range(600)])
    start(mosquitto.port)
    wait_until(lambda: settled(spool), timeout=30, what="drained")
    assert list(dict.fromkeys(hub.ids)) == put


def test_malformed_messages_are_counted_and_end_nothing(
    mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    uplink = start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.INVENTORY), what="greeted")
    nonsense = [
        (Verb.ACK, b"\xff\x00"),
        (Verb.ACK, b"[" * 100_000),
        (Verb.ACK, b'{"committed": ["' + spool.name.encode() + b':1-999999999999"]}'),
        (Verb.ACK, b" " * 300_000),
        (Verb.COMMAND, b'{"id": "x", "action": "format_disk", "expires": 1}'),
        (Verb.CONFIG, b'{"revision": "../../etc"}'),
    ]
    for verb, body in nonsense:
        hub.say(verb, body)
    wait_until(lambda: uplink.counters.malformed == len(nonsense), what="all are counted")
    assert "malformed message topic=wk/v1/site/agent/ack" in caplog.text
    hub.say(Verb.ACK, encode(Ack(committed=["zzzzzz:1-500000"])))
    wait_until(lambda: uplink.counters.unexpected_acks == 1, what="the stray acknowledgement is counted")
    spool.put(draft())
    uplink.wake()
    wait_until(lambda: settled(spool), what="it still works")
    assert uplink.counters.connections == 1


def test_commands_are_done_once_in_time_or_not_at_all(mosquitto: Mosquitto, hub: Hub, home: Home, start: Start) -> None:
    start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.INVENTORY), what="greeted")
    hub.say(Verb.COMMAND, encode(Command(id="old", action=Action.COLLECT_NOW, expires=1)))
    for _ in range(2):
        hub.say(Verb.COMMAND, encode(Command(id="now", action=Action.COLLECT_NOW, expires=LATER)))
    hub.say(Verb.COMMAND, encode(Command(id="picture", action=Action.SNAPSHOT, expires=LATER)))
    hub.say(Verb.COMMAND, encode(Command(id="devices", action=Action.SEND_INVENTORY, expires=LATER)))
    wait_until(lambda: len(hub.of(Verb.INVENTORY)) == 2, what="the inventory is sent again")
    wait_until(lambda: len(hub.results()) == 3, what="three results")
    assert [(result.id, result.ok) for result in hub.results()] == [
        ("now", True),
        ("picture", False),
        ("devices", True),
    ]
    assert "pictures stay at the site" in hub.results()[1].detail
    assert home.collected == 1


def test_a_retained_command_is_ignored(mosquitto: Mosquitto, hub: Hub, home: Home, start: Start) -> None:
    hub.say(Verb.COMMAND, encode(Command(id="kept", action=Action.COLLECT_NOW, expires=LATER)), retain=True)
    start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.INVENTORY), what="greeted")
    hub.say(Verb.COMMAND, encode(Command(id="fresh", action=Action.COLLECT_NOW, expires=LATER)))
    wait_until(lambda: hub.results(), what="a result")
    assert [result.id for result in hub.results()] == ["fresh"]


def test_a_retained_configuration_is_handed_on_and_what_runs_is_told_whenever_it_was_settled(
    mosquitto: Mosquitto, hub: Hub, home: Home, start: Start
) -> None:
    body = encode(Config(revision="abc123", settings={"name": "x"}))
    hub.say(Verb.CONFIG, body, retain=True)
    uplink = start(mosquitto.port)
    wait_until(lambda: home.configured == [body], what="the configuration")
    home.running = ConfigApplied(revision="abc123")
    uplink.wake()
    wait_until(lambda: len(hub.of(Verb.CONFIG_APPLIED)) == 2, what="what runs now")
    home.running = ConfigApplied(revision="abc123")
    uplink.wake()
    wait_until(lambda: len(hub.of(Verb.CONFIG_APPLIED)) == 3, what="said again, for it was asked again")
    hub.say(Verb.CONFIG, b"", retain=True)
    wait_until(lambda: home.configured == [body, b""], what="nothing is desired")
    assert [decode(ConfigApplied, one).revision for one in hub.of(Verb.CONFIG_APPLIED)] == [None, "abc123", "abc123"]


def test_which_configuration_runs_is_told_at_every_connection(
    mosquitto: Mosquitto, hub: Hub, home: Home, start: Start
) -> None:
    home.running = ConfigApplied(revision="aa", refused="bb", reason="no")
    uplink = start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.CONFIG_APPLIED), what="told")
    mosquitto.kill()
    wait_until(lambda: not uplink.connected, what="the break is noticed")
    mosquitto.start()
    wait_until(lambda: len(hub.of(Verb.CONFIG_APPLIED)) == 2, timeout=20, what="told again")
    assert decode(ConfigApplied, hub.of(Verb.CONFIG_APPLIED)[1]) == home.running


def test_the_thread_shows_that_it_works_while_the_broker_is_away(start: Start) -> None:
    uplink = start(free_port())
    begun = uplink.beat
    wait_until(lambda: uplink.beat > begun + 0.5, what="a later beat")


def test_a_broker_away_is_logged_once_and_stopping_does_not_wait_for_it(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    uplink = start(free_port())
    wait_until(lambda: "no connection" in caplog.text, what="the log line")
    uplink.stop()
    assert caplog.text.count("no connection") == 1


@contextmanager
def amqtt_broker() -> Iterator[int]:
    """The demo's broker, which speaks MQTT 3.1.1 only."""
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port)
    broker.start()
    yield port
    broker.stop()


def test_a_broker_that_knows_only_3_1_1_is_noticed(
    spool: Spool, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="agent")
    with amqtt_broker() as port:
        hub = Hub(port)
        spool.put(draft())
        uplink = start(port)
        wait_until(lambda: settled(spool), timeout=30, what="acknowledged over 3.1.1")
        assert "trying 3.1.1" in caplog.text
        assert uplink.counters.connections == 1
        uplink.stop()
        wait_until(lambda: hub.statuses()[-1].state == "offline", what="the goodbye")
        hub.close()


class Scripted:
    """A broker as bad as wanted: acknowledges no publish; sends `poison` after the subscription, which it may not
    acknowledge either."""

    def __init__(self, poison: bytes = b"", *, subscribes: bool = True) -> None:
        self.poison = poison
        self.subscribes = subscribes
        self.connects: list[bytes] = []
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._client, _ = self._listener.accept()
                self._serve(self._client)

    def _serve(self, one: socket.socket) -> None:
        with one, one.makefile("rb") as stream, suppress(OSError):
            while head := stream.read(1):
                length = shift = 0
                while True:
                    byte = stream.read(1)[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if not byte & 128:
                        break
                body = stream.read(length)
                if head[0] >> 4 == 1:
                    self.connects.append(body)
                    one.sendall(b"\x20\x03\0\0\0" if body[6] == 5 else b"\x20\x02\0\0")
                elif head[0] >> 4 == 8:
                    five = self.connects[-1][6] == 5
                    if self.subscribes:
                        one.sendall(
                            b"\x90\x06" + body[:2] + b"\0\1\1\1" if five else b"\x90\x05" + body[:2] + b"\1\1\1"
                        )
                    for start in range(0, len(self.poison), 65536):
                        self.sent += one.send(self.poison[start : start + 65536])
                elif head[0] >> 4 == 12:
                    one.sendall(b"\xd0\0")

    def close(self) -> None:
        """Hang up, and take nobody any more."""
        self._listener.close()
        if self._client is not None:
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_packet_too_large_is_hung_up_on_before_it_is_read(
    start: Start, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    size = 64 << 20
    length = bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127 | 128, size >> 21])
    broker = Scripted(b"\x30" + length + b"\0\x19wk/v1/site/agent/command" + bytes(size))
    start(broker.port, protocol=protocol)
    wait_until(lambda: f"a packet of {size} bytes" in caplog.text, what="the reason is logged")
    wait_until(lambda: len(broker.connects) > 1, what="it tries again")
    assert broker.sent < size / 2
    maximum = b"\x27" + MAX_PACKET_BYTES.to_bytes(4, "big")
    assert (maximum in broker.connects[0]) == (protocol == "5")
    broker.close()


def test_what_comes_before_anybody_takes_it_is_bounded_in_bytes_and_the_rest_counted(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "CONNECT_SECONDS", 60.0)
    made: list[connection_module.Connection] = []

    def make(*given: Any) -> connection_module.Connection:
        made.append(connection_module.Connection(*given))
        return made[-1]

    monkeypatch.setattr("agent.uplink.Connection", make)
    size = 250_000
    body = b"\0\x19wk/v1/site/agent/command" + bytes(size)
    length = bytes([len(body) & 127 | 128, len(body) >> 7 & 127 | 128, len(body) >> 14])
    broker = Scripted((b"\x30" + length + body) * 40, subscribes=False)
    uplink = start(broker.port, protocol="3.1.1")
    fit = connection_module.MAX_INBOX_BYTES // size
    wait_until(lambda: made and len(made[0].inbox) + made[0].dropped == 40, what="all of it came")
    assert len(made[0].inbox) == fit
    broker.close()
    wait_until(lambda: uplink.counters.dropped == 40 - fit, what="the rest is counted")


def test_a_broker_that_acknowledges_nothing_is_left(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_module, "PUBACK_SECONDS", 0.5)
    broker = Scripted()
    uplink = start(broker.port, protocol="3.1.1")
    wait_until(lambda: "broker acknowledges nothing" in caplog.text, what="the reason is logged")
    wait_until(lambda: uplink.counters.connections > 1, what="another connection")
    broker.close()


def test_reports_on_the_wire_are_compact_json_under_their_id(
    mosquitto: Mosquitto, hub: Hub, spool: Spool, start: Start
) -> None:
    spool.put(draft(1))
    start(mosquitto.port)
    wait_until(lambda: hub.of(Verb.REPORT), what="the report")
    assert json.loads(hub.of(Verb.REPORT)[0])["id"] == f"{spool.name}:1"


def test_over_mutual_tls_reports_arrive_and_a_strange_broker_is_refused(
    tmp_path: Path, authority: Authority, spool: Spool, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    with Mosquitto(folder, tls=MutualTls(authority)) as broker:
        ours = authority.client("site/agent")
        (tmp_path / "other").mkdir()
        other = Authority(tmp_path / "other")
        wrong = {"ca": other.ca, "certificate": ours.certificate, "key": ours.key}
        stranger = start(broker.port, tls=wrong)
        wait_until(lambda: "certificate verify failed" in caplog.text, what="the broker is not believed")
        stranger.stop()
        assert stranger.counters.connections == 0
        uplink = start(broker.port, tls={**wrong, "ca": authority.ca})
        wait_until(lambda: uplink.connected, what="connected")
        spool.put(draft())
        uplink.wake()
        wait_until(lambda: uplink.counters.published > 0, what="published")
        uplink.stop()
