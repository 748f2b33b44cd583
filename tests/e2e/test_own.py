"""A running hub says how it fares: as a device, to Prometheus, and to whoever supervises it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.e2e.stack import HubProcess
from tests.e2e.test_hostile import Voice
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Inventory
from wire.topics import Address, Verb

HUBS = [Device(device="hub", kind=DeviceKind.HUB)]


@pytest.fixture
def hub(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path, mosquitto.port, {"kind": "embedded"}, {})
    with hub.serving():
        yield hub


def counted(hub: HubProcess, sample: str, **labels: str) -> float:
    """A sample of /metrics."""
    with urlopen(f"http://127.0.0.1:{hub.port}/metrics", timeout=5) as answer:
        families = list(parse(answer.read().decode()))
    return next(s.value for f in families for s in f.samples if s.name == sample and labels.items() <= s.labels.items())


def ailing(hub: HubProcess) -> str:
    """What /readyz names, empty where all is well."""
    try:
        with urlopen(f"http://127.0.0.1:{hub.port}/readyz", timeout=5):
            return ""
    except HTTPError as error:
        return error.read().decode()


def test_a_hub_watches_itself_and_nobody_else_speaks_for_it(hub: HubProcess, mosquitto: Mosquitto) -> None:
    def seen() -> Any:
        return hub.get("/api/v1/sites/hub/devices/hub")

    wait_until(lambda: seen() and seen()["device"]["state"] == "ok", what=lambda: f"the hub as a device\n{hub.log()}")
    assert hub.get("/api/v1/overview")["agents"] == {"online": 0, "silent": 0, "never": 0}
    assert hub.get("/api/v1/agents") == []
    parts = hub.get("/healthz")["parts"]
    assert {"committer", "mqtt", "configuration", "console"} <= parts.keys()
    assert set(parts.values()) == {""}
    wait_until(lambda: ailing(hub) == "", what="the hub to be ready")
    voice = Voice(mosquitto.port)
    voice.say(Verb.INVENTORY, encode(Inventory(hash=inventory_hash(HUBS), devices=HUBS)), Address("hub", "hub"))
    wait_until(
        lambda: counted(hub, "watchkeeper_hub_rejected_total", reason="own_site") == 1, what="the liar to be counted"
    )
    voice.close()
    mosquitto.stop()
    wait_until(lambda: "broker: not subscribed" in ailing(hub), what="the hub to miss its broker")
    assert hub.get("/healthz")["ok"]
