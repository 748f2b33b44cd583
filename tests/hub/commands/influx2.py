"""A strict stand-in for InfluxDB 2.x's HTTP API, made from its public documentation: orgs, buckets, dbrps, /query.

Nobody of ours has run 2.x. What is not documented is refused: unknown paths, parameters and fields.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ORG = {"id": "0a0a0a0a0a0a0a0a", "name": "depots"}
ALL_RIGHTS = frozenset({"read:orgs", "read:buckets", "write:buckets", "read:dbrp", "write:dbrp"})


@dataclass
class State:
    """What the server holds, and what it was asked to change: (method, path, body)."""

    tokens: dict[str, frozenset[str]] = field(default_factory=lambda: {"operator": ALL_RIGHTS})
    version: str = "v2.7.1"
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    mappings: list[dict[str, Any]] = field(default_factory=list)
    maps_by_itself: bool = False
    changes: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, name: str, seconds: int) -> dict[str, Any]:
        number = f"{len(self.buckets) + 1:016x}"
        rules = [{"type": "expire", "everySeconds": seconds, "shardGroupDurationSeconds": 86400}] if seconds else []
        self.buckets[number] = {"id": number, "orgID": ORG["id"], "name": name, "retentionRules": rules}
        return self.buckets[number]

    def retention(self) -> dict[str, int]:
        return {
            bucket["name"]: bucket["retentionRules"][0]["everySeconds"] if bucket["retentionRules"] else 0
            for bucket in self.buckets.values()
        }

    def mapped(self) -> list[dict[str, Any]]:
        """Those made, and with `maps_by_itself` one for every bucket whose name no database has."""
        taken = {mapping["database"] for mapping in self.mappings}
        virtual = [
            {
                "id": bucket["id"],
                "database": bucket["name"],
                "retention_policy": "autogen",
                "default": True,
                "virtual": True,
                "orgID": ORG["id"],
                "bucketID": bucket["id"],
            }
            for bucket in self.buckets.values()
            if self.maps_by_itself and bucket["name"] not in taken
        ]
        return [*self.mappings, *virtual]


class Refused(Exception):  # noqa: N818 - an answer
    """Answered with a status and a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@contextmanager
def influx2(state: State) -> Iterator[str]:
    """Runs it; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        """Quiet."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def _answer(self, method: str) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, body = self._route(method, address.path, query, raw)
        except Refused as refused:
            status, body = refused.status, {"code": refused.code, "message": str(refused)}
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Influxdb-Build", "OSS")
        self.send_header("X-Influxdb-Version", self.state.version)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _route(self, method: str, path: str, query: dict[str, str], raw: bytes) -> tuple[int, dict[str, Any] | None]:
        if path == "/ping":
            return 204, None
        if (method, path) == ("POST", "/query"):
            return self._query(raw)
        if method == "GET":
            return self._read(path, query)
        if self.headers.get("Content-Type") != "application/json":
            raise Refused(400, "invalid", "unsupported content type")
        body = json.loads(raw)
        answer = self._write(method, path, body)
        self.state.changes.append((method, path, body))
        return answer

    def _may(self, right: str) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Token ")
        if token not in self.state.tokens:
            raise Refused(401, "unauthorized", "unauthorized access")
        return right in self.state.tokens[token]

    def _must(self, right: str) -> None:
        if not self._may(right):
            raise Refused(403, "forbidden", f"{right} is unauthorized")

    def _read(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/api/v2/orgs":
            _only(query, {"org"})
            if not self._may("read:orgs") or query["org"] != ORG["name"]:
                raise Refused(404, "not found", f'organization name "{query["org"]}" not found')
            return 200, {"orgs": [ORG]}
        if path == "/api/v2/buckets":
            _only(query, {"name", "orgID"})
            visible = self.state.buckets.values() if self._may("read:buckets") else ()
            return 200, {"buckets": [bucket for bucket in visible if bucket["name"] == query["name"]]}
        if path == "/api/v2/dbrps":
            _only(query, {"orgID", "db"})
            self._must("read:dbrp")
            return 200, {"content": [one for one in self.state.mapped() if one["database"] == query["db"]]}
        raise Refused(404, "not found", "path not found")

    def _write(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if (method, path) == ("POST", "/api/v2/buckets"):
            _only(body, {"orgID", "name", "retentionRules"})
            self._must("write:buckets")
            if body["orgID"] != ORG["id"]:
                raise Refused(404, "not found", "organization not found")
            if body["name"] in self.state.retention():
                raise Refused(422, "conflict", f"bucket with name {body['name']} already exists")
            return 201, self.state.add(body["name"], _seconds(body))
        if method == "PATCH" and path.startswith("/api/v2/buckets/"):
            _only(body, {"retentionRules"})
            self._must("write:buckets")
            bucket = self.state.buckets[path.rpartition("/")[2]]
            bucket["retentionRules"] = [{"type": "expire", "everySeconds": _seconds(body)}]
            return 200, bucket
        if (method, path) == ("POST", "/api/v2/dbrps"):
            _only(body, {"orgID", "bucketID", "database", "retention_policy", "default"})
            self._must("write:dbrp")
            if body["bucketID"] not in self.state.buckets:
                raise Refused(404, "not found", "bucket not found")
            made = {"id": f"{len(self.state.mappings) + 100:016x}", "virtual": False, **body}
            self.state.mappings.append(made)
            return 201, made
        raise Refused(404, "not found", "path not found")

    def _query(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        """InfluxQL finds what is mapped."""
        self._may("read:buckets")
        form = {name: values[-1] for name, values in parse_qs(raw.decode()).items()}
        if form["db"] not in {one["database"] for one in self.state.mapped()}:
            raise Refused(404, "not found", f"no dbrp mapping found: {form['db']}")
        return 200, {"results": [{"statement_id": 0}]}


def _seconds(body: dict[str, Any]) -> int:
    (rule,) = body["retentionRules"]
    _only(rule, {"type", "everySeconds", "shardGroupDurationSeconds"})
    seconds, shard = rule["everySeconds"], rule.get("shardGroupDurationSeconds", 3600)
    if rule["type"] != "expire" or not isinstance(seconds, int) or 0 < seconds < 3600 or shard > seconds:
        raise Refused(422, "unprocessable entity", "invalid retention rule")
    return int(seconds)


def _only(given: dict[str, Any], known: set[str]) -> None:
    if given.keys() - known:
        raise Refused(400, "invalid", f"unknown: {sorted(given.keys() - known)}")
