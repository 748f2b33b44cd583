"""A server process of a test: started, stopped, killed and paused at will, always on the same port and folder."""

import os
import pwd
import random
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import psutil

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOG_CHARACTERS = 4000
_PORTS = range(15_000, 32_000)
"""Below Linux' ephemeral ports: a client that retries one of those can connect to itself while the server is down."""

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`, which trusts nobody: reading the machine's authorities costs 30 ms of processor per request."""

running: "list[Server]" = []
"""Those started and not yet stopped: their logs are shown beside a failed test."""


class ServerMissing(Exception):  # noqa: N818 - a state of the machine
    """A server the tests need is not installed."""


class ServerFailed(Exception):  # noqa: N818 - a verdict
    """A server did not come up, or did not go down; the message ends with its log."""


def find_program(*names: str) -> str:
    """The path of the first of these programs that is installed. Raises ServerMissing, saying what to do."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise ServerMissing(f"{names[0]} is not installed: run `make servers`")


def free_port() -> int:
    """A loopback port nobody listens on now. Test processes side by side draw from ports of their own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for port in random.sample(_PORTS[worker::workers], 200):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServerFailed("no free port")


def accepts(port: int) -> bool:
    """Something accepts TCP connections on this loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


class Server:
    """One server process. A subclass says its command line and when it is ready.

    `start` after `stop` or `kill` brings it back on the same port with the same data.
    """

    name: ClassVar[str]
    user: str | None = None
    """The system user to run as, where the server refuses root."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.log_path = folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The command line that runs the server in the foreground."""
        raise NotImplementedError

    def ready(self) -> bool:
        """The server does its work now."""
        return accepts(self.port)

    def start(self) -> None:
        """Run it and wait until it is ready. Raises ServerFailed with its log."""
        if self._process is not None:
            raise ServerFailed(f"{self.name} runs already")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, **self._identity()
            )
        running.append(self)
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_tail = self.log()
                self.kill()
                raise ServerFailed(f"{self.name} did not come up on port {self.port}\n{log_tail}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; harmless when it does not run."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"{self.name} did not stop within {STOP_SECONDS:g} s\n{self.log()}") from None
        self._gone()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL), its children too; harmless when it does not run."""
        if self._process is None:
            return
        family = self._family()
        for member in family:
            _signal(member, "kill")
        self._process.wait()
        psutil.wait_procs(family, timeout=STOP_SECONDS)
        self._gone()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nothing answers, as with a host that hangs."""
        for member in self._family():
            _signal(member, "suspend")

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        for member in self._family():
            _signal(member, "resume")

    @property
    def pid(self) -> int:
        """Of the running process. Raises ServerFailed when it does not run."""
        if self._process is None:
            raise ServerFailed(f"{self.name} does not run")
        return self._process.pid

    def log(self) -> str:
        """The end of what it printed."""
        return self.log_path.read_text(errors="replace")[-LOG_CHARACTERS:] if self.log_path.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _family(self) -> list[psutil.Process]:
        """The process and its children (PostgreSQL's backends leave the process group)."""
        if self._process is None or self._process.poll() is not None:
            return []
        main = psutil.Process(self._process.pid)
        return [main, *main.children(recursive=True)]

    def _gone(self) -> None:
        self._process = None
        running.remove(self)

    def _identity(self) -> Mapping[str, Any]:
        if self.user is None or os.getuid() != 0:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _signal(process: psutil.Process, verb: str) -> None:
    try:
        getattr(process, verb)()
    except psutil.NoSuchProcess:
        return
