"""The files of the containers, used without any: no container is started here, nor was one by hand."""

import os
import re
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.stack import Program
from tests.servers.influxdb import InfluxDB
from tests.servers.nginx import Nginx
from tests.servers.server import Server, find_program, free_port
from tests.waiting import wait_until

COMPOSE = Path(__file__).parents[3] / "provisioning" / "compose"
FILES = ("mosquitto.conf", "hub.toml", "customers.toml", "compose.yaml", "Dockerfile", "setup.sh")

DOCKER = r"""[ "$*" != "compose version" ] || exit 0
echo "$*" >>docker.log
case "$*" in
*--write-buckets*) printf '[\n\t{\n\t\t"id": "1",\n\t\t"token": "hub-token==",\n\t\t"status": "active"\n\t}\n]\n' ;;
*"auth create"*) echo '{"id":"2","token":"grafana-token==","userName":"admin"}' ;;
esac
"""


def set_up(folder: Path, *arguments: str, docker_says: str = DOCKER) -> subprocess.CompletedProcess[str]:
    """`setup.sh` as its user runs it."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    fleet = bin_folder / "watchkeeper-fleet"
    fleet.write_text(f'#!/bin/sh\nPYTHONPATH="{Path.cwd()}" exec "{sys.executable}" -m provisioning "$@"\n')
    fleet.chmod(0o755)
    docker = bin_folder / "docker"  # answers as `influx auth create --json` does, and notes what it was asked
    docker.write_text(f"#!/bin/sh\n{docker_says}")
    docker.chmod(0o755)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "setup.sh", *arguments], cwd=folder, env={**os.environ, "PATH": path}, text=True, capture_output=True
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder after its set-up."""
    folder = tmp_path_factory.mktemp("compose")
    for name in FILES:
        (folder / name).write_bytes((COMPOSE / name).read_bytes())
    done = set_up(folder, "broker.example", "192.0.2.7", "2001:db8::7")
    assert done.returncode == 0, done.stderr
    assert "next: sh setup.sh --tokens" in done.stdout
    missing = set_up(folder, "--check")
    assert missing.returncode == 1
    assert "missing: secrets/grafana/influx-grafana.token" in missing.stderr
    done = set_up(folder, "--tokens")
    assert done.returncode == 0, done.stderr
    return folder


def secrets(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for part in ("ca", "secrets") for path in (folder / part).rglob("*.*")}


def test_set_up_makes_certificates_and_secrets_for_their_owners_alone_and_keeps_them(ready: Path) -> None:
    before = secrets(ready)
    assert len({text for path, text in before.items() if path.endswith(("admin.token", "admin.password"))}) == 3
    open_to_others = [
        path for path in ready.glob("secrets/*/*") if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.is_file()
    ]
    assert open_to_others == []
    assert set_up(ready, "broker.example").returncode == 0
    assert secrets(ready) == before
    assert set_up(ready, "--check").returncode == 0


def test_hub_and_grafana_have_tokens_of_their_own_and_grafanas_only_reads(ready: Path) -> None:
    """Who may use a data source may send anything through it, with whatever rights its token has."""
    administrator = (ready / "secrets/influx/influx-admin.token").read_text()
    assert (ready / "secrets/hub/influx-hub.token").read_text() == "hub-token==\n"
    assert (ready / "secrets/grafana/influx-grafana.token").read_text() == "grafana-token==\n"
    asked = (ready / "docker.log").read_text().splitlines()
    assert asked[0] == "compose up --detach --wait influxdb"
    assert [("--read-buckets" in line, "--write-buckets" in line) for line in asked[1:]] == [
        (True, True),
        (True, False),
    ]
    holders = [str(path.relative_to(ready)) for path in ready.rglob("*") if holds(path, administrator.strip())]
    assert sorted(holders) == ["secrets/buckets/influx-admin.token", "secrets/influx/influx-admin.token"]
    assert set_up(ready, "--tokens").returncode == 0
    assert len((ready / "docker.log").read_text().splitlines()) == 4, "tokens are made once"


def test_without_dockers_compose_plugin_that_is_what_is_said(ready: Path) -> None:
    done = set_up(ready, "--tokens", docker_says="echo 'unknown flag: --detach' >&2; exit 125\n")
    assert (done.returncode, done.stderr) == (
        1,
        "setup.sh: docker and its compose plugin are needed: docker compose version fails\n",
    )


