"""The web application over a filled database, served by a real server on a free port of loopback."""

import threading
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from hub.api.app import create_app
from hub.health import Health
from hub.measures import Measures
from hub.rule import discover
from hub.series.embedded import EmbeddedSeries
from hub.store.database import connect
from hub.store.schema import metadata
from tests.hub.api import filled
from tests.servers.server import NO_TLS
from tests.waiting import wait_until


class Served:
    """An application, what it reads, and a server in a thread."""

    def __init__(self, folder: Path, full: bool = True) -> None:
        self.engine = connect(f"sqlite:///{folder}/hub.db")
        metadata.create_all(self.engine)
        self.series = EmbeddedSeries(folder / "series.db")
        if full:
            filled.fill(self.engine, self.series)
        rules = discover()
        self.health = Health()
        self.measures = Measures()
        self.app: FastAPI = create_app(
            self.engine,
            self.series,
            rules,
            clock=lambda: filled.NOW,
            time_zone="Asia/Shanghai",
            own_site="hub",
            health=self.health,
            measures=self.measures,
        )
        self._clients: list[httpx.Client] = []
        config = uvicorn.Config(self.app, "127.0.0.1", 0, log_level="critical", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, what="the console listens")
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def client(self, language: str = "en") -> httpx.Client:
        """A browser on this machine."""
        headers = {"accept-language": language}
        made = httpx.Client(base_url=self.url, headers=headers, verify=NO_TLS, trust_env=False, timeout=30)
        self._clients.append(made)
        return made

    def stop(self) -> None:
        """End the server; its files stay open."""
        self._server.should_exit = True
        self._thread.join(10)

    def close(self) -> None:
        """End the server and let go of the files."""
        for client in self._clients:
            client.close()
        self.stop()
        self.engine.dispose()
        self.series.close()
