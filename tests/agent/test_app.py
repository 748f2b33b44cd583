"""The whole agent: from a configuration to committed reports, and its command line."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import __main__ as command_line
from agent.app import App, build
from agent.collector import Collector, Context, Measurement, Plugin, Reading, Settings, discover
from agent.config import load, parse
from agent.privacy import complaints
from agent.spool import Spool
from agent.state import StateError
from tests.agent.test_uplink import ADDRESS, Hub
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import decode
from wire.messages import Inventory, Report
from wire.topics import Verb

ROOT = Path(__file__).parents[2]


class Numbers:
    """Yields a number one higher every time."""

    def __init__(self) -> None:
        self.number = 0

    def collect(self) -> Reading:
        self.number += 1
        return Reading([Measurement("gate-host", {"load1_ratio": float(self.number)})])

    def close(self) -> None:
        return


class Stuck:
    def __init__(self) -> None:
        self.release = threading.Event()

    def collect(self) -> Reading:
        self.release.wait(60)
        return Reading()

    def close(self) -> None:
        return


def table(folder: Path, port: int) -> dict[str, object]:
    return {
        "site": ADDRESS.site,
        "agent": ADDRESS.agent,
        "host": "gate-host",
        "state_dir": str(folder / "state"),
        "broker": {"host": "127.0.0.1", "port": port, "protocol": "5"},
        "collectors": {"host": {"interval_seconds": 0.1}},
    }


def made(folder: Path, port: int, *collectors: Collector) -> App:
    def make(settings: Settings, context: Context) -> list[Collector]:
        return list(collectors)

    plugins = {"host": Plugin("host", Settings, make)}
    return build(parse(table(folder, port), plugins), plugins)


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()


def numbers(hub: Hub) -> list[float]:
    reports = [decode(Report, body) for body in hub.of(Verb.REPORT)]
    return [s.values["load1_ratio"] for r in reports for s in r.samples if s.device == "gate-host"]


def test_readings_reach_the_hub_in_reports_that_name_the_inventory(
    mosquitto: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    app = made(tmp_path, mosquitto.port, Numbers())
    app.start()
    wait_until(lambda: len(numbers(hub)) >= 5, what="five readings")
    app.stop()
    assert numbers(hub)[:5] == [1, 2, 3, 4, 5]
    inventory = decode(Inventory, hub.of(Verb.INVENTORY)[0])
    assert [device.device for device in inventory.devices] == ["agent", "gate-host"]
    assert decode(Report, hub.of(Verb.REPORT)[-1]).inventory_hash == inventory.hash
    wait_until(lambda: hub.statuses()[-1].state == "offline", what="the goodbye")


def test_stopping_takes_less_than_five_seconds_though_a_collector_hangs_and_the_hub_is_silent(
    mosquitto: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    hub.answering = False
    stuck = Stuck()
    app = made(tmp_path, mosquitto.port, Numbers(), stuck)
    app.start()
    wait_until(lambda: len(numbers(hub)) >= 3 or app.spool.stats().reports >= 3, what="some readings")
    begun = time.monotonic()
    app.stop()
    assert time.monotonic() - begun < 5
    wait_until(lambda: hub.statuses()[-1].state == "offline", what="the goodbye")
    spool = Spool(tmp_path / "state" / "spool.db", 1 << 26)
    assert spool.stats().reports >= 3
    spool.close()
    stuck.release.set()


def test_what_was_unsaid_at_the_end_is_said_after_the_next_start(
    mosquitto: Mosquitto, hub: Hub, tmp_path: Path
) -> None:
    mosquitto.pause()
    first = made(tmp_path, mosquitto.port, Numbers())
    first.start()
    wait_until(lambda: first.spool.stats().reports >= 4, what="four reports are kept")
    first.stop()
    kept = first.spool.stats().reports
    mosquitto.resume()
    second = made(tmp_path, mosquitto.port)
    second.start()
    wait_until(lambda: len(numbers(hub)) >= kept - 1, timeout=20, what="the old readings arrive")
    second.stop()
    assert numbers(hub)[:3] == [1, 2, 3]


def test_two_agents_do_not_share_a_folder(mosquitto: Mosquitto, tmp_path: Path) -> None:
    first = made(tmp_path, mosquitto.port)
    with pytest.raises(StateError, match="in use"):
        made(tmp_path, mosquitto.port)
    first.spool.close()
    first._state.close()


# The command line


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """The command line sets up logging for a process of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text('site = "site"\nagent = "agent"\nstate_dir = "state"\n[collectors.clock]\nenabled = false\n')
    return path


