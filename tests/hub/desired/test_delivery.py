"""From the command line to an agent and back, through a hub that runs and real brokers that lose their memory."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.__main__ import main
from hub.app import App
from hub.config import load
from hub.rule import discover
from tests.servers.mosquitto import Mosquitto
from tests.servers.server import NO_TLS, free_port
from tests.waiting import wait_until
from wire.codec import config_revision, decode, encode
from wire.messages import Config, ConfigApplied
from wire.topics import Address, Topics, Verb

GATEWAY = Address("school", "gateway")
ONE = {"collectors": {"disks": {"enabled": False}}}
TWO = {"name": "Two"}
FILES = {"one.toml": "[collectors.disks]\nenabled = false\n", "two.toml": 'name = "Two"\n'}


class Agent:
    """Takes every configuration, or refuses those it is told to; answers each."""

    def __init__(self, port: int) -> None:
        self.heard: list[Config | None] = []
        self.refuses: dict[str, Any] | None = None
        self._running: str | None = None
        self._port = port
        self._topics = Topics()
        self._connect()

    def _connect(self) -> None:
        subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="agent", protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda c, *_: c.subscribe(self._topics.topic(GATEWAY, Verb.CONFIG), qos=1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = lambda _c, _u, message: self._on_message(bytes(message.payload))
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def reconnect(self) -> None:
        self.close()
        self._connect()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, body: bytes) -> None:
        config = decode(Config, body) if body else None
        self.heard.append(config)
        if config is not None and self.refuses is not None and config.revision == config_revision(self.refuses):
            answer = ConfigApplied(revision=self._running, refused=config.revision, reason="no such collector")
        else:
            self._running = config.revision if config else None
            answer = ConfigApplied(revision=self._running)
        self._client.publish(self._topics.topic(GATEWAY, Verb.CONFIG_APPLIED), encode(answer), qos=1)

    def settings(self) -> list[dict[str, object] | None]:
        return [one.settings if one else None for one in self.heard]


class Running:
    """A hub in this process, and the commands beside it."""

    def __init__(self, folder: Path, port: int, embedded: bool) -> None:
        self._config = folder / "hub.toml"
        self._config.write_text(
            'state_dir = "state"\n[console]\nport = 0\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\nembedded = {str(embedded).lower()}\n'
        )
        for name, text in FILES.items():
            (folder / name).write_text(text)
        self._folder = folder
        self.start()

    def start(self) -> None:
        rules = discover()
        self.app = App(load(self._config, rules), rules)
        self.app.start()
        wait_until(lambda: self.app.console_port, timeout=20, what="the console to listen")

    def type(self, verb: str, *words: str) -> None:
        named = [str(self._folder / word) if word in FILES else word for word in words]
        assert main(["config", verb, *named, "--config", str(self._config)]) == 0

    def state(self) -> str:
        answer = httpx.get(
            f"http://127.0.0.1:{self.app.console_port}/api/v1/configurations", verify=NO_TLS, trust_env=False
        )
        states: list[dict[str, str]] = [one for one in answer.json() if one["agent"] == "gateway"]
        return states[0]["state"] if states else ""


@pytest.fixture
def on_mosquitto(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[tuple[Running, Agent, Mosquitto]]:
    hub, agent = Running(tmp_path, mosquitto.port, embedded=False), Agent(mosquitto.port)
    yield hub, agent, mosquitto
    agent.close()
    hub.app.stop()


def test_set_refused_mended_cleared(on_mosquitto: tuple[Running, Agent, Mosquitto]) -> None:
    hub, agent, _ = on_mosquitto
    agent.refuses = ONE
    hub.type("set", "school/gateway", "one.toml")
    wait_until(lambda: hub.state() == "refused", what="the refusal to be stored")
    hub.type("set", "school/gateway", "two.toml")
    wait_until(lambda: hub.state() == "agreed", what="the second one to run")
    hub.type("clear", "school/gateway")
    wait_until(lambda: hub.state() == "none", what="the agent to let go")
    assert agent.settings() == [ONE, TWO, None]


def test_a_mosquitto_that_was_killed_and_remembers_nothing_is_told_again(
    on_mosquitto: tuple[Running, Agent, Mosquitto],
) -> None:
    hub, agent, broker = on_mosquitto
    hub.type("set", "school/gateway", "one.toml")
    wait_until(lambda: hub.state() == "agreed", what="the first one to run")
    agent.close()
    broker.kill()
    hub.type("set", "school/gateway", "two.toml")
    broker.start()
    agent.reconnect()
    wait_until(lambda: hub.state() == "agreed", timeout=30, what="the second one to run")
    assert agent.settings()[-1] == TWO


def test_a_hub_with_the_broker_in_it_tells_again_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    hub = Running(tmp_path, port, embedded=True)
    agent = Agent(port)
    hub.type("set", "school/gateway", "one.toml")
    wait_until(lambda: hub.state() == "agreed", what="the configuration to run")
    agent.close()
    hub.app.stop()
    hub.start()
    agent.heard.clear()
    agent.reconnect()
    wait_until(lambda: agent.settings()[-1:] == [ONE], what="the configuration to be there again")
    agent.close()
    hub.app.stop()
