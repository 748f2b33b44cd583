"""PostgreSQL."""

import os
import pwd
import signal
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.server import HOST, Server, ServerFailed, ServerMissing, find_program

ROLE = "watchkeeper"


def _program(name: str) -> str:
    """Debian keeps the server's programs off the PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return str(found[-1])
    try:
        return find_program(name)
    except ServerMissing:
        raise ServerMissing("postgresql is not installed: run `make servers`") from None


class Postgresql(Server):
    """A cluster of its own, made at first start. Refusing root, it runs as `postgres` when we are root."""

    name = "postgresql"
    user = "postgres"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self.data = folder / "data"
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    def command(self) -> Sequence[str]:
        # A killed process loses nothing of what the kernel has, so fsync would only cost time here.
        options = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "50",
            "shared_buffers": "32MB",
        }
        flags = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        return [_program("postgres"), "-D", str(self.data), "-p", str(self.port), *flags]

    def start(self) -> None:
        if not self.data.exists():
            self._initialise()
        super().start()

    def stop(self) -> None:
        """Fast shutdown: SIGTERM would wait for clients to leave."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(signal.SIGINT)
        super().stop()

    def ready(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, like: str = "template1") -> str:
        """The name of a new database: a copy of one nobody is connected to, or empty."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._administer("CREATE DATABASE {} TEMPLATE {}", name, like)
        return name

    def drop_database(self, name: str) -> None:
        """Remove it, whoever is still connected."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def url(self, database: str) -> str:
        """A SQLAlchemy URL."""
        return f"postgresql+psycopg://{ROLE}@{HOST}:{self.port}/{database}"

    def _dsn(self, database: str) -> str:
        return f"host={HOST} port={self.port} user={ROLE} dbname={database}"

    def _administer(self, statement: str, *databases: str) -> None:
        connection = psycopg.connect(self._dsn("postgres"), autocommit=True)
        try:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, databases)))
        finally:
            connection.close()

    def _initialise(self) -> None:
        command = [_program("initdb"), "-D", str(self.data), "-U", ROLE, "--auth=trust", "--encoding=UTF8"]
        command += ["--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60, **self._identity()
        )
        if done.returncode:
            raise ServerFailed(f"initdb failed\n{done.stdout}\n{done.stderr}")
