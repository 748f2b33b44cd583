"""Hub and agent over mutual TLS, under the access rules they are deployed with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.acl import HUB, mosquitto_acl
from tests.e2e.stack import HubProcess, Program, toml
from tests.servers.certificates import Authority
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.waiting import wait_until
from wire.topics import Topics


def tls(authority: Authority, name: str) -> dict[str, object]:
    pair = authority.client(name)
    return {"ca": str(authority.ca), "certificate": str(pair.certificate), "key": str(pair.key)}


def agent(folder: Path, broker: Mosquitto, authority: Authority, certificate: str) -> Program:
    """An agent of school/gateway, with whatever certificate."""
    config = folder / f"agent-{certificate.replace('/', '-')}.toml"
    tables: dict[str, dict[str, object]] = {
        "": {"site": "school", "agent": "gateway", "state_dir": str(folder / config.stem)},
        "broker": {"host": "127.0.0.1", "port": broker.port},
        "broker.tls": tls(authority, certificate),
        "collectors.host": {"interval_seconds": 0.5},
        "collectors.volumes": {"enabled": False},
        "collectors.clock": {"enabled": False},
    }
    config.write_text(toml(tables))
    return Program(folder, config.stem, ["agent", "run", "--config", str(config)])


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with Mosquitto(folder, tls=MutualTls(authority, mosquitto_acl(Topics()))) as broker:
        yield broker


@pytest.fixture
def hub(tmp_path: Path, broker: Mosquitto, authority: Authority) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path, broker.port, {"kind": "embedded"}, {}, tls(authority, HUB))
    with hub.serving():
        yield hub


def test_reports_are_committed_and_leave_the_spool(
    hub: HubProcess, broker: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    program = agent(tmp_path, broker, authority, "school/gateway")
    program.start()
    try:
        wait_until(
            lambda: hub.query("SELECT 1 FROM agent WHERE site = 'school' AND evaluated_until > 0"),
            timeout=30,
            what=lambda: f"a report to be committed\n{hub.log()}\n{program.log()}",
        )
        assert hub.query("SELECT site, agent, state FROM agent WHERE site <> 'hub'") == [
            ("school", "gateway", "online")
        ]
    finally:
        assert program.stop() == 0
    wait_until(lambda: hub.query("SELECT state FROM agent WHERE site = 'school'") == [("offline",)], what="the goodbye")


def test_an_agent_with_anothers_certificate_is_not_heard_and_says_so(
    hub: HubProcess, broker: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    impostor = agent(tmp_path, broker, authority, "school/impostor")
    impostor.start()
    rightful = agent(tmp_path, broker, authority, "school/gateway")
    try:
        wait_until(lambda: "publish denied (Not authorized)" in impostor.log(), timeout=30, what="the agent to say why")
        assert hub.query("SELECT count(*) FROM agent WHERE site <> 'hub'") == [(0,)]
        rightful.start()
        wait_until(
            lambda: hub.query("SELECT 1 FROM agent WHERE site = 'school'"),
            timeout=30,
            what=lambda: f"the rightful agent\n{rightful.log()}",
        )
    finally:
        impostor.stop()
        if rightful.running():
            rightful.stop()
