"""InfluxDB 1.x (Debian's 1.6.7)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.servers.server import HOST, NO_TLS, Server, find_program, free_port

_CONFIG = """\
reporting-disabled = true
bind-address = "{host}:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
max-series-per-database = {max_series}
max-values-per-tag = {max_values}
[http]
bind-address = "{host}:{port}"
auth-enabled = {auth}
max-body-size = {max_body}
max-row-limit = {max_rows}
log-enabled = false
[monitor]
store-enabled = false
"""


class InfluxDB(Server):
    """A server with a database, `database`, made at its first start.

    `authentication` makes it want `user_name` and `password` (an administrator). `max_rows` cuts answers short,
    `max_series` and `max_values` (of a tag) bound what it takes; 0 is no bound.
    """

    name = "influxdb"
    user_name = "hub"
    password = "correct-horse"
    max_body = 25_000_000
    max_rows = 0
    max_series = 0
    max_values = 0

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        database: str = "watchkeeper",
        authentication: bool = False,
    ) -> None:
        super().__init__(folder, port)
        self.database = database
        self.authentication = authentication
        self._rpc = free_port()
        self._program = find_program("influxd")

    @property
    def url(self) -> str:
        """Where its HTTP API is."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> Sequence[str]:
        config = self.folder / "influxdb.conf"
        config.write_text(
            _CONFIG.format(
                host=HOST,
                rpc=self._rpc,
                port=self.port,
                folder=self.folder,
                auth=str(self.authentication).lower(),
                max_body=self.max_body,
                max_rows=self.max_rows,
                max_series=self.max_series,
                max_values=self.max_values,
            )
        )
        return [self._program, "-config", str(config)]

    def ready(self) -> bool:
        try:
            httpx.get(f"{self.url}/ping", timeout=2, verify=NO_TLS, trust_env=False)
        except httpx.HTTPError:
            return False
        return True

    def start(self) -> None:
        fresh = not (self.folder / "meta").exists()
        super().start()
        if fresh and self.authentication:
            self.query(f"CREATE USER {self.user_name} WITH PASSWORD '{self.password}' WITH ALL PRIVILEGES")
        if fresh:
            self.query(f'CREATE DATABASE "{self.database}"')

    def query(self, statement: str) -> list[dict[str, Any]]:
        """The series of an InfluxQL statement's one result. Raises AssertionError with the server's error."""
        form = {"q": statement, "db": self.database, "epoch": "ms"}
        answer = httpx.post(
            f"{self.url}/query", data=form, auth=self._account, timeout=30, verify=NO_TLS, trust_env=False
        )
        (result,) = answer.raise_for_status().json()["results"]
        assert "error" not in result, result["error"]
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def write_lines(self, lines: str) -> None:
        """Line protocol with times in ms, as another program would write it."""
        to = {"db": self.database, "precision": "ms"}
        answer = httpx.post(
            f"{self.url}/write",
            params=to,
            content=lines,
            auth=self._account,
            timeout=30,
            verify=NO_TLS,
            trust_env=False,
        )
        answer.raise_for_status()

    @property
    def _account(self) -> tuple[str, str]:
        return (self.user_name, self.password)
