"""Malformed, oversized and replayed messages through a real broker: harmless, counted, named in the log."""

import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.stack import HubProcess
from tests.hub.fleets import DEVICES
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import MAX_BYTES, decode, encode, inventory_hash, unpack_ids
from wire.messages import Ack, Event, Inventory, Report, Sample
from wire.topics import Address, Topics, Verb

TOPICS = Topics()
GATEWAY = Address("school", "gateway")
AT = 1_790_000_000_000


class Voice:
    """A client that says anything, and hears one agent's acknowledgements."""

    def __init__(self, port: int) -> None:
        self.acks: list[Ack] = []
        ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda c, *_: c.subscribe(TOPICS.topic(GATEWAY, Verb.ACK))
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _c, _u, m: self.acks.append(decode(Ack, bytes(m.payload)))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(10)

    def say(self, verb: Verb, payload: bytes, address: Address = GATEWAY) -> None:
        self.client.publish(TOPICS.topic(address, verb), payload, qos=1).wait_for_publish(10)

    def committed(self) -> list[str]:
        return [i for ack in self.acks for i in unpack_ids(ack.committed)]

    def refused(self) -> dict[str, str]:
        return {r.id: r.reason for ack in self.acks for r in ack.refused}

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def hub(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[HubProcess]:
    hub = HubProcess(
        tmp_path, mosquitto.port, {"kind": "embedded"}, {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}}
    )
    with hub.serving():
        yield hub


@pytest.fixture
def voice(mosquitto: Mosquitto, hub: HubProcess) -> Iterator[Voice]:
    voice = Voice(mosquitto.port)
    inventory = Inventory(hash=inventory_hash(DEVICES), devices=DEVICES)

    def known() -> bool:
        voice.say(Verb.INVENTORY, encode(inventory))
        return bool(hub.query("SELECT 1 FROM device WHERE site = 'school'"))

    wait_until(known, what="the hub to take the inventory")
    yield voice
    voice.close()


def report(seq: int, *, reachable: float = 1.0, second: int = 0) -> Report:
    return Report(
        id=f"hostile:{seq}",
        boot="b",
        mono=second * 1000,
        sent=AT + second * 1000,
        inventory_hash=inventory_hash(DEVICES),
        samples=[Sample(device="cam-1", at=AT + second * 1000, values={"reachable": reachable})],
        events=[Event(device="door-1", at=AT, type="door.opened")],
    )


def test_garbage_is_counted_and_the_hub_goes_on(hub: HubProcess, voice: Voice) -> None:
    garbage = [
        b"",
        b"\x00\xff",
        b"[" * 200_000,
        b'{"id":"hostile:9","samples":[{}]}',
        b"{" * MAX_BYTES,
        b"x" * (MAX_BYTES + 1),
    ]
    for payload in garbage:
        for verb in (Verb.REPORT, Verb.STATUS, Verb.INVENTORY, Verb.RESULT, Verb.CONFIG_APPLIED):
            voice.say(verb, payload)
    good = report(1)
    voice.say(Verb.REPORT, encode(good))
    wait_until(lambda: good.id in voice.committed(), what=lambda: f"the good report to be committed\n{hub.log()}")
    wait_until(lambda: list(voice.refused()) == ["hostile:9"], what="the one with a name to be refused by it")
    wait_until(
        lambda: dict(hub.query("SELECT reason, count FROM rejected")).get("bad_report") == len(garbage),
        what="the garbage to be counted",
    )
    assert "rejected from school/gateway: bad_report" in hub.log_path.read_text()


def test_replayed_messages_change_nothing(hub: HubProcess, voice: Voice) -> None:
    down, up = report(1, reachable=0, second=1), report(2, second=2)
    for _ in range(5):
        voice.say(Verb.REPORT, encode(down))
        voice.say(Verb.REPORT, encode(up))
    last = report(3, second=3)
    voice.say(Verb.REPORT, encode(last))
    wait_until(lambda: last.id in voice.committed(), what="the last report to be committed")
    assert hub.query("SELECT count(*) FROM event") == [(3,)]
    assert hub.query("SELECT count(*) FROM ticket") == [(1,)]
    assert hub.query("SELECT state FROM finding") == [("closed",)]


def test_another_agents_word_on_this_ones_camera_is_not_taken(hub: HubProcess, voice: Voice) -> None:
    intruder = Address("school", "intruder")
    voice.say(Verb.INVENTORY, encode(Inventory(hash="a" * 16, devices=[DEVICES[4]])), intruder)
    forged = report(1, reachable=0).model_copy(update={"inventory_hash": "a" * 16})
    voice.say(Verb.REPORT, encode(forged), intruder)
    own = report(2, second=5)
    voice.say(Verb.REPORT, encode(own))
    wait_until(lambda: own.id in voice.committed(), what="the rightful report to be committed")
    assert hub.query("SELECT count(*) FROM ticket") == [(0,)]
    assert ("claim_conflict", 1) in hub.query("SELECT reason, count FROM rejected WHERE agent = 'intruder'")
