"""What the demo reads of a hub, from a server that answers as told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from simulator.hub_view import HubAway, HubView
from simulator.outcome import Ticket

ROW = {"id": 3, "site": "s", "device": "d", "rule": "r", "state": "open", "opened": 5, "resolved": None, "title": "x"}


class Server(ThreadingHTTPServer):
    """Answers each path with a prepared JSON document."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        found = self.server.answers.get(self.path)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(found if isinstance(found, bytes) else json.dumps(found).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


def test_all_pages_of_tickets_are_read(server: Server) -> None:
    server.answers["/api/v1/tickets?limit=200"] = {"tickets": [ROW, {**ROW, "id": 2}], "next": 2}
    server.answers["/api/v1/tickets?limit=200&before=2"] = {"tickets": [{**ROW, "id": 1}], "next": None}
    view = HubView(server.url)
    assert [ticket.id for ticket in view.tickets()] == [3, 2, 1]
    assert view.tickets(pages=1)[0] == Ticket(3, "s", "d", "r", "open", 5)


def test_the_states_of_a_sites_devices_are_read(server: Server) -> None:
    server.answers["/api/v1/sites/s/devices"] = [{"device": "a", "state": "ok"}, {"device": "b", "state": "unknown"}]
    assert HubView(server.url).device_states("s") == {"a": "ok", "b": "unknown"}


@pytest.mark.parametrize(
    "answer", [None, b"<html>", {}, [], {"tickets": [{}], "next": None}, {"tickets": 1, "next": 1}]
)
def test_a_hub_that_does_not_answer_as_it_should_is_away(server: Server, answer: Any) -> None:
    server.answers["/api/v1/tickets?limit=200"] = answer
    with pytest.raises(HubAway):
        HubView(server.url).tickets()


def test_a_hub_that_is_not_there_is_away_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    url = server.url.replace(str(server.server_port), "9")
    with pytest.raises(HubAway, match="refused"):
        HubView(url).tickets()
