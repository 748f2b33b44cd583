"""The HTTP side of a simulated device: a port that can go away and come back, and answers no device should give."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, cast

MAX_REQUEST = 256 * 1024

_IDLE_SECONDS = 30.0
_HUGE_CHUNKS = 800
_HUGE_CHUNK = b"<a>" + b"x" * 65529 + b"</a>"

_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE s:Envelope [<!ENTITY a0 "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b']><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&a9;</s:Body></s:Envelope>'
)


class Misbehaviour(StrEnum):
    """What a device does instead of answering."""

    HANG = "hang"
    """Takes the request and never answers."""
    DRIP = "drip"
    """Answers a byte at a time, for ever."""
    HEADER_DRIP = "header_drip"
    """Does so within one line of the header."""
    CONTINUE = "continue"
    """Says `100 Continue`, for ever."""
    CHUNK_DRIP = "chunk_drip"
    """Tells the size of a chunk, for ever."""
    TRAILERS = "trailers"
    """Ends its answer and adds further header lines, for ever."""
    GARBAGE = "garbage"
    """A web page under status 200."""
    NOISE = "noise"
    """Bytes that are no HTTP."""
    HUGE = "huge"
    """50 MB of XML."""
    ENTITY_BOMB = "entity_bomb"
    """A gigabyte of text in ten entities."""
    REDIRECT = "redirect"
    """Points elsewhere (`redirect_to`)."""


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

_DRIPS = {
    Misbehaviour.HEADER_DRIP: (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"a"),
    Misbehaviour.CONTINUE: (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    Misbehaviour.CHUNK_DRIP: (_CHUNKED + b"1;", b"a"),
    Misbehaviour.TRAILERS: (_CHUNKED + b"1\r\n \r\n0\r\n", b"X-Trailer: a\r\n"),
}
"""What comes first, and what then comes for ever."""


class Exchange(NamedTuple):
    """A request as the device's logic sees it."""

    method: str
    path: str
    authorization: str | None
    body: bytes
    content_type: str = ""


class Answer(NamedTuple):
    """Status, further headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes
    pieces: Iterator[bytes] | None = None
    """Instead of `body`: an answer without an end, sent as it comes; empty pieces only ask whether the port is on."""


class Port:
    """A listening socket on loopback that can be switched off and on again without losing its number.

    While it is off the number stays bound but nobody listens: connections are refused, as by a host without service.
    """

    def __init__(self, host: str, port: int, respond: Callable[[Exchange], Answer]) -> None:
        self.host = host
        self.misbehaviour: Misbehaviour | None = None
        self.redirect_to = "http://127.0.0.2:9/"
        self.connections = 0
        """Accepted since the start."""
        self.received = 0
        """Requests since the start, those that were only challenged included."""
        self._respond = respond
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._reserved = self._bind(port)
        self.number: int = self._reserved.getsockname()[1]
        self.gone = threading.Event()
        """Set while the port is off or closed: whoever waits inside a request gives up."""

    def on(self) -> None:
        """Listen."""
        with self._lock:
            if self._server is not None:
                return
            self.gone = threading.Event()
            self._server = _Server(self, self._reserved)
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.05,), name=f"device-{self.number}", daemon=True
            )
            self._thread.start()

    def off(self) -> None:
        """Refuse connections, and cut those that are open."""
        with self._lock:
            server, thread = self._server, self._thread
            if server is None or thread is None:
                return
            self._server = self._thread = None
            self.gone.set()
            server.shutdown()
            thread.join()
            server.server_close()
            self._reserved = self._bind(self.number)
            self._cut()

    def close(self) -> None:
        """Give the port back."""
        self.off()
        self._reserved.close()

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        with self._open_lock:
            return len(self._open)

    def respond(self, exchange: Exchange) -> Answer:
        """The device's answer."""
        return self._respond(exchange)

    def heard(self) -> None:
        """Count a request."""
        with self._open_lock:
            self.received += 1

    def opened(self, connection: socket.socket) -> None:
        """Keep track of a connection."""
        with self._open_lock:
            self.connections += 1
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget it."""
        with self._open_lock:
            self._open.discard(connection)

    def _cut(self) -> None:
        with self._open_lock:
            open_now = list(self._open)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _bind(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.host, port))
        return made


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: Port, bound: socket.socket) -> None:
        super().__init__((port.host, port.number), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound
        self.port = port
        self.server_address = (port.host, port.number)
        self.server_activate()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Note the connection before its thread starts, so that switching off cuts every one."""
        self.port.opened(cast(socket.socket, request))
        super().process_request(request, cast(tuple[str, int], client_address))

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget it as it ends."""
        self.port.closed(cast(socket.socket, request))
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True  # header and body are two writes: the second would wait 40 ms for an acknowledgement
    server: _Server

    def do_POST(self) -> None:
        """A call with a body: SOAP, or a search."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_REQUEST:
            self.close_connection = True
            self._send(Answer(413, {}, b""))
            return
        body = self.rfile.read(int(length))
        self._ask("POST", body)

    def do_GET(self) -> None:
        """A CGI call or a picture; SOAP devices answer 404."""
        self._ask("GET", b"")

    def _ask(self, method: str, body: bytes) -> None:
        port = self.server.port
        port.heard()
        if port.misbehaviour is not None:
            self._misbehave(port.misbehaviour)
            return
        kind = self.headers.get("Content-Type", "")
        self._send(port.respond(Exchange(method, self.path, self.headers.get("Authorization"), body, kind)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Quiet."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.pieces is not None:
            self._flow(answer.pieces)
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _flow(self, pieces: Iterator[bytes]) -> None:
        self.close_connection = True
        self.send_header("Connection", "close")
        self.end_headers()
        gone = self.server.port.gone
        for piece in pieces:
            if gone.is_set():
                return
            if piece:
                self.wfile.write(piece)

    def _misbehave(self, how: Misbehaviour) -> None:
        xml = {"Content-Type": "application/soap+xml; charset=utf-8"}
        if how is Misbehaviour.GARBAGE:
            self._send(Answer(200, {"Content-Type": "text/html"}, b"<html><body>Login<br></body>"))
        elif how is Misbehaviour.ENTITY_BOMB:
            self._send(Answer(200, xml, _BOMB))
        elif how is Misbehaviour.REDIRECT:
            self._send(Answer(307, {"Location": self.server.port.redirect_to}, b""))
        else:
            self.close_connection = True
            self._endless(how)

    def _endless(self, how: Misbehaviour) -> None:
        port = self.server.port
        gone = port.gone
        if how is Misbehaviour.NOISE:
            self.wfile.write(b"\x00\x01 what?\r\n\r\n")
        elif how is Misbehaviour.HUGE:
            self._start_xml()
            for _ in range(_HUGE_CHUNKS):
                self.wfile.write(_HUGE_CHUNK)
        elif how is Misbehaviour.DRIP:
            self._start_xml()
            while port.misbehaviour is how and not gone.wait(0.05):
                self.wfile.write(b" ")
        elif how in _DRIPS:
            first, drop = _DRIPS[how]
            self.wfile.write(first)
            while port.misbehaviour is how and not gone.wait(0.05):
                self.wfile.write(drop)
        else:
            while port.misbehaviour is how and not gone.wait(0.05):
                pass

    def _start_xml(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
