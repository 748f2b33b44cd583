"""A broker that hangs while everything looks connected: blindness, a ticket about the hub, none about the agents."""

import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.stack import HubProcess
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Inventory, Report
from wire.topics import Address, Topics, Verb

TOPICS = Topics()
GATEWAY = Address("school", "gateway")
DEVICES = [Device(device="gateway", kind=DeviceKind.AGENT)]
SILENT_SECONDS = 4.0


class Reporter:
    """An agent that says five times a second that it is there, whenever it can."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        inventory = Inventory(hash=inventory_hash(DEVICES), devices=DEVICES)
        self._client.publish(TOPICS.topic(GATEWAY, Verb.INVENTORY), encode(inventory), qos=1).wait_for_publish(10)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.2):
            number += 1
            report = Report(id=f"abcdef:{number}", boot="b", mono=number, sent=1_800_000_000_000 + number)
            self._client.publish(TOPICS.topic(GATEWAY, Verb.REPORT), encode(report))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def hub(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[HubProcess]:
    rules = {
        "agent_silent": {"silent_seconds": SILENT_SECONDS, "hold_seconds": 0},
        "hub_deaf": {"raise_unheard_seconds": 1.0, "clear_unheard_seconds": 0.9, "clear_seconds": 0},
    }
    broker = {"host": "127.0.0.1", "port": mosquitto.port, "probe_seconds": 0.4, "deaf_after_seconds": 1.5}
    hub = HubProcess(tmp_path, mosquitto.port, {"kind": "embedded"}, rules, tables={"broker": broker})
    with hub.serving():
        yield hub


def test_a_broker_that_hangs_is_the_hubs_trouble_and_no_agents(hub: HubProcess, mosquitto: Mosquitto) -> None:
    agent = Reporter(mosquitto.port)

    def findings() -> dict[str, str]:
        return dict(hub.query("SELECT rule, state FROM finding"))

    wait_until(lambda: hub.query("SELECT 1 FROM agent WHERE site = 'school'"), what="the agent to be known")
    blind = len(hub.query("SELECT 1 FROM blindness"))
    mosquitto.pause()
    wait_until(
        lambda: findings().get("hub_deaf") == "open", timeout=30, what=lambda: f"a ticket about the hub\n{hub.log()}"
    )
    blindness = "SELECT start FROM blindness WHERE \"end\" IS NULL AND reason = 'broker'"
    wait_until(lambda: hub.query(blindness), what="its blindness to be noted, which no more than follows the number")
    (start,) = hub.query(blindness)[0]
    opened = hub.query("SELECT opened FROM finding WHERE rule = 'hub_deaf'")[0][0]
    assert opened - start >= 1000, "blind since the last that came, not only since it was noticed"
    wait_until(
        lambda: hub.query("SELECT at FROM heartbeat")[0][0] > start + 3000 * SILENT_SECONDS,
        timeout=40,
        what="three times what makes an agent silent",
    )
    mosquitto.resume()
    wait_until(lambda: findings()["hub_deaf"] == "closed", timeout=60, what=lambda: f"the ticket to close\n{hub.log()}")
    assert len(hub.query("SELECT 1 FROM blindness WHERE reason = 'broker'")) <= blind + 2
    assert set(findings()) == {"hub_deaf"}, "and nothing about agents"
    agent.close()
    wait_until(lambda: findings().get("agent_silent") == "open", timeout=30, what="who is silent now to be told")
