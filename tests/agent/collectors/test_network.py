"""The network collector: devices pinged, ways out watched, each state told apart, in networks of their own."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.cameras.settings import CamerasSettings
from agent.collector import Context, Reading
from agent.collectors.network import Network, NetworkSettings, own_id, plugin, read_gateway
from agent.device.address import Endpoint
from agent.device.manners import MANNERS
from agent.inventory import InventoryBook
from agent.network.names import Names
from agent.network.routes import Gateway
from simulator.onvif import Camera
from tests.namespaces import Namespace, namespace
from tests.servers.server import HOST, free_port
from tests.waiting import wait_until
from wire.messages import Device, DeviceKind

QUICK = {"pings": 2, "apart_seconds": 0.1, "ping_timeout_seconds": 0.5}


def no_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose ping_group_range has no group of ours."""
    monkeypatch.setattr("agent.network.pings.icmp.PROTOCOLS", {})


def context(tmp_path: Path | None = None, hub: tuple[str, int] | None = None, **others: Any) -> Context:
    return Context(agent="gw", host="gw-host", state=tmp_path, hub=hub, others=others)


def cameras(**ports: int) -> CamerasSettings:
    devices = [{"id": name, "host": HOST, "port": port} for name, port in ports.items()]
    return CamerasSettings.model_validate({"devices": devices})


def one_round(network: Network) -> tuple[Reading, dict[str, dict[str, float]], dict[str, Device]]:
    reading = network.collect()
    values = {one.device: dict(one.values) for one in reading.measurements}
    return reading, values, {one.device: one for one in reading.devices or ()}


def settings(**more: Any) -> NetworkSettings:
    return NetworkSettings.model_validate(QUICK | more)


# -- without pings -----------------------------------------------------------------------------------------------


def test_where_pings_are_not_allowed_one_connect_takes_their_place_and_the_agent_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_pings(monkeypatch)
    with Camera() as camera:
        port, gone = camera.port, free_port()
        network = Network(settings(gateway=False), context(cameras=cameras(gate=port, yard=gone)))
        _, values, devices = one_round(network)
        wait_until(lambda: camera.connections == 1, what="the camera has noticed the connect")
        network.collect()
        network.close()
    assert values["gate"]["ping_loss_ratio"] == 0.0
    assert 0.0 < values["gate"]["ping_seconds"] < 1.0
    assert values["yard"]["ping_loss_ratio"] == 0.0, "a host that refuses is there"
    assert str(devices["gw"].facts["ping"]).startswith("TCP connects instead: ")
    assert devices["gate"] == Device(device="gate", kind=DeviceKind.CAMERA)
    assert caplog.text.count("no pings") == 1
    assert MANNERS.of(Endpoint(HOST, port)).spent == 2


def test_no_connect_is_made_beside_another_question_of_ours_or_beyond_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_pings(monkeypatch)
    with Camera() as camera, Camera() as spent:
        both = cameras(gate=camera.port, yard=spent.port).model_copy(update={"max_requests_per_hour": 60})
        for _ in range(60):
            MANNERS.of(Endpoint(HOST, spent.port)).spend(60)
        network = Network(settings(gateway=False), context(cameras=both))
        with MANNERS.of(Endpoint(HOST, camera.port)).turn(1.0):
            assert one_round(network)[1] == {}
        assert (camera.connections, spent.connections) == (0, 0)
        assert set(one_round(network)[1]) == {"gate"}
        network.close()


# -- paths -------------------------------------------------------------------------------------------------------


def test_the_broker_that_takes_connections_and_the_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    no_pings(monkeypatch)
    names = Names(lambda host: HOST)
    with Camera() as broker:
        network = Network(settings(gateway=False), context(hub=("hub.lan", broker.port)), names=names)
        _, values, devices = one_round(network)
        assert values["gw-hub"]["path_up"] == 1.0
        assert devices["gw-hub"].kind is DeviceKind.NETWORK
        assert devices["gw-hub"].facts == {"role": "hub", "address": f"hub.lan:{broker.port}"}
        broker.off()
        reading, values, _ = one_round(network)
    assert values["gw-hub"]["path_up"] == 0.0
    assert values["gw-hub"]["path_seconds"] < 1.0, "refused, not silent"
    assert reading.devices is None
    network.close()


def test_a_broker_whose_name_nobody_knows_is_not_reached() -> None:
    def unknown(host: str) -> str:
        raise OSError("Name or service not known")

    network = Network(settings(gateway=False), context(hub=("hub.lan", 8883)), names=Names(unknown))
    assert one_round(network)[1] == {"gw-hub": {"path_up": 0.0}}
    network.close()


@pytest.mark.parametrize("hub", [None, ("localhost", 1883), ("127.0.0.1", 1883), ("::1", 1883)])
def test_without_a_broker_elsewhere_a_gateway_or_devices_there_is_nothing_to_tell(
    hub: tuple[str, int] | None, caplog: pytest.LogCaptureFixture
) -> None:
    network = Network(settings(), context(hub=hub), gateway=lambda: None)
    reading, values, devices = one_round(network)
    assert (values, list(devices), reading.problem) == ({}, ["gw"], "")
    network.close()
    assert "error" not in caplog.text.lower()


