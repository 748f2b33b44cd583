"""A real agent with simulated cameras, a real Mosquitto and a hub that acknowledges: what the process costs.

Time is not faked: the cameras' intervals are divided by `SPEED`, and what a round costs is multiplied out again.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import encode
from wire.messages import Ack
from wire.topics import Address, Topics, Verb

CAMERA_PASSWORD = "WATCHKEEPER_BENCH"
"""The environment variable that holds the simulated cameras' password."""
UNIT = Path("provisioning/systemd/watchkeeper-agent.service")
SITE = Address("bench", "gateway")


@dataclass(frozen=True)
class Usage:
    """Of one process. Seconds of processor time, its ended children included; bytes of memory now and at the peak."""

    cpu_seconds: float
    rss: int
    peak: int


def usage(pid: int) -> Usage:
    """As /proc tells it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ticks = sum(map(int, fields[11:15]))
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), _kib(status["VmRSS"]), _kib(status["VmHWM"]))


def _kib(text: str) -> int:
    return int(text.split()[0]) * 1024


class AckingHub:
    """Commits everything at once, and counts what came: bytes and runs by collector."""

    def __init__(self, port: int) -> None:
        self.bytes = 0
        self.runs: Counter[str] = Counter()
        self.seen: set[str] = set()
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(Topics().topic(SITE, Verb.REPORT), qos=0)
        self._client.loop_start()

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        report = json.loads(message.payload)
        with self._lock:
            self.bytes += len(message.payload) + len(message.topic)
            if report["id"] not in self.seen:
                self.seen.add(report["id"])
                names = {name for sample in report["samples"] for name in sample["values"]}
                self.runs.update(n.removeprefix("collector_").removesuffix("_ok") for n in names if n.endswith("_ok"))
        client.publish(Topics().topic(SITE, Verb.ACK), encode(Ack(committed=[report["id"]])))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Running:
    """The agent at work."""

    pid: int
    hub: AckingHub

    def usage(self) -> Usage:
        return usage(self.pid)

    def wait_for(self, collector: str, runs: int, timeout: float) -> None:
        """Until that collector has reported so many runs."""
        wait_until(lambda: self.hub.runs[collector] >= runs, timeout, f"{runs} runs of {collector}")


@contextmanager
def camera_ports(count: int) -> Iterator[list[tuple[int, int]]]:
    """So many simulated cameras, in another process: the ports of their ONVIF and their RTSP."""
    command = [sys.executable, "-m", "tests.bench.camera_site", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    """What the service unit sets for the interpreter and its allocator."""
    lines = [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith("Environment=")]
    pairs = [pair.partition("=") for line in lines for pair in line.split()]
    return {name: value for name, _, value in pairs if name.startswith(("PYTHON", "MALLOC_"))}


@contextmanager
def running(collectors: str, python: Path) -> Iterator[Running]:
    """An agent with these tables of configuration, run by that interpreter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "broker").mkdir()
        broker = Mosquitto(folder / "broker")
        broker.start()
        hub = AckingHub(broker.port)
        config = folder / "agent.toml"
        head = f'site = "{SITE.site}"\nagent = "{SITE.agent}"\nstate_dir = "state"\n[broker]\nport = {broker.port}\n'
        config.write_text(head + collectors)
        command = [str(python), "-m", "agent", "--log-level", "warning", "run", "--config", str(config)]
        with subprocess.Popen(command, env={**os.environ, **_environment(), CAMERA_PASSWORD: "secret"}) as process:
            try:
                yield Running(process.pid, hub)
            finally:
                process.terminate()
                process.wait()
                hub.close()
                broker.stop()
