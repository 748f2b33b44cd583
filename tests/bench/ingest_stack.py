"""One machine with everything on it: broker, InfluxDB, hub and the fleet's generator, and what each process costs."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from hub.rule import discover
from tests.bench.fleet_load import CLIENTS, Order, Outcome
from tests.e2e.stack import HubProcess
from tests.servers.certificates import Authority
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto, MutualTls
from tests.servers.server import free_port

QUIET_SECONDS, QUIET_SHARE = 0.5, 0.1
"""A process that used less of a core for so long has done its work."""


@dataclass(frozen=True)
class Spent:
    """Of one run: processor seconds by process, wall seconds, and the part of the machine's time that was idle."""

    cpu: Mapping[str, float]
    seconds: float
    idle: float
    busiest_thread: float
    """The hub's busiest thread: part of a core."""

    def limit(self) -> str:
        """What kept it from being faster, as far as the processors tell."""
        shares = {name: spent / self.seconds for name, spent in self.cpu.items()}
        told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        hub = shares["hub"]
        if hub > 0.85:
            reason = "the hub's one core (Python runs one thread at a time)"
        elif self.idle < 0.1:
            reason = "both cores"
        else:
            reason = "waiting for one another"
        return f"{reason}; cores: {told}, idle {self.idle * (psutil.cpu_count() or 1):.2f}"


@dataclass
class Stack:
    """Servers that live through all runs; each run's hub is a new one on a database of its own."""

    folder: Path
    broker: Mosquitto
    plain_port: int
    influx: InfluxDB
    authority: Authority
    hubs: int = field(default=0)

    def tls(self) -> tuple[str, str]:
        """The authority and the folder of certificates for the fleet's generator."""
        for name in CLIENTS:
            self.authority.client(name)
        return str(self.authority.ca), str(self.authority.folder)

    @contextmanager
    def hub(self, rules: bool = True, tls: bool = False, module: str = "hub") -> Iterator[HubProcess]:
        """A hub with all rules at their defaults, or none."""
        self.hubs += 1
        folder, database = self.folder / f"hub-{self.hubs}", f"hub{self.hubs}"
        folder.mkdir()
        self.influx.query(f'CREATE DATABASE "{database}"')
        off = {} if rules else {name: {"enabled": False} for name in discover()}
        series = {"kind": "influx", "url": self.influx.url, "api": "v1", "database": database}
        pair = self.authority.client("hub")
        secure = {"ca": str(self.authority.ca), "certificate": str(pair.certificate), "key": str(pair.key)}
        port = self.broker.port if tls else self.plain_port
        process = HubProcess(folder, port, series, off, secure if tls else None, module)
        process.start()
        try:
            process.await_up()
            yield process
        finally:
            process.stop()
            self.influx.query(f'DROP DATABASE "{database}"')

    def run(self, order: Order, hub: HubProcess) -> tuple[Outcome, Spent]:
        """Let the fleet send, and see what it cost whom."""
        if not order.port:
            order = replace(order, port=self.plain_port)
        told = self.folder / "order.json"
        told.write_text(json.dumps(asdict(order)))
        with _process("tests.bench.fleet_load", str(told)) as generator:
            if not order.answers:
                _settle(hub.pid)  # it still makes the fleet known to itself, and nobody is told when it has
            before, began = self._usage(hub), time.perf_counter()
            thread = _threads(hub.pid)
            psutil.cpu_times_percent()
            outcome = Outcome(**generator.ask())
            if not order.answers:
                _settle(hub.pid)
            seconds = time.perf_counter() - began
            idle = psutil.cpu_times_percent().idle / 100
            after = self._usage(hub)
            busiest = max(spent - thread.get(id_, 0.0) for id_, spent in _threads(hub.pid).items()) / seconds
        cpu = {name: after[name] - before[name] for name in after}
        return outcome, Spent({"generator": outcome.cpu_seconds, **cpu}, seconds, idle, busiest)

    def bare_consumer(self, order: Order, count: int) -> tuple[dict[str, float], Outcome]:
        """A paho consumer that decodes nothing, fed as fast as the broker takes it."""
        told = self.folder / "order.json"
        told.write_text(json.dumps(asdict(replace(order, port=self.plain_port, count=count))))
        with (
            _process("tests.bench.bare", "consumer", str(self.plain_port), str(count)) as consumer,
            _process("tests.bench.fleet_load", str(told)) as generator,
        ):
            outcome = Outcome(**generator.ask())
            return consumer.ask(), outcome

    def bare_writer(self, seconds: float) -> dict[str, float]:
        """A writer of lines that are there already, into the same InfluxDB."""
        self.influx.query('CREATE DATABASE "bare"')
        with _process("tests.bench.bare", "writer", self.influx.url, "bare", str(seconds), ready=False) as writer:
            found = writer.ask()
        self.influx.query('DROP DATABASE "bare"')
        return found

    def _usage(self, hub: HubProcess) -> dict[str, float]:
        pids = {"mosquitto": self.broker.pid, "influxd": self.influx.pid, "hub": hub.pid}
        return {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items()}


@contextmanager
def stack() -> Iterator[Stack]:
    """Mosquitto with a plain and a TLS listener, and InfluxDB, both new."""
    with tempfile.TemporaryDirectory(prefix="ingest-") as name:
        folder = Path(name)
        for part in ("broker", "influx", "authority"):
            (folder / part).mkdir()
        authority, plain = Authority(folder / "authority"), free_port()
        more = ["allow_anonymous true", f"listener {plain} 127.0.0.1"]
        broker = Mosquitto(folder / "broker", tls=MutualTls(authority), settings=more)
        with broker, InfluxDB(folder / "influx") as influx:
            yield Stack(folder, broker, plain, influx, authority)


class _Asked:
    """A process that says `ready`, waits for a line, and answers with one line of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ready(self) -> None:
        self._line("ready")

    def ask(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._line("{"))
        return found

    def _line(self, beginning: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith(beginning):
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return line


@contextmanager
def _process(module: str, *arguments: str, ready: bool = True) -> Iterator[_Asked]:
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        asked = _Asked(process)
        try:
            if ready:
                asked.ready()
            yield asked
        finally:
            process.kill()


def _threads(pid: int) -> dict[int, float]:
    return {one.id: one.user_time + one.system_time for one in psutil.Process(pid).threads()}


def _settle(pid: int) -> None:
    """Until the process has nothing to do, or a minute is over."""
    process, deadline = psutil.Process(pid), time.monotonic() + 60
    while time.monotonic() < deadline:
        before = sum(process.cpu_times()[:2])
        time.sleep(QUIET_SECONDS)
        if sum(process.cpu_times()[:2]) - before < QUIET_SHARE * QUIET_SECONDS:
            return
