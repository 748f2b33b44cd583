"""The life of the hub's connection, with a real Mosquitto: standstill, half-open, access rules, certificates."""

import datetime
import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.config import BrokerTable
from hub.frames import Heard
from hub.mqtt import MqttLink
from provisioning.acl import HUB, mosquitto_acl
from tests.servers.certificates import Authority, Life
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.relay import Relay
from tests.waiting import wait_until
from wire.settings import Tls
from wire.topics import Address, Topics

TOPICS = Topics()
RULES = mosquitto_acl(TOPICS).split(f"user {HUB}\n")[1]
"""The hub's own lines, for a broker without accounts."""

WITHOUT_PROBE = "\n".join(line for line in RULES.splitlines() if "probe" not in line) + "\n"
AGENTS = "topic write wk/v1/+/+/report\n"
WARNING = "topic readwrite wk/v1/_hub/+/probe"


@dataclass
class Side:
    """One MqttLink that asks every 0.1 s and is deaf after 0.6 s, and what became of it."""

    port: int
    tls: Tls | None = None
    protocol: str = "auto"
    heard: list[Heard] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        quick = {"probe_seconds": 0.1, "deaf_after_seconds": 0.6, "protocol": self.protocol, "tls": self.tls}
        settings = BrokerTable.model_validate({"host": "127.0.0.1", "port": self.port, **quick})
        self.link = MqttLink(settings, TOPICS, self.heard.extend, self._lost, lambda: self.changes.append("back"))
        self.link.start()

    def _lost(self, silent: int) -> None:
        self.changes.append("lost")
        self.silent.append(silent)