def test_another_gateway_is_the_same_device_and_one_that_is_gone_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_pings(monkeypatch)
    monkeypatch.setattr("agent.network.paths.GATEWAY_PORTS", (free_port(),))
    now: list[Gateway | None] = [Gateway("127.0.0.1", "eth0")]
    network = Network(settings(), context(tmp_path), gateway=lambda: now[0])
    _, values, devices = one_round(network)
    assert values["gw-gateway"]["path_up"] == 1.0, "it refuses, so it is there"
    assert devices["gw-gateway"].facts == {"role": "gateway", "address": "127.0.0.1", "interface": "eth0"}
    now[0] = Gateway("127.0.0.2", "wwan0")
    _, values, devices = one_round(network)
    assert devices["gw-gateway"].facts["address"] == "127.0.0.2"
    network.close()
    again = Network(settings(), context(tmp_path), gateway=lambda: None)
    _, values, devices = one_round(again)
    assert devices["gw-gateway"].facts["interface"] == "wwan0", "known from before the restart"
    again.close()
    unwatched = Network(settings(gateway=False), context(tmp_path))
    assert one_round(unwatched)[1] == {}
    unwatched.close()


def test_the_agents_name_leaves_room_for_the_role() -> None:
    assert own_id("gw-1", "hub") == "gw-1-hub"
    assert len(own_id("a" * 40, "gateway")) == 40


def test_this_machines_routes_are_read(tmp_path: Path) -> None:
    read_gateway()
    route = tmp_path / "route"
    route.write_bytes(b"\xff\n" + b"eth0 00000000 0101A8C0 0003 0 0 0 00000000 0 0 0\n")
    assert read_gateway((route, tmp_path / "none")) == Gateway("192.168.1.1", "eth0")


# -- settings ----------------------------------------------------------------------------------------------------


def test_a_round_that_cannot_end_in_time_is_refused() -> None:
    with pytest.raises(ValidationError, match="lower pings"):
        NetworkSettings(pings=20, apart_seconds=5.0)
    with pytest.raises(ValidationError, match="occurs twice"):
        NetworkSettings.model_validate({"references": [{"id": "a", "host": "1.1.1.1"}] * 2})
    (network,) = plugin.build(NetworkSettings(), context())
    network.close()


def test_a_round_ends_when_the_agent_does() -> None:
    network = Network(settings(references=[{"id": "far", "host": "192.0.2.200", "port": 9}]), context(), lambda: None)
    timer = threading.Timer(0.2, network.interrupt)
    timer.start()
    begun = time.monotonic()
    network.collect()
    assert time.monotonic() - begun < 3.0
    timer.join()
    network.close()


# -- in networks of their own --------------------------------------------------------------------------------------

CONFIG = """
site = "s"
agent = "gw"
broker = { host = "10.9.1.2", port = 8883, plaintext = true }
[collectors.network]
pings = 2
apart_seconds = 0.1
ping_timeout_seconds = 0.5
references = [{ id = "far", host = "10.9.1.9" }]
[collectors.cameras]
devices = [{ id = "gate", host = "10.9.0.2" }, { id = "yard", host = "10.9.0.77" }]
"""


def collected(where: Namespace, config: Path) -> dict[str, dict[str, float]]:
    done = where.python("-m", "agent", "collect", "network", "--config", str(config), "--json", check=False)
    document = json.loads(done.stdout)
    facts = {one["device"]: one["facts"] for one in document["devices"]}
    assert facts["gw"] == {"ping": "ICMP"}
    return {one["device"]: one["values"] for one in document["measurements"]}


def test_each_row_of_the_truth_table_in_a_real_network(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG)
    with namespace([("10.9.0.1/24", "10.9.0.2/24")]) as (here, there):
        # Who is gone is known to be so at once, and the router says what it can't reach: else this takes 15 s.
        here.run("sysctl", "net.ipv4.neigh.wk0.mcast_solicit=1", "net.ipv4.neigh.wk0.retrans_time_ms=100")
        there.run("sysctl", "net.ipv4.ip_forward=1")
        there.run("ip", "route", "add", "unreachable", "default")
        there.run("ip", "address", "add", "10.9.1.2/32", "dev", "lo")
        there.run("ip", "address", "add", "10.9.1.9/32", "dev", "lo")
        here.run("ip", "route", "add", "default", "via", "10.9.0.2")
        values = collected(here, config)
        assert values["gate"]["ping_loss_ratio"] == 0.0
        assert values["yard"] == {"ping_loss_ratio": 1.0}
        assert values["gw-gateway"]["path_up"] == values["far"]["path_up"] == 1.0
        assert values["gw-hub"]["path_up"] == 0.0
        assert "path_seconds" in values["gw-hub"], "the broker's machine refuses: only the broker is down"

        there.run("ip", "address", "delete", "10.9.1.2/32", "dev", "lo")
        there.run("ip", "address", "delete", "10.9.1.9/32", "dev", "lo")
        values = collected(here, config)
        assert values["gate"]["ping_loss_ratio"] == values["far"]["path_up"] == values["gw-hub"]["path_up"] == 0.0
        assert values["gw-gateway"]["path_up"] == 1.0, "the uplink beyond it is down"

        there.run("ip", "link", "set", "wk0", "down")
        here.run("ip", "neigh", "flush", "all")
        values = collected(here, config)
        assert values["gate"] == {"ping_loss_ratio": 1.0}
        assert values["gw-hub"] == {"path_up": 0.0}
        assert values["gw-gateway"] == {"path_up": 0.0}, "nobody has its address any more"


def test_a_camera_stays_its_own_collectors_whoever_claims_it_first() -> None:
    network, camera = plugin.name, Device(device="gate", kind=DeviceKind.CAMERA, facts={"model": "M"})
    book = InventoryBook(
        [],
        [network, "cameras"],
        lambda _: None,
        lambda *_: None,
        is_guest=lambda name: plugin.guest and name == network,
    )
    book.update(network, [camera.model_copy(update={"facts": {}})])
    book.update("cameras", [camera])
    whole = book.whole()
    assert whole is not None
    assert whole.devices == [camera]
    assert book.attributes("gate", "cameras")
    assert book.attributes("gate", network)
