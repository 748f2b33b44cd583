"""Real processes for end-to-end tests: a hub and an agent, started, killed and started again on the same state."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.server import free_port
from tests.waiting import wait_until


class Program:
    """One Python program of ours, its output in a file."""

    def __init__(self, folder: Path, name: str, arguments: list[str]) -> None:
        self.log_path = folder / f"{name}.log"
        self._name = name
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._signal(signal.SIGCONT)
            self._process.terminate()
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"{self._name} did not stop\n{self.log()}") from None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")[-6000:]

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class HubProcess(Program):
    """`watchkeeper-hub run` with a configuration made of these tables."""

    def __init__(
        self,
        folder: Path,
        broker: int,
        series: Mapping[str, object],
        rules: Mapping[str, Mapping[str, object]],
        tls: Mapping[str, object] | None = None,
        module: str = "hub",
        tables: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        """`module` is what runs in the place of the hub, with the hub's arguments; `tables` are more of its file."""
        self.folder = folder
        self.port = free_port()
        config = folder / "hub.toml"
        config.write_text(
            toml(
                {
                    "": {"state_dir": "hub"},
                    "broker": {"host": "127.0.0.1", "port": broker},
                    **({"broker.tls": tls} if tls else {}),
                    "console": {"port": self.port},
                    "series": series,
                    **{f"rules.{name}": table for name, table in rules.items()},
                    **(tables or {}),
                }
            )
        )
        super().__init__(folder, folder.name if tables else "hub", [module, "run", "--config", str(config)])

    def get(self, path: str) -> Any:
        """A JSON answer of the API, None while the hub is not there."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return None

    def tickets(self) -> list[dict[str, Any]]:
        answer = self.get("/api/v1/tickets")
        return list(answer["tickets"]) if answer else []

    def await_up(self) -> None:
        wait_until(lambda: self.get("/healthz"), timeout=120, what=lambda: f"the hub to answer\n{self.log()}")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """It runs and answers, and in the end goes as it should. What goes wrong leaves no process behind, which would
        starve the tests after it."""
        self.start()
        try:
            self.await_up()
            yield
        except BaseException:
            self.kill()
            raise
        assert self.stop() == 0, self.log()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows straight from the hub's SQLite file."""
        database = sqlite3.connect(f"file:{self.folder / 'hub' / 'hub.db'}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()


def toml(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Tables of plain values as TOML (JSON's strings, numbers and booleans are TOML's)."""
    lines: list[str] = []
    for name, table in tables.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
