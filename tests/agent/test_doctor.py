"""The doctor against real brokers, simulated devices and folders as people leave them."""

import datetime
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent import __main__ as command_line
from agent import doctor as doctor_module
from agent.checks.finding import Finding, Mark, Topic
from agent.collector import Collector, Context, NotAvailable, Plugin, Reading, Settings, discover
from agent.connection import Connection
from agent.doctor import doctor
from agent.state import StateDir
from provisioning.acl import mosquitto_acl
from simulator.onvif import Camera
from tests.agent.test_uplink import Hub
from tests.servers.certificates import Authority, KeyPair, Life
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.server import free_port
from tests.waiting import wait_until
from wire.topics import Topics, Verb

NAME = "school/gate"
DAY = datetime.timedelta(days=1)
EXPIRED = Life(-10 * DAY, -DAY)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Box(NamedTuple):
    """A machine with an agent's configuration, and a throw-away authority of its own."""

    folder: Path
    authority: Authority

    def write(self, port: int, pair: KeyPair | None = None, **more: Any) -> Path:
        """The file; `more` are lines of it."""
        lines = ['site = "school"', f'agent = "{more.get("agent", "gate")}"', 'state_dir = "state"']
        lines += ["[broker]", f'host = "{more.get("host", "127.0.0.1")}"', f"port = {port}"]
        lines += [more.get("broker", "")]
        if pair:
            ca = more.get("ca", self.authority.ca)
            lines += ["[broker.tls]", f'ca = "{ca}"', f'certificate = "{pair.certificate}"', f'key = "{pair.key}"']
        lines += ["[collectors.clock]", "enabled = false", more.get("collectors", "")]
        path = self.folder / "agent.toml"
        path.write_text("\n".join(lines))
        return path


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "authority").mkdir()
    return Box(tmp_path, Authority(tmp_path / "authority"))


@pytest.fixture
def broker(box: Box, tmp_path: Path) -> Iterator[Mosquitto]:
    """With certificates and the rules of a real one."""
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", tls=MutualTls(box.authority, mosquitto_acl(Topics()))) as broker:
        yield broker