def test_check_config_says_fine_or_names_the_mistake(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.command(["check-config", "--config", str(config)]) == 0
    assert "Agent site/agent" in capsys.readouterr().out
    assert command_line.command(["check-config", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["collectors"]["host"]["interval_seconds"] == 60.0
    config.write_text(config.read_text() + "oops = 1\n")
    assert command_line.command(["check-config", "--config", str(config)]) == 2
    assert f"{config}:6: collectors.clock.oops: unknown key" in capsys.readouterr().err


def test_collect_prints_a_table_or_json(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.command(["collect", "host"]) == 0
    assert "memory_used_ratio" in capsys.readouterr().out
    assert command_line.command(["collect", "volumes", "--json", "--config", str(config)]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["devices"][0]["parent"] == "agent-host"


def test_collect_refuses_what_is_unknown_or_not_enabled(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.command(["collect", "weather"]) == 2
    assert "known: backup, cameras, clock, " in capsys.readouterr().err
    assert command_line.command(["collect", "clock", "--config", str(config)]) == 2
    assert "[collectors.clock]" in capsys.readouterr().err


def test_collect_tells_failed_and_not_available_by_its_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('site = "s"\nagent = "a"\n[[collectors.volumes.volume]]\npath = "/no/such/path"\n')
    assert command_line.command(["collect", "volumes", "--config", str(config)]) == 1
    assert "/no/such/path: No such file" in capsys.readouterr().err


def test_collect_without_a_device_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.command(["collect", "cameras"]) == 3
    assert "no device is configured for cameras: see docs/agent.md" in capsys.readouterr().err


_HANGING = """
import sys, threading
from agent import __main__ as command_line, collector

class Hanging:
    def collect(self):
        thread = threading.Thread(target=threading.Event().wait)  # as a pool's worker: the interpreter waits for it
        thread.start()
        thread.join()

    def close(self):
        pass

settings = type("Quick", (collector.Settings,), {"timeout_seconds": 0.2, "__annotations__": {"timeout_seconds": float}})
plugin = collector.Plugin("host", settings, lambda settings, context: [Hanging()])
command_line.discover = lambda: {"host": plugin}
sys.argv = ["watchkeeper-agent", "collect", "host"]
command_line.main()
"""


def test_collect_ends_though_a_worker_hangs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HANGING], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (1, "nothing was read\n")
    assert "timed out after 0.2 s" in done.stderr


def test_what_others_can_read_is_complained_of_can_read(config: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state").chmod(0o755)
    secrets = {name: tmp_path / name for name in ("open", "grouped", "camera")}
    for name, path in secrets.items():
        path.write_text("secret")
        path.chmod(0o640 if name == "grouped" else 0o644)
    config.write_text(
        config.read_text()
        + f'[broker]\nusername = "u"\npassword_file = "open"\n[broker.tls]\nca = "open"\ncertificate = "open"\n'
        f'key = "grouped"\n[collectors.cameras]\nusername = "u"\npassword_file = "{secrets["camera"]}"\n'
        'devices = [{id = "c", host = "127.0.0.1"}]\n'
    )
    found = list(complaints(load(config, discover())))
    assert len(found) == 3
    assert all(any(str(tmp_path / name) in line for line in found) for name in ("state", "open", "camera"))


def test_a_signal_ends_the_agent_cleanly_with_its_reports_on_disk(config: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "run", "--config", str(config)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: (tmp_path / "state" / "spool.db-wal").exists(), what="the spool")

    def reports() -> int:
        reader = Spool(tmp_path / "state" / "spool.db", 1 << 26)
        count = reader.stats().reports
        reader.close()
        return count

    wait_until(lambda: reports() >= 3, what="reports of host, volumes and the agent")
    os.kill(process.pid, signal.SIGTERM)
    assert process.stderr is not None
    with process.stderr as stream:
        log = stream.read()
    assert process.wait(30) == 0
    assert "info agent.app agent starts" in log
    assert "agent stopped" in log
    assert reports() >= 3


def test_starting_the_agent_imports_no_onvif_library() -> None:
    code = (
        "import sys, agent.__main__; from agent.collector import discover; discover();"
        "print([m for m in ('zeep', 'onvif', 'lxml', 'requests', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_discovery_finds_every_collector() -> None:
    files = {path.stem for path in (ROOT / "agent" / "collectors").glob("*.py")} - {"__init__"}
    assert set(discover()) == files >= {"cameras", "clock", "doors", "host", "recorders", "volumes"}
