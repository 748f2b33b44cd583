"""Switches over real UDP: against the simulated one with its faults, and against net-snmp's agent."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.cameras.settings import CamerasSettings
from agent.collector import Context, Reading
from agent.collectors.switches import SILENT_ROUNDS, SwitchCollector, plugin, port_id
from agent.device.address import Endpoint
from agent.device.pause import PAUSES
from agent.network.wake import Wake
from agent.snmp.seats import Residents, Seats
from agent.snmp.settings import SwitchesSettings
from simulator.snmp import Fault, Port, State, Switch, access_switch
from tests.servers.server import HOST, free_port
from tests.servers.snmpd import COMMUNITY, PASSWORD, PRIVACY, USER, Snmpd
from wire.messages import Device, DeviceKind

MAC = "44:19:b6:00:00:01"
GATE = Device(device="gate", kind=DeviceKind.CAMERA, name="Gate", room="yard")
READER = ("reader", "auth-password", "priv-password")


class Host:
    """Whether the switch's machine answers pings or TCP, as a test says."""

    def __init__(self, there: bool = True) -> None:
        self.there = there
        self.asked = 0

    def alive(self, _: str, __: Wake) -> bool:
        self.asked += 1
        return self.there


class Clock:
    """Monotonic time that a test may hurry on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


def settings(folder: Path, port: int, community: str = "public", **more: Any) -> SwitchesSettings:
    file = folder / "community"
    file.write_text(community)
    device = {"id": "sw-1", "name": "Attic", "host": HOST, "port": port, "room": "attic", "parent": "core"}
    return SwitchesSettings.model_validate(
        {"community_file": file, "device_timeout_seconds": 3.0, "devices": [device], **more}
    )


def v3(folder: Path, password: str = READER[1], name: str = READER[0], privacy: str = READER[2]) -> dict[str, Any]:
    (folder / "auth").write_text(password)
    (folder / "priv").write_text(privacy)
    places = {"password_file": folder / "auth", "privacy_password_file": folder / "priv"}
    return {"version": "3", "username": name, **places}


@contextmanager
def watching(
    chosen: SwitchesSettings,
    state: Path | None = None,
    host: Host | None = None,
    clock: Clock | None = None,
    seats: Seats | None = None,
) -> Iterator[SwitchCollector]:
    residents = Residents({"gate": GATE}, {}, {"gate": MAC})
    collector = SwitchCollector(
        chosen.devices[0],
        chosen,
        Context(agent="a", host="h", state=state),
        seats or Seats(),
        residents,
        (host or Host()).alive,
        clock or Clock(),
    )
    try:
        yield collector
    finally:
        collector.close()
        PAUSES.start(chosen.devices[0].endpoint, "community", 0.0)


def values(reading: Reading, device: str = "sw-1") -> dict[str, float]:
    return next((dict(one.values) for one in reading.measurements if one.device == device), {})


def facts(reading: Reading, device: str = "sw-1") -> dict[str, Any]:
    assert reading.devices is not None
    return next(dict(one.facts) for one in reading.devices if one.device == device)


def a_camera_on_port_2() -> State:
    state = access_switch(4)
    state.ports[2] = Port("gi2", "gate camera", poe=Port.DELIVERING, watts=6.0, macs=[MAC])
    return state


# -- well --------------------------------------------------------------------------------------------------------


def test_a_switch_its_ports_and_the_camera_on_one_of_them(tmp_path: Path) -> None:
    clock = Clock()
    with Switch(a_camera_on_port_2()) as switch, watching(settings(tmp_path, switch.port), clock=clock) as collector:
        first = collector.collect()
        clock.ahead = 60.0
        switch.state.ports[2].receive_rate = 0.0
        second = collector.collect()
    own = values(first)
    assert own["reachable"] == own["authenticated"] == 1.0
    assert (own["switch_ports_up"], own["poe_power_watts"], own["poe_budget_watts"]) == (2.0, 6.0, 370.0)
    assert own["uptime_seconds"] == pytest.approx(86_400, abs=5)
    assert values(second)["requests_per_hour"] == switch.requests
    assert (own["account_paused"], own["requests_held_back"]) == (0.0, 0.0)
    port = values(first, "sw-1-p2")
    assert port == {"link_up": 1.0, "link_speed_bits_per_second": 1e9, "poe_delivering": 1.0, "poe_fault": 0.0}
    assert values(first, "sw-1-p1")["link_up"] == 0.0
    assert "poe_fault" not in values(first, "sw-1-p5")
    assert values(second, "sw-1-p5")["network_transmit_bytes_per_second"] > 0
    assert facts(first)["description"] == "Simulated switch, version 1.0"
    assert facts(first, "sw-1-p2") == {
        "port": "gi2",
        "alias": "gate camera",
        "enabled": True,
        "macs": 1,
        "connected": "gate",
    }
    assert facts(first, "sw-1-p5")["macs"] == "more than 4"
    assert facts(first, "gate") == {"switch": "sw-1", "switch_port": "gi2"}
    assert first.devices is not None
    assert [one.device for one in first.devices] == ["sw-1", *(f"sw-1-p{n}" for n in range(1, 6)), "gate"]
    assert all(one.parent == "sw-1" and one.kind is DeviceKind.NETWORK for one in first.devices[1:-1])
    assert first.devices[-1].room == "yard"
    assert second.devices is None
    assert switch.writes == 0


def test_a_port_that_goes_down_loses_power_or_gets_errors(tmp_path: Path) -> None:
    with Switch(a_camera_on_port_2()) as switch, watching(settings(tmp_path, switch.port)) as collector:
        collector.collect()
        port = switch.state.ports[2]
        port.error_rate = 1e6
        assert values(collector.collect(), "sw-1-p2")["network_errors_per_second"] > 0
        port.poe = Port.FAULT
        port.up = False
        down = collector.collect()
    assert values(down, "sw-1-p2")["poe_fault"] == 1.0
    assert values(down, "sw-1-p2")["poe_delivering"] == values(down, "sw-1-p2")["link_up"] == 0.0
    assert "link_speed_bits_per_second" not in values(down, "sw-1-p2")
    assert values(down)["poe_power_watts"] == 0.0


def test_after_a_restart_there_are_no_rates_and_ports_are_learned_anew(tmp_path: Path) -> None:
    with Switch(a_camera_on_port_2()) as switch, watching(settings(tmp_path, switch.port)) as collector:
        collector.collect()
        assert "network_receive_bytes_per_second" in values(collector.collect(), "sw-1-p2")
        switch.state.reboot()
        switch.state.ports[9] = Port("gi9")
        restarted = collector.collect()
        assert "network_receive_bytes_per_second" not in values(restarted, "sw-1-p2")
        assert values(restarted)["uptime_seconds"] < 60
        assert values(restarted, "sw-1-p9")["link_up"] == 1.0
        assert "network_receive_bytes_per_second" in values(collector.collect(), "sw-1-p2")


def test_an_old_switch_without_wide_counters_or_vlans(tmp_path: Path) -> None:
    state = a_camera_on_port_2()
    state.high_capacity, state.vlan = False, 0
    with Switch(state) as switch, watching(settings(tmp_path, switch.port)) as collector:
        assert facts(collector.collect(), "gate")["switch_port"] == "gi2"
        collector.collect()
        assert values(collector.collect(), "sw-1-p2")["network_receive_bytes_per_second"] > 0


def test_a_camera_that_is_dead_keeps_its_port_over_a_restart_of_ours(tmp_path: Path) -> None:
    with Switch(a_camera_on_port_2()) as switch:
        chosen = settings(tmp_path, switch.port)
        with watching(chosen, tmp_path) as collector:
            collector.collect()
        switch.state.ports[2].macs.clear()
        with watching(chosen, tmp_path) as collector:
            reading = collector.collect()
    assert facts(reading, "gate") == {"switch": "sw-1", "switch_port": "gi2"}
    assert facts(reading, "sw-1-p2")["connected"] == "gate"


def test_a_camera_moved_to_another_switch_is_that_ones(tmp_path: Path) -> None:
    seats, clock = Seats(), Clock()
    with Switch(a_camera_on_port_2()) as switch:
        chosen = settings(tmp_path, switch.port)
        with watching(chosen, seats=seats, clock=clock) as collector:
            collector.collect()
            switch.state.ports[2].macs.clear()
            clock.ahead = chosen.map_seconds
            assert collector.collect().devices is not None, "the port has no address behind it any more"
            seats.tell("sw-2", {"gate": next(iter(seats.of("sw-1").values())).__class__("sw-2", 7, "gi7")})
            reading = collector.collect()
    assert reading.devices is not None
    assert "gate" not in [one.device for one in reading.devices]
    assert "connected" not in facts(reading, "sw-1-p2")


def test_a_wide_switch_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.snmp.ports.MOST_PORTS", 8)  # 128 simulated ones take seconds
    state = State(ports={n: Port(f"gi{n}") for n in range(1, 12)})
    with Switch(state) as switch, watching(settings(tmp_path, switch.port)) as collector:
        reading = collector.collect()
    assert len([one for one in reading.measurements if one.device != "sw-1"]) == 8
    assert "3 ports beyond the 8 watched" in reading.problem


# -- refused, silent, gone -----------------------------------------------------------------------------------------


def test_a_wrong_password_of_version_3_is_told_and_rests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Switch(access_switch(2), user=READER) as switch:
        chosen = settings(tmp_path, switch.port, **v3(tmp_path, "wrong-password"))
        with watching(chosen) as collector:
            refused = values(collector.collect())
            asked = switch.requests
            rests = values(collector.collect())
        assert switch.requests == asked
        PAUSES.start(chosen.devices[0].endpoint, READER[0], 0.0)
        (tmp_path / "auth").write_text(READER[1])
        with watching(chosen) as collector:
            assert values(collector.collect())["authenticated"] == 1.0
    for told in (refused, rests):
        assert (told["reachable"], told["authenticated"], told["account_paused"]) == (1.0, 0.0, 1.0)
    assert "wrong-password" not in caplog.text


def test_a_wrong_community_is_suspected_after_three_silent_rounds_and_rests(tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch:
        with watching(settings(tmp_path, switch.port, "wrong", device_timeout_seconds=0.3)) as collector:
            for _ in range(SILENT_ROUNDS - 1):
                told = values(collector.collect())
                assert (told["reachable"], told.get("authenticated"), told["account_paused"]) == (1.0, None, 0.0)
            last = collector.collect()
            asked = switch.requests
            rests = values(collector.collect())
        assert switch.requests == asked == 2 * SILENT_ROUNDS
    for told in (values(last), rests):
        assert (told["reachable"], told["authenticated"], told["account_paused"]) == (1.0, 0.0, 1.0)
    assert "community is wrong, or SNMP is off" in facts(last)["snmp"]


def test_a_switch_that_falls_silent_after_answering_is_not_accused_of_a_wrong_community(tmp_path: Path) -> None:
    host = Host()
    with (
        Switch(access_switch(2)) as switch,
        watching(settings(tmp_path, switch.port, device_timeout_seconds=0.5), host=host) as collector,
    ):
        assert values(collector.collect())["authenticated"] == 1.0
        assert host.asked == 0
        switch.fault = Fault.SILENT
        for _ in range(SILENT_ROUNDS + 1):
            reading = collector.collect()
            assert values(reading)["reachable"] == 1.0
            assert "authenticated" not in values(reading)
            assert "gives no answer to SNMP" in reading.problem
        host.there = False
        gone = collector.collect()
        assert values(gone)["reachable"] == 0.0
        assert (gone.problem, values(gone).get("authenticated")) == ("", None)
        host.there, switch.fault = True, None
        assert values(collector.collect())["reachable"] == 1.0


def test_a_switch_that_is_not_there(tmp_path: Path) -> None:
    with watching(settings(tmp_path, free_port()), host=Host(there=False)) as collector:
        for _ in range(SILENT_ROUNDS + 1):
            told = values(collector.collect())
            assert (told["reachable"], told.get("authenticated"), told["account_paused"]) == (0.0, None, 0.0)


def test_a_secret_that_is_missing_is_said_and_nothing_is_sent(tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch:
        chosen = settings(tmp_path, switch.port)
        (tmp_path / "community").unlink()
        with watching(chosen) as collector:
            reading = collector.collect()
        assert switch.requests == 0
    assert "community" in reading.problem
    assert "authenticated" not in values(reading)


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.FLOOD, Fault.BACKWARDS, Fault.STUCK, Fault.ENDLESS])
def test_a_hostile_switch_is_a_state_and_not_a_crash(
    fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.snmp.watch._MOST_INTERFACES", 64)  # 512 simulated rows of eight tables take seconds
    with (
        Switch(a_camera_on_port_2()) as switch,
        watching(settings(tmp_path, switch.port, device_timeout_seconds=1.0, max_addresses=64)) as collector,
    ):
        switch.fault = fault
        reading = collector.collect()
        assert values(reading)["reachable"] == 1.0
        assert len(reading.devices or ()) <= 130
        switch.fault = None
        again = collector.collect()
        assert (values(again)["reachable"], again.problem) == (1.0, "")


def test_interfaces_without_counters_have_a_link_and_no_rates(tmp_path: Path) -> None:
    with Switch(a_camera_on_port_2()) as switch, watching(settings(tmp_path, switch.port)) as collector:
        switch.fault = Fault.MUTE_COUNTERS
        collector.collect()
        assert "network_receive_bytes_per_second" not in values(collector.collect(), "sw-1-p2")
        assert values(collector.collect(), "sw-1-p2")["link_up"] == 1.0


def test_a_round_ends_when_the_agent_does(tmp_path: Path) -> None:
    with Switch(access_switch(2)) as switch:
        switch.fault = Fault.SILENT
        with watching(settings(tmp_path, switch.port, device_timeout_seconds=30.0)) as collector:
            timer = threading.Timer(0.2, collector.interrupt)
            timer.start()
            begun = time.monotonic()
            assert collector.collect() == Reading()
            assert time.monotonic() - begun < 5.0
            timer.join()


# -- the plugin ----------------------------------------------------------------------------------------------------


def test_each_switch_is_asked_apart_and_none_where_there_is_none(tmp_path: Path) -> None:
    chosen = settings(tmp_path, 161)
    cameras = CamerasSettings.model_validate({"devices": [{"id": "gate", "host": "10.0.0.21"}]})
    context = Context(agent="a", host="h", others={"cameras": cameras})
    (collector,) = plugin.build(chosen, context)
    collector.close()
    assert plugin.build(SwitchesSettings(), context) == []
    assert port_id("s" * 40, 10_101) != port_id("s" * 40, 10_102)
    assert len(port_id("s" * 40, 10_101)) <= 40
    assert Endpoint(HOST, 161) == chosen.devices[0].endpoint


# -- net-snmp, written by others -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with Snmpd(tmp_path_factory.mktemp("snmpd")) as server:
        yield server


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"version": "3", "username": USER, "hash": "sha256"},
        {"version": "3", "username": f"{USER}-sha", "hash": "sha"},
    ],
)
def test_net_snmps_agent_tells_of_this_machines_interfaces(login: dict[str, str], snmpd: Snmpd, tmp_path: Path) -> None:
    secrets = v3(tmp_path, PASSWORD, privacy=PRIVACY) if login else {}
    chosen = settings(tmp_path, snmpd.port, COMMUNITY, **{**secrets, **login})
    with watching(chosen) as collector:
        first, second = collector.collect(), collector.collect()
    assert (first.problem, second.problem) == ("", "")
    assert values(second)["authenticated"] == 1.0
    assert facts(first)["system_name"] == "under-test"
    names = [str(one.facts["port"]) for one in first.devices or () if one.parent == "sw-1"]
    assert names == [name for name in names if not name.startswith("lo")]
    for port in (one for one in second.measurements if one.device != "sw-1" and one.values["link_up"]):
        assert port.values["network_receive_bytes_per_second"] >= 0


@pytest.mark.parametrize(
    "login",
    [
        {"username": USER, "hash": "sha256", "password": "wrong-password"},
        {"username": "stranger", "hash": "sha256"},
    ],
)
def test_net_snmps_agent_refuses_a_wrong_user(login: dict[str, str], snmpd: Snmpd, tmp_path: Path) -> None:
    secrets = v3(tmp_path, login.pop("password", PASSWORD), privacy=PRIVACY)
    chosen = settings(tmp_path, snmpd.port, COMMUNITY, **{**secrets, **login})
    with watching(chosen) as collector:
        told = values(collector.collect())
    PAUSES.start(chosen.devices[0].endpoint, login["username"], 0.0)
    assert (told["reachable"], told["authenticated"], told["account_paused"]) == (1.0, 0.0, 1.0)