def examined(path: Path, capsys: pytest.CaptureFixture[str], *only: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the findings by their subject."""
    status = command_line.command(["doctor", "--json", "--config", str(path), "--only", ",".join(only)])
    body = json.loads(capsys.readouterr().out)
    return status, {finding["subject"]: finding for finding in body["findings"]}


def marks(findings: dict[str, dict[str, Any]], *subjects: str) -> list[str]:
    return [findings[subject]["mark"] for subject in subjects]


# The broker


def test_a_sound_way_to_the_broker_is_well_in_every_step(
    box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    path = box.write(broker.port, box.authority.client(NAME), host="localhost")
    status, found = examined(path, capsys, "broker")
    steps = ["name", "connection", "our certificate", "TLS", "broker's certificate", "MQTT", "subscriptions"]
    assert status == 0
    assert list(found) == ["file", *steps, "publishing"]
    assert marks(found, *steps, "publishing") == ["ok"] * 8
    assert found["MQTT"]["text"] == "accepted as school/gate, MQTT 5"


def test_a_running_agent_is_not_disturbed(box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    path = box.write(broker.port, box.authority.client(NAME))
    state = StateDir(box.folder / "state")
    state.open()
    with socket.create_connection(("127.0.0.1", broker.port)):
        status, found = examined(path, capsys, "broker")
        assert status == 0
        assert marks(found, "TLS", "MQTT") == ["ok", "ok"]
        text = f"the agent is running (process {os.getpid()}) and connected to 127.0.0.1 port {broker.port}; not probed"
        assert found["MQTT"]["text"] == text
    _, found = examined(path, capsys, "broker")
    assert marks(found, "MQTT") == ["warning"]
    assert "has no connection to the broker" in found["MQTT"]["text"]
    state.close()
    assert "New client connected" not in broker.log()


def test_a_hub_hears_nothing_of_the_probe_that_it_would_remember(
    box: Box, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    path = box.write(mosquitto.port)
    path.write_text(path.read_text().replace("school", "site").replace("gate", "agent"))
    hub = Hub(mosquitto.port)
    status, found = examined(path, capsys, "broker")
    assert status == 0, found
    assert found["MQTT"]["text"] == "accepted as anonymous, MQTT 5"
    wait_until(lambda: hub.statuses(), what="the probe's status")
    late = Hub(mosquitto.port)
    late.say(Verb.RESULT, b"last")
    wait_until(lambda: hub.of(Verb.RESULT) and late.heard, what="what is said last")
    assert [status.state for status in hub.statuses()] == ["offline"], "no will was published"
    assert late.heard == [(Verb.RESULT, b"last", False)], "nothing is retained"
    hub.close()
    late.close()


def test_a_broker_of_mqtt_3_1_1_is_asked_in_it(
    box: Box, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    _, found = examined(box.write(mosquitto.port, broker='protocol = "3.1.1"'), capsys, "broker")
    assert found["MQTT"]["text"] == "accepted as anonymous, MQTT 3.1.1"
    assert "need not tell a denial" in found["publishing"]["text"]


def test_another_authority_than_the_brokers(
    box: Box, broker: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    status, found = examined(box.write(broker.port, box.authority.client(NAME), ca=other.ca), capsys, "broker")
    assert status == 1
    assert "is not signed by the authority in" in found["TLS"]["text"]
    assert "MQTT" not in found
    status, found = examined(box.write(broker.port, other.client(NAME)), capsys, "broker")
    assert status == 1
    assert found["TLS"]["text"] == "the broker refuses our certificate: the broker does not know who signed it"


def test_an_expired_certificate_of_ours(box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(box.write(broker.port, box.authority.client(NAME, EXPIRED)), capsys, "broker")
    assert status == 1
    assert "expired on" in found["our certificate"]["text"]
    assert found["TLS"]["text"] == "the broker refuses our certificate: it has expired by the broker's clock"
    assert "MQTT" not in found


def test_a_certificate_that_soon_expires(box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    ending = box.authority.client(NAME, Life(-300 * DAY, 20 * DAY + DAY / 2))
    status, found = examined(box.write(broker.port, ending), capsys, "broker")
    assert status == 1
    assert found["our certificate"]["mark"] == "warning"
    assert found["our certificate"]["text"].endswith(": 20 days left")
    assert found["publishing"]["mark"] == "ok"
    young = box.authority.client(NAME, Life(-DAY, 20 * DAY))
    _, found = examined(box.write(broker.port, young), capsys, "broker")
    assert found["our certificate"]["mark"] == "ok", "one made for three weeks has most of its life before it"


@pytest.mark.parametrize(
    ("name", "life", "text"),
    [
        ("localhost", EXPIRED, "the broker's certificate, or its authority's, expired on"),
        ("localhost", Life(DAY, 2 * DAY), "the broker's certificate is not valid before"),
        ("mq.example.org", Life(), "the broker's certificate is for mq.example.org, not for 127.0.0.1"),
    ],
)
def test_a_brokers_certificate_that_is_no_good(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, life: Life, text: str
) -> None:
    box.authority.renew_server(name, life)
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", tls=MutualTls(box.authority)) as broker:
        status, found = examined(box.write(broker.port, box.authority.client(NAME)), capsys, "broker")
    assert status == 1
    assert found["TLS"]["text"].startswith(text)
    assert found["TLS"]["mend"]


def test_a_certificate_of_another_agent(box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(box.write(broker.port, box.authority.client(NAME), agent="yard"), capsys, "broker")
    assert status == 1
    assert found["our certificate"]["text"] == "is school/gate's by its common name, this agent is school/yard"


def test_a_key_of_another_certificate(box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = box.authority.client(NAME), box.authority.client("school/yard")
    _, found = examined(box.write(broker.port, KeyPair(one.certificate, other.key)), capsys, "broker")
    assert "is no key of" in found["our key"]["text"]
    assert "TLS" not in found


@pytest.mark.parametrize("missing", ["ca", "certificate", "key"])
def test_a_file_that_is_not_there(
    box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    pair, nowhere = box.authority.client(NAME), box.folder / "nowhere"
    if missing == "ca":
        path = box.write(broker.port, pair, ca=nowhere)
    else:
        path = box.write(broker.port, pair._replace(**{missing: nowhere}))
    status, found = examined(path, capsys, "broker")
    assert status == 1
    assert any(f"{nowhere}: No such file" in finding["text"] for finding in found.values())
    assert "MQTT" not in found


def test_a_broker_that_is_not_there_has_no_further_steps(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    status, found = examined(box.write(port), capsys, "broker")
    assert status == 1
    assert found["connection"]["text"] == f"127.0.0.1 port {port}: Connection refused"
    assert list(found) == ["file", "connection"]
    path = box.write(port, host="no-such-host.invalid", broker="plaintext = true")
    _, found = examined(path, capsys, "broker")
    assert list(found) == ["file", "name"]
    assert found["name"]["mark"] == "problem"


def test_a_broker_that_wants_certificates_and_gets_none(
    box: Box, broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = examined(box.write(broker.port), capsys, "broker")
    assert status == 1
    assert found["MQTT"]["mark"] == "problem"
    assert "with TLS or without as configured" in found["MQTT"]["mend"]


def test_tls_where_the_broker_speaks_none(box: Box, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(box.write(mosquitto.port, box.authority.client(NAME)), capsys, "broker")
    assert status == 1
    assert "does this port speak TLS?" in found["TLS"]["mend"]


def test_a_broker_that_denies_our_topics(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broker").mkdir()
    rules = "pattern write wk/v1/%u/report\npattern read wk/v1/%u/ack\n"
    with Mosquitto(tmp_path / "broker", tls=MutualTls(box.authority, rules)) as broker:
        status, found = examined(box.write(broker.port, box.authority.client(NAME)), capsys, "broker")
    assert status == 1
    assert marks(found, "MQTT", "publishing") == ["ok", "problem"]
    assert "let school/gate write its own topics" in found["publishing"]["mend"]


def test_a_broker_that_refuses_the_account(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "passwords").write_text("")
    (tmp_path / "password").write_text("guess")
    (tmp_path / "broker").mkdir()
    settings = [f"password_file {tmp_path / 'passwords'}", "per_listener_settings false"]
    account = f'username = "gate"\npassword_file = "{tmp_path / "password"}"'
    with Mosquitto(tmp_path / "broker", settings=settings) as broker:
        path = box.write(broker.port, broker=account)
        status, found = examined(path, capsys, "broker")
        assert status == 1
        assert found["MQTT"]["text"].startswith("refused: ")
        assert "let gate in at the broker" in found["MQTT"]["mend"]
        (tmp_path / "password").unlink()
        _, found = examined(path, capsys, "broker")
        assert found["MQTT"]["mend"] == "put the password into broker.password_file"


def test_a_silent_broker_costs_a_bounded_time(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        path = box.write(port, box.authority.client(NAME))
        arguments = ["doctor", "--json", "--seconds", "0.5", "--only", "broker", "--config", str(path)]
        assert command_line.command(arguments) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["findings"][-1]["text"] == "did not end within 0.5 s"
    assert body["seconds"] < 3


# Devices


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera(name="cam-1") as camera:
        yield camera


def with_cameras(box: Box, *ports: int, password: str = "secret") -> Path:  # noqa: S107 - of a device that is not there
    secret = box.folder / "camera-password"
    secret.write_text(password)
    secret.chmod(0o600)
    devices = ", ".join(f'{{ id = "cam-{n}", host = "127.0.0.1", port = {port} }}' for n, port in enumerate(ports, 1))
    table = f'[collectors.cameras]\nusername = "watchkeeper"\npassword_file = "{secret}"\ndevices = [{devices}]'
    return box.write(1883, collectors=table)


def test_each_device_is_told_of(box: Box, camera: Camera, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can
        nobody = taken.getsockname()[1]
        status, found = examined(with_cameras(box, camera.port, nobody), capsys, "devices")
    assert status == 1
    text = f"127.0.0.1:{camera.port} answers and takes the account 'watchkeeper'"
    assert found["cam-1"]["text"] == text
    assert found["cam-2"]["text"] == f"127.0.0.1:{nobody} does not answer"
    assert "Connection refused" in found["cam-2"]["details"][0]
    assert camera.requests["GetSystemDateAndTime"] == 1


def test_a_refused_account_is_tried_once_only(box: Box, camera: Camera, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(with_cameras(box, camera.port, password="guess"), capsys, "cameras")
    assert status == 1
    assert found["cam-1"]["text"].endswith("answers, and refuses the account 'watchkeeper'")
    assert "wait 30 minutes" in found["cam-1"]["mend"]
    assert camera.refused_logins == 1
    examined(with_cameras(box, camera.port, password="guess"), capsys, "cameras")
    assert camera.refused_logins == 1


def test_devices_are_left_to_an_agent_that_runs_unless_asked_for(
    box: Box, camera: Camera, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_cameras(box, camera.port)
    state = StateDir(box.folder / "state")
    state.open()
    status, found = examined(path, capsys, "devices")
    assert (status, found["cameras"]["mark"]) == (0, "not checked")
    assert not camera.requests
    _, found = examined(path, capsys, "cameras")
    assert found["cam-1"]["mark"] == "ok"
    state.close()


# Permissions


def test_a_new_machine_is_well(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examined(box.write(1883, box.authority.client(NAME)), capsys, "permissions")
    assert status == 0
    assert "is made at the first start" in found["state folder"]["text"]
    assert not (box.folder / "state").exists(), "the doctor leaves nothing behind"


def test_what_others_may_read_is_told(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    pair = box.authority.client(NAME)
    pair.key.chmod(0o644)
    state = box.folder / "state"
    state.mkdir(mode=0o755)
    status, found = examined(box.write(1883, pair), capsys, "permissions")
    assert status == 1
    assert found["state"]["mend"] == f"chmod o-rwx {state}"
    assert found[pair.key.name]["mend"] == f"chmod o-r {pair.key}"
    pair.key.unlink()
    _, found = examined(box.write(1883, pair), capsys, "permissions")
    assert found[pair.key.name]["text"] == f"{pair.key} is not there"


@pytest.mark.parametrize("password", ["", "\nsecond", "pass\0".encode("utf-16").decode("latin-1")])
def test_a_password_file_without_a_password_is_never_well(
    box: Box, camera: Camera, password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_cameras(box, camera.port)
    secret = box.folder / "camera-password"
    secret.write_bytes(password.encode("latin-1"))
    status, found = examined(path, capsys, "permissions", "devices")
    assert status == 1
    assert marks(found, secret.name, "cam-1") == ["problem", "warning"]
    assert found[secret.name]["text"].startswith(f"password file {secret} is ")
    assert "is not known" in found["cam-1"]["text"]
    assert camera.refused_logins == 0


def test_a_state_folder_that_is_a_file(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    (box.folder / "state").write_text("")
    status, found = examined(box.write(1883), capsys, "permissions")
    assert status == 1
    assert found["state folder"]["mend"] == "state_dir has to name a folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="files of several accounts are made by root only")
def test_what_an_account_of_its_own_may_not_use_is_told_to_root(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    pair, state = box.authority.client(NAME), box.folder / "state"
    state.mkdir(mode=0o700)
    os.chown(state, 65534, 65534)
    (state / "spool.db").write_text("")
    status, found = examined(box.write(1883, pair), capsys, "permissions")
    assert status == 1
    assert found["account"]["text"].startswith("the agent's is nobody, this is root")
    assert found["state folder"]["text"] == f"files in {state} are not nobody's: spool.db"
    assert found["state folder"]["mend"] == f"chown -R nobody {state}"
    assert found[pair.key.name]["text"] == f"{pair.key} can't be read by nobody"
    os.chown(state / "spool.db", 65534, 65534)
    _, found = examined(box.write(1883, pair), capsys, "permissions")
    assert found["state folder"]["mark"] == "ok"


def test_a_stranger_is_told_that_he_is_one(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (box.folder / "state").mkdir(mode=0o700)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    _, found = examined(box.write(1883), capsys, "permissions")
    assert found["account"]["mark"] == "not checked"
    assert "this is another" in found["account"]["text"]


def test_too_little_room_for_the_spool(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    path = box.write(1883, collectors=f"[spool]\nmax_bytes = {1 << 40}")
    status, found = examined(path, capsys, "permissions")
    assert status == 1
    assert found["space"]["mark"] == "warning"


# Configuration, tools, and the report


def test_a_broken_configuration_comes_first_and_the_machine_is_looked_at_all_the_same(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    path = box.write(1883)
    path.write_text(path.read_text() + "oops = 1\n")
    assert command_line.command(["doctor", "--config", str(path), "--only", "tools"]) == 2
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "configuration"
    assert f"{path}:10: collectors.clock.oops: unknown key" in out[1]
    assert any("host" in line and "values of" in line for line in out)


def test_no_configuration_is_said_first(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.checks.configuration.DEFAULT_PATH", Path("/nowhere/agent.toml"))
    assert command_line.command(["doctor", "--json", "--only", "tools"]) == 2
    body = json.loads(capsys.readouterr().out)
    assert body["config"] is None
    assert body["findings"][0]["topic"] == "configuration"
    assert {finding["subject"] for finding in body["findings"]} >= {"host", "volumes"}


def test_the_hubs_settings_count_as_they_do_for_the_agent(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    path, state = box.write(1883), box.folder / "state"
    state.mkdir(mode=0o700)

    def keep(settings: dict[str, object]) -> None:
        kept = {"address": NAME, "config": {"revision": "abc123", "settings": settings}}
        (state / "hub-config.json").write_text(json.dumps(kept))

    keep({"collectors": {"recorders": {}}})
    _, found = examined(path, capsys, "devices")
    assert found["hub's settings"]["text"] == "revision abc123 is laid under the file"
    assert found["recorders"]["text"] == "no device is configured"
    keep({"broker": {"host": "elsewhere"}})
    status, found = examined(path, capsys, "devices")
    assert status == 1
    assert "only name and collectors are set by the hub" in found["hub's settings"]["text"]


def test_only_names_what_there_is(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    path = box.write(1883)
    assert command_line.command(["doctor", "--config", str(path), "--only", "weather"]) == 2
    assert "--only weather: unknown; known: permissions, broker, " in capsys.readouterr().err
    assert command_line.command(["doctor", "--config", str(path), "--only", "clock,cameras"]) == 2
    assert "[collectors.cameras]" in capsys.readouterr().err


class Fixed:
    """A collector that does one thing."""

    def __init__(self, outcome: Reading | Exception | None) -> None:
        self.outcome = outcome

    def collect(self) -> Reading:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is None:
            threading.Event().wait(5)
        return self.outcome or Reading()

    def close(self) -> None:
        return


class Quick(Settings):
    timeout_seconds: float = 0.2


@pytest.mark.parametrize(
    ("outcome", "mark", "text", "mend"),
    [
        (
            NotAvailable("smartctl is not installed: apt-get install smartmontools"),
            Mark.MISSING,
            "smartctl is not installed",
            "apt-get install smartmontools, or switch it off: enabled = false in [collectors.host]",
        ),
        (
            NotAvailable("no right to open disks: give CAP_SYS_RAWIO"),
            Mark.MISSING,
            "no right to open disks: give CAP_SYS_RAWIO",
            "allow it, or switch it off: enabled = false in [collectors.host]",
        ),
        (Reading(problem="/mnt: gone"), Mark.PROBLEM, "/mnt: gone", ""),
        (ValueError("defect"), Mark.PROBLEM, "ValueError: defect", ""),
        (
            None,
            Mark.PROBLEM,
            "timed out after 0.2 s",
            "raise timeout_seconds in [collectors.host], or see what holds it up",
        ),
        (Reading(), Mark.OK, "runs, and had nothing to tell, 0.0 s", ""),
    ],
)
def test_a_tool_is_there_or_what_to_do_is_told(
    box: Box, capsys: pytest.CaptureFixture[str], outcome: Any, mark: Mark, text: str, mend: str
) -> None:
    def make(settings: Settings, context: Context) -> list[Collector]:
        assert context.state is None
        return [Fixed(outcome)]

    plugins = {**discover(), "host": Plugin("host", Quick, make)}
    doctor(box.write(1883), plugins, ["host"], as_json_document=True)
    finding = json.loads(capsys.readouterr().out)["findings"][-1]
    assert (finding["mark"], finding["text"], finding["mend"] or "") == (mark, text, mend)


def test_the_report_reads_well(box: Box, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    (box.folder / "state").mkdir(mode=0o755)
    path = box.write(mosquitto.port)
    status = command_line.command(["doctor", "--config", str(path), "--only", "permissions,broker"])
    told = capsys.readouterr()
    assert status == 1
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[1].startswith(f"  ✓ file  {path}: agent school/gate, collectors: ")
    assert [lines[0], *lines[2:4]] == ["configuration", "", "permissions"]
    assert f"      → chmod o-rwx {box.folder / 'state'}" in lines
    assert lines[-1].startswith("1 to mend: 6 well, 1 wrong (")


def test_a_defect_of_a_check_hides_none_of_the_others(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> list[Finding]:
        raise RuntimeError("defect")

    monkeypatch.setattr(doctor_module, "check_permissions", broken)
    status, found = examined(box.write(free_port()), capsys, "permissions", "broker")
    assert status == 1
    assert found["permissions"]["text"] == "RuntimeError: defect"
    assert found["connection"]["topic"] == Topic.BROKER


def test_the_log_is_as_it_was_after_a_visit(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("agent")
    before = (list(log.handlers), log.level)
    examined(box.write(free_port()), capsys, "broker")
    assert (log.handlers, log.level) == before


def test_the_probe_hears_what_the_agent_hears() -> None:
    """The probe replaces these of the agent's connection: renamed there, they would go on unseen here."""
    assert {"_on_subscribe", "_on_publish", "_until"} <= set(dir(Connection))