def test_an_agents_certificate_is_made_once_and_its_owners_alone(ready: Path) -> None:
    done = set_up(ready, "--agent", "mill/gateway-1", "mill/gateway-2")
    assert done.returncode == 0, done.stderr
    made = sorted((ready / "agents").rglob("*.*"))
    assert [path.name for path in made] == ["agent.crt", "agent.key", "ca.crt"] * 2
    assert [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    again = set_up(ready, "--agent", "mill/gateway-1")
    assert (again.returncode, "agents/mill/gateway-1 is there already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    "name", ["mill", "mill/", "/gate", "mill/gate/1", "Mill/gate", "mill/-x", "mill/" + "x" * 41, ""]
)
def test_what_is_no_agent_gets_no_certificate(ready: Path, name: str) -> None:
    done = set_up(ready, "--agent", name)
    assert (done.returncode, "setup.sh: '" in done.stderr) == (1, True), done.stderr
    assert not (ready / "agents" / name / "agent.key").exists()


def test_without_the_authoritys_key_no_agent_gets_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_bytes((COMPOSE / "setup.sh").read_bytes())
    done = set_up(tmp_path, "--agent", "mill/gateway-1")
    assert (done.returncode, "ca/ca.key are needed" in done.stderr) == (1, True)


def holds(path: Path, secret: str) -> bool:
    return path.is_file() and secret in path.read_text(errors="replace")


@pytest.mark.parametrize("name", ["a,DNS:b", "a b", "a\nb", "-x", "a/b"])
def test_what_is_no_name_of_a_broker_is_refused(ready: Path, name: str) -> None:
    done = set_up(ready, name)
    assert done.returncode == 1
    assert "setup.sh: " in done.stderr


def test_a_name_that_came_too_late_for_the_certificate_is_told(ready: Path) -> None:
    done = set_up(ready, "broker.example", "later.example")
    assert done.returncode == 1
    assert "is not for later.example: remove secrets/broker/broker.crt" in done.stderr


def test_the_image_is_built_of_what_it_needs_and_of_no_secret() -> None:
    root = COMPOSE.parents[1]
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (.+) \S+$", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
    assert allowed == {name for line in copied for name in line.split()}


def test_the_brokers_certificate_has_the_names_that_agents_use(ready: Path) -> None:
    command = ["openssl", "x509", "-in", str(ready / "secrets/broker/broker.crt"), "-noout", "-ext", "subjectAltName"]
    names = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    assert "DNS:broker.example" in names
    assert "IP Address:192.0.2.7" in names
    assert "IP Address:2001:DB8:0:0:0:0:0:7" in names
    assert "IP Address:127.0.0.1" in names


def test_check_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_bytes((COMPOSE / "setup.sh").read_bytes())
    done = set_up(tmp_path, "--check")
    assert done.returncode == 1
    assert "missing: secrets/hub/hub.crt" in done.stderr


def test_compose_accepts_the_file_and_every_file_it_names_is_there(ready: Path) -> None:
    command = [find_program("docker-compose"), "-f", "compose.yaml", "config"]
    read = subprocess.run(command, cwd=ready, text=True, capture_output=True)
    assert read.returncode == 0, read.stderr
    services = yaml.safe_load(read.stdout)["services"]
    assert set(services) == {"mosquitto", "influxdb", "buckets", "hub", "grafana"}
    for name, service in services.items():
        assert re.fullmatch(r"watchkeeper-hub|[\w/-]+:\d+\.\d+\.\d+", service["image"]), name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ("healthcheck" in service) is (name != "buckets"), name
        assert service["read_only"] is (name != "influxdb"), name
        for volume in service["volumes"]:
            source = volume.split(":")[0] if isinstance(volume, str) else volume["source"]
            if source.startswith("/"):
                assert Path(source).exists(), f"{name}: {source}"
        published = [str(port) for port in service.get("ports", [])]
        assert name == "mosquitto" or all("127.0.0.1" in port for port in published), published


def test_what_the_containers_read_is_where_they_look(ready: Path) -> None:
    """Every path of a secret in a configuration file is in the folder that its container gets."""
    hub = (ready / "hub.toml").read_text()
    for name in re.findall(r"/run/watchkeeper/([\w.-]+)", hub):
        assert (ready / "secrets/hub" / name).is_file(), name
    buckets = yaml.safe_load((ready / "compose.yaml").read_text())["services"]["buckets"]
    for name in re.findall(r"/run/buckets/([\w.-]+)", " ".join(buckets["command"])):
        assert (ready / "secrets/buckets" / name).is_file(), name
    for name in re.findall(r"/mosquitto/secrets/([\w.-]+)", (ready / "mosquitto.conf").read_text()):
        assert (ready / "secrets/broker" / name).is_file(), name
    grafana = (ready / "grafana/datasources/watchkeeper.yaml").read_text()
    for name in re.findall(r"/run/watchkeeper/([\w.-]+)", grafana):
        assert (ready / "secrets/grafana" / name).is_file(), name
    dockerfile = (ready / "Dockerfile").read_text()
    for name in re.findall(r"^COPY (\S+)", dockerfile, re.MULTILINE):
        assert (COMPOSE.parents[1] / name).exists(), name


class Broker(Server):
    """Mosquitto with the very file of the container, its paths and port put where a test may have them."""

    name = "mosquitto"

    def __init__(self, folder: Path, ready: Path) -> None:
        super().__init__(folder)
        self._ready = ready
        self._program = find_program("mosquitto")

    def command(self) -> Sequence[str]:
        text = (self._ready / "mosquitto.conf").read_text()
        text = text.replace("/mosquitto/secrets", str(self._ready / "secrets/broker"))
        text = text.replace("/mosquitto/data/", f"{self.folder}/").replace(
            "listener 8883", f"listener {self.port} 127.0.0.1"
        )
        (self.folder / "mosquitto.conf").write_text(f"user root\n{text}")
        return [self._program, "-c", str(self.folder / "mosquitto.conf")]


@pytest.fixture
def broker(ready: Path, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, ready) as broker:
        yield broker


def test_the_hub_works_with_the_very_files_of_its_container(
    ready: Path, broker: Broker, influxdb: InfluxDB, influx_v2: Nginx, tmp_path: Path
) -> None:
    for ending in ("hourly", "daily"):
        influxdb.query(f'CREATE DATABASE "watchkeeper_{ending}"')
    port = free_port()
    text = (ready / "hub.toml").read_text()
    for inside, here in (
        ("/run/watchkeeper", str(ready / "secrets/hub")),
        ("/var/lib/watchkeeper-hub", str(tmp_path / "state")),
        ("port = 8883", f"port = {broker.port}"),
        ("port = 8080", f"port = {port}"),
        ("http://127.0.0.1:8086", influx_v2.url),
    ):
        assert inside in text
        text = text.replace(inside, here)
    (tmp_path / "hub.toml").write_text(text)
    hub = Program(tmp_path, "hub", ["hub", "run", "--config", str(tmp_path / "hub.toml")])
    hub.start()

    def is_ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_until(is_ready, timeout=240, what="the hub to hear itself through the broker and to write its series")
    finally:
        assert hub.stop() == 0, hub.log()


def test_an_agent_with_the_certificate_made_for_it_passes_its_doctor(
    ready: Path, broker: Broker, tmp_path: Path
) -> None:
    """TLS both ways, connected under its own name, subscribed and published with the access rules of the set-up."""
    assert set_up(ready, "--agent", "north-gate/gateway-1").returncode == 0
    (tmp_path / "agent.toml").write_text(
        f"""
site = "north-gate"
agent = "gateway-1"
state_dir = "{tmp_path}/state"
[broker]
host = "127.0.0.1"
port = {broker.port}
[broker.tls]
ca = "{ready}/agents/north-gate/gateway-1/ca.crt"
certificate = "{ready}/agents/north-gate/gateway-1/agent.crt"
key = "{ready}/agents/north-gate/gateway-1/agent.key"
"""
    )
    command = [sys.executable, "-m", "agent", "doctor", "--config", str(tmp_path / "agent.toml"), "--only", "broker"]
    done = subprocess.run([*command, "--json"], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "north-gate/gateway-1, valid until" in done.stdout
    assert "publish" in done.stdout


@pytest.mark.parametrize("certificate", [False, True])
def test_the_broker_hears_nobody_without_a_certificate_of_the_authority(
    ready: Path, broker: Broker, tmp_path: Path, certificate: bool
) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    context = ssl.create_default_context(cafile=str(ready / "ca/ca.crt"))
    if certificate:  # of somebody else's authority
        pair = [str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")]
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subprocess.run(
            [*made, "-keyout", pair[0], "-out", pair[1], "-subj", "/CN=hub"], check=True, capture_output=True
        )
        context.load_cert_chain(pair[1], pair[0])
    client.tls_set_context(context)
    connected: list[object] = []
    client.on_connect = lambda *told: connected.append(told)
    with pytest.raises((ssl.SSLError, OSError)):
        _try(client, broker.port)
    assert connected == []


def _try(client: mqtt.Client, port: int) -> None:
    client.connect("127.0.0.1", port)
    for _ in range(50):  # TLS 1.3: the refusal comes after the handshake
        if client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionResetError
