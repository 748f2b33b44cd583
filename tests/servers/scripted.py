"""An HTTP server that answers as a script says, byte by byte: what no real InfluxDB can be made to send.

Strict with requests: one that is not as InfluxDB would want it is remembered in `faults`. Real sockets on loopback.
"""

import contextlib
import gzip
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from tests.servers.certificates import KeyPair
from tests.servers.server import HOST

_LINE = re.compile(r"[a-z_]+,site=[a-z0-9-]+,agent=[a-z0-9-]+,device=[a-z0-9-]+ [a-z0-9_]+=[^ ,]+(,[^ ]+)? -?\d+")
_PATHS = ("/write", "/api/v2/write", "/query", "/ping", "/api/v2/delete")


class Request(NamedTuple):
    """One that came; the body as it was before it was packed, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def lines(self) -> list[str]:
        """A write's."""
        return self.body.decode().split("\n")


Script = Callable[[Request], Iterable[bytes]]
"""The pieces of an answer, each sent when it is made; the connection ends after one that does not say where it ends."""


def said(status: int, body: bytes = b"", reason: str = "Because", **headers: str) -> bytes:
    """A proper answer; header names with _ for -."""
    lines = [f"HTTP/1.1 {status} {reason}"]
    if status != 204:
        headers = {"Content_Length": str(len(body)), **headers}
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class ScriptedServer:
    """Listens while its context lasts. `script` may be another for every request; `taken` counts the lines it took.

    With a key pair it speaks TLS.
    """

    def __init__(self, script: Script | None = None, tls: KeyPair | None = None) -> None:
        self.script: Script = script or self.take
        self.requests: list[Request] = []
        self.faults: list[str] = []
        self.taken: Counter[str] = Counter()
        self.sent = 0
        """Bytes of answers that left."""
        self._listening = socket.create_server((HOST, 0))
        self._tls = None if tls is None else ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        if self._tls is not None and tls is not None:
            self._tls.load_cert_chain(tls.certificate, tls.key)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http{'' if self._tls is None else 's'}://{HOST}:{self._listening.getsockname()[1]}"

    def take(self, request: Request) -> Iterable[bytes]:
        """Answer as an InfluxDB that is well: writes are kept, queries find nothing."""
        if request.path.endswith("write"):
            self.taken.update(request.lines)
            return [said(204)]
        if request.path == "/query":
            return [said(200, b'{"results":[{"statement_id":0}]}\n', Content_Type="application/json")]
        return [said(204, X_Influxdb_Version="1.6.7")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listening.close()
        assert not self.faults, self.faults

    def _accept(self) -> None:
        while not self._ended:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
        with self._lock:
            self._open.add(connection)
        with connection, connection.makefile("rb") as incoming:
            try:
                while (request := self._read(incoming)) is not None:
                    self.requests.append(request)
                    if not self._answer(connection, request):
                        break
            except OSError:  # the hub had enough of it
                pass
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        """Whether the connection may go on: the answer says itself where it ends."""
        answer = b""  # its beginning
        for piece in self.script(request):
            connection.sendall(piece)
            self.sent += len(piece)
            answer = (answer + piece)[:2000]
        head, ended, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)(?:\r|$)", head)
        if head.startswith(b"HTTP/1.1 204"):
            return bool(ended) and not body
        return bool(ended) and length is not None and int(length[1]) == len(body)

    def _read(self, incoming: IO[bytes]) -> Request | None:
        first = incoming.readline().decode()
        if not first:
            return None
        method, target, _ = first.split(" ")
        headers = dict(self._headers(incoming))
        body = incoming.read(int(headers.get("content-length", "0")))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        request = Request(method, parts.path, query, headers, body)
        self.faults += _faults(request)
        return request

    def _headers(self, incoming: IO[bytes]) -> Iterator[tuple[str, str]]:
        while line := incoming.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()


def _faults(request: Request) -> Iterator[str]:
    """What InfluxDB would not want."""
    if request.path not in _PATHS:
        yield f"no such path: {request.path}"
    if request.method == "POST" and "content-length" not in request.headers:
        yield f"a body of unknown length to {request.path}"
    if request.path.endswith("write"):
        if request.query.get("precision") != "ms" or not {"db", "bucket"} & request.query.keys():
            yield f"a write with {request.query}"
        yield from (f"no line: {line[:100]!r}" for line in request.lines if not _LINE.fullmatch(line))