@pytest.fixture
def side() -> Iterator[Callable[..., Side]]:
    made: list[Side] = []

    def make(*arguments: object, **settings: object) -> Side:
        made.append(Side(*arguments, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.link.stop()


@pytest.fixture
def ruled(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with access rules in its folder's file `rules`."""
    (tmp_path / "rules").write_text(RULES + AGENTS)
    with Mosquitto(tmp_path, settings=[f"acl_file {tmp_path / 'rules'}"]) as broker:
        yield broker


def decree(broker: Mosquitto, rules: str) -> None:
    """Other rules from now on."""
    (broker.folder / "rules").write_text(rules)
    broker.reload()


class Reporter:
    """Somebody who reports ten times a second."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self._client.publish("wk/v1/school/gateway/report", b"{}")

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def reporter(ruled: Mosquitto) -> Iterator[Reporter]:
    made = Reporter(ruled.port)
    yield made
    made.close()


def test_a_broker_that_hangs_is_noticed_and_the_silence_reckoned_from_the_last_that_came(
    mosquitto: Mosquitto, side: Callable[..., Side]
) -> None:
    hub = side(mosquitto.port)
    wait_until(lambda: hub.changes == ["back"], what="the hub's own word to come back")
    assert hub.link.figures()["probe_seconds"] > 0
    assert hub.heard == [], "it is nobody's message"
    mosquitto.pause()
    wait_until(lambda: hub.changes == ["back", "lost"], what="the standstill to be noticed")
    assert 550 <= hub.silent[0] < 5000
    wait_until(lambda: hub.link.ailing == "not subscribed", what="the connection to be broken off")
    mosquitto.resume()
    wait_until(lambda: hub.changes == ["back", "lost", "back"], timeout=30, what="the hub to hear again")
    assert hub.link.figures()["unheard_seconds"] < 5


@pytest.mark.parametrize("directions", [("up",), ("down",), ("up", "down")])
def test_a_connection_that_is_open_and_carries_nothing_is_made_anew(
    mosquitto: Mosquitto, side: Callable[..., Side], directions: tuple[str, ...]
) -> None:
    with Relay(mosquitto.port) as relay:
        hub = side(relay.port)
        wait_until(lambda: hub.changes == ["back"], what="the hub to hear")
        relay.swallow(*directions)
        wait_until(lambda: hub.changes == ["back", "lost"], what="the silence to be noticed")
        relay.carry()
        wait_until(lambda: hub.changes == ["back", "lost", "back"], timeout=30, what="another connection")
        hub.link.stop()


def test_rules_that_filter_what_the_hub_reads_make_it_deaf_until_they_are_mended(
    ruled: Mosquitto, reporter: Reporter, side: Callable[..., Side], caplog: pytest.LogCaptureFixture
) -> None:
    hub = side(ruled.port)
    wait_until(lambda: hub.heard and hub.link.figures().get("probe_seconds"), what="reports, and the hub's own word")
    decree(ruled, AGENTS + "topic write wk/v1/_hub/+/probe\n")
    wait_until(lambda: "lost" in hub.changes, what="the silence to be noticed")
    wait_until(lambda: hub.link.ailing == "subscribed, but nothing is heard", what="another connection")
    assert not hub.link.connected, "a subscription that is granted is no proof"
    decree(ruled, RULES + AGENTS)
    wait_until(lambda: hub.changes == ["back", "lost", "back"], what="the hub to hear again")
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 1, "told once"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_rules_that_are_older_than_the_hub_cost_a_warning_and_nothing_else(
    ruled: Mosquitto,
    reporter: Reporter,
    side: Callable[..., Side],
    caplog: pytest.LogCaptureFixture,
    protocol: str,
) -> None:
    decree(ruled, WITHOUT_PROBE + AGENTS)
    hub = side(ruled.port, protocol=protocol)
    wait_until(lambda: WARNING in caplog.text, timeout=20, what="the warning, with the line that lacks")
    wait_until(lambda: hub.link.connected and hub.changes[-1:] == ["back"], timeout=20, what="the hub to stay")
    before, heard = list(hub.changes), len(hub.heard)
    assert len(before) <= 5, "this Mosquitto hangs up on who publishes what it may not"
    wait_until(lambda: len(hub.heard) > heard + 12, what="reports for twice as long as makes deaf")
    assert hub.changes == before
    assert hub.link.figures()["mute_seconds"] > 0
    assert "unheard_seconds" not in hub.link.figures()
    assert caplog.text.count(WARNING) == 1


def test_rules_that_keep_only_the_hubs_own_word_from_it_leave_it_hearing(
    ruled: Mosquitto, reporter: Reporter, side: Callable[..., Side], caplog: pytest.LogCaptureFixture
) -> None:
    hub = side(ruled.port)
    wait_until(lambda: hub.link.figures().get("probe_seconds"), what="the hub's own word")
    decree(ruled, WITHOUT_PROBE + AGENTS + "topic write wk/v1/_hub/+/probe\n")
    wait_until(lambda: hub.link.figures()["mute_seconds"] > 0, what="the hub to miss its own word")
    assert hub.changes == ["back"]
    decree(ruled, RULES + AGENTS)
    wait_until(lambda: hub.link.figures()["mute_seconds"] == 0, what="the hub's own word again")
    assert hub.changes == ["back"]


def test_an_expired_certificate_is_named_and_one_renewed_on_disk_is_taken(
    tmp_path: Path, authority: Authority, side: Callable[..., Side], caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = tmp_path / "hub.crt", tmp_path / "hub.key"

    def put(life: Life) -> None:
        pair = authority.client(HUB, life)
        shutil.copy(pair.certificate, certificate)
        shutil.copy(pair.key, key)

    put(Life(-datetime.timedelta(days=9), -datetime.timedelta(days=2)))
    with Mosquitto(tmp_path, tls=MutualTls(authority, mosquitto_acl(TOPICS))) as broker:
        hub = side(broker.port, Tls(ca=authority.ca, certificate=certificate, key=key))
        wait_until(lambda: "expired 2.0 days ago" in caplog.text, what="the reason to be told")
        assert hub.changes == []
        put(Life())
        wait_until(lambda: hub.changes == ["back"], timeout=30, what="the new certificate to be taken")
        authority.renew_server(life=Life(-datetime.timedelta(days=9), -datetime.timedelta(days=2)))
        broker.stop()
        broker.start()
        wait_until(lambda: "certificate has expired" in caplog.text, timeout=30, what="the broker's to be refused")
        authority.renew_server()
        broker.stop()
        broker.start()
        wait_until(lambda: hub.changes == ["back", "lost", "back"], timeout=30, what="the broker's new certificate")
        hub.link.stop()


def test_answers_that_a_broker_does_not_take_are_dropped_at_a_bound_and_counted(
    mosquitto: Mosquitto, side: Callable[..., Side]
) -> None:
    hub = side(mosquitto.port)
    wait_until(lambda: hub.link.connected, what="the hub to hear")
    mosquitto.pause()
    many = [(Address("school", f"a{n}"), [f"abcdef:{n}" + "x" * 200]) for n in range(1000)]
    began = time.monotonic()
    while hub.link.connected and not hub.link.figures()["answers_dropped"] and time.monotonic() < began + 10:
        hub.link.acknowledge(many)
    assert hub.link.figures()["answers_dropped"] > 0
    mosquitto.resume()
    wait_until(lambda: hub.changes[-1] == "back", timeout=30, what="the hub to hear")
    hub.link.acknowledge([(Address("school", "gateway"), ["abcdef:1"])])


def test_a_thread_that_hangs_is_blindness_at_once_and_in_the_end_no_life(
    ruled: Mosquitto, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.HANG_SECONDS", 0.5)
    free, changes = threading.Event(), list[str]()
    settings = BrokerTable(host="127.0.0.1", port=ruled.port, probe_seconds=0.1, deaf_after_seconds=0.6)

    def hang(_: list[Heard]) -> None:
        free.wait(30)

    link = MqttLink(settings, TOPICS, hang, lambda _ms: changes.append("lost"), lambda: changes.append("back"))
    link.start()
    assert link.alive
    wait_until(lambda: changes == ["back", "lost"], what="the silence to be noticed")
    wait_until(lambda: not link.alive, what="the thread to be given up")
    free.set()
    wait_until(lambda: changes == ["back", "lost", "back"] and link.alive, timeout=30, what="another connection")
    link.stop()


def test_a_broker_that_accepts_and_hangs_up_is_not_besieged(side: Callable[..., Side]) -> None:
    visits = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        hub = side(listener.getsockname()[1], protocol="5")
        for _ in range(3):
            one, _ = listener.accept()
            visits.append(time.monotonic())
            one.close()
        hub.link.stop()
    assert visits[-1] - visits[0] > 1.0, "pauses of about 1, 2, 4 seconds"
