"""The RTSP side of a simulated camera: a port that can go away and come back, and answers no camera should give."""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import urlsplit

from simulator.device.auth import Gate
from simulator.rtsp.message import Question, answer, parse

MAX_HEADER = 64 * 1024
_IDLE_SECONDS = 30.0
_ENDED = b"\r\n\r\n"


class RtspFault(StrEnum):
    """What it does instead of answering as it should."""

    HANG = "hang"
    """Takes the request and never answers."""
    HANG_UP = "hang_up"
    """Closes the connection instead."""
    DRIP = "drip"
    """Answers a byte at a time, for ever."""
    ENDLESS_HEADER = "endless_header"
    """A header that goes on and on."""
    WEB = "web"
    """Answers as a web server."""
    NOISE = "noise"
    """Bytes that are no protocol."""
    HUGE = "huge"
    """A description of 50 MB."""
    REDIRECT = "redirect"
    """Sends to another host."""
    OTHER_BASE = "other_base"
    """Describes its stream as that of another host."""
    OTHER_CONTROL = "other_control"
    """Does so within the description."""
    WRONG_SEQUENCE = "wrong_sequence"
    """Answers a question that was not asked."""
    CHANGING_DIGEST = "changing_digest"
    """Takes another algorithm than the one it asks for."""
    ONLY_BASIC = "only_basic"
    """Wants the password in the clear."""
    NO_VIDEO = "no_video"
    """Describes sound alone."""
    FORBIDDEN = "forbidden"
    """Takes the account and denies it the stream."""


_SOUND = b"v=0\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\n"
_ELSEWHERE = "rtsp://192.0.2.1/stream"


class RtspServer:
    """`streams` gives the description at a path (with its query), None where there is none. `gate` decides who may ask;
    None: everyone. Attributes may be set at any time from any thread."""

    def __init__(
        self, streams: Callable[[str], bytes | None], gate: Gate | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.fault: RtspFault | None = None
        self.options_need_login = False
        """Whether OPTIONS wants an account too."""
        self.closes_after_refusal = False
        """Whether it ends the connection after a 401, saying so."""
        self.connections = 0
        """Accepted since the start."""
        self.host = host
        self._streams = streams
        self.gate = gate
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        self._gone = threading.Event()
        self._listening: socket.socket | None = None
        self._reserved = self._bind(port)
        self.port: int = self._reserved.getsockname()[1]

    @property
    def requests(self) -> Counter[str]:
        """Requests received since the start, by method; those that were only challenged count too."""
        with self._lock:
            return Counter(self._requests)

    def on(self) -> None:
        """Listen."""
        if self._listening is not None:
            return
        self._gone = threading.Event()
        self._listening = self._reserved
        self._listening.listen(64)
        threading.Thread(
            target=self._accept, args=(self._listening, self._gone), name=f"device-{self.port}-rtsp", daemon=True
        ).start()

    def off(self) -> None:
        """Refuse connections, and cut those that are open. `on()` brings it back on the same port."""
        if self._listening is None:
            return
        self._gone.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()
        self._listening = None
        self._reserved = self._bind(self.port)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the port back."""
        self.off()
        self._reserved.close()

    def _bind(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.host, port))
        return made

    def _accept(self, listening: socket.socket, gone: threading.Event) -> None:
        while not gone.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, gone), daemon=True).start()

    def _serve(self, connection: socket.socket, gone: threading.Event) -> None:
        connection.settimeout(_IDLE_SECONDS)
        buffer = b""
        with connection, contextlib.suppress(OSError):
            while not gone.is_set() and len(buffer) < MAX_HEADER:
                chunk = connection.recv(4096)
                if not chunk:
                    break
                buffer += chunk
                while _ENDED in buffer:
                    head, _, buffer = buffer.partition(_ENDED)
                    if not self._respond(connection, parse(head), gone):
                        return
        with self._lock:
            self._open.discard(connection)

    def _respond(self, connection: socket.socket, question: Question | None, gone: threading.Event) -> bool:
        """Whether the connection stays."""
        if question is None:
            connection.sendall(answer(400, "0", {}))
            return False
        with self._lock:
            self._requests[question.method] += 1
        fault = self.fault
        if fault is not None and fault in _RAW:
            self._endless(connection, fault, gone)
            return False
        reply = self._answer(question)
        connection.sendall(reply)
        return not (self.closes_after_refusal and reply.startswith(b"RTSP/1.0 401"))

    def _answer(self, question: Question) -> bytes:
        sequence = question.fields.get("cseq", "")
        if self.fault is RtspFault.WRONG_SEQUENCE:
            sequence = f"{sequence}0"
        if question.method not in ("OPTIONS", "DESCRIBE"):
            return answer(501, sequence, {})
        if question.method == "DESCRIBE" or self.options_need_login:
            refused = self._refuse(question, sequence)
            if refused is not None:
                return refused
        if question.method == "OPTIONS":
            return answer(200, sequence, {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"})
        return self._describe(question, sequence)

    def _refuse(self, question: Question, sequence: str) -> bytes | None:
        """None to let it pass."""
        if self.gate is None:
            return None
        stale = False
        if "authorization" in question.fields:
            passes, stale = self.gate.digest(question.fields["authorization"], question.method, question.uri)
            if passes:
                return None
        challenge = self.gate.challenge(stale)
        if self.fault is RtspFault.CHANGING_DIGEST:
            self.gate.algorithms = ("MD5",) if "SHA-256" in self.gate.algorithms else ("SHA-256",)
        if self.fault is RtspFault.ONLY_BASIC:
            challenge = 'Basic realm="camera"'
        closing = {"Connection": "close"} if self.closes_after_refusal else {}
        return answer(401, sequence, {"WWW-Authenticate": challenge} | closing)

    def _describe(self, question: Question, sequence: str) -> bytes:
        parts = urlsplit(question.uri)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        found = self._streams(path)
        if self.fault is RtspFault.REDIRECT:
            return answer(302, sequence, {"Location": _ELSEWHERE})
        if self.fault is RtspFault.FORBIDDEN:
            return answer(403, sequence, {})
        if found is None:
            return answer(404, sequence, {})
        base = _ELSEWHERE if self.fault is RtspFault.OTHER_BASE else question.uri
        if self.fault is RtspFault.NO_VIDEO:
            found = _SOUND
        if self.fault is RtspFault.OTHER_CONTROL:
            found = found.replace(b"a=control:*", f"a=control:{_ELSEWHERE}".encode())
        fields = {"Content-Base": f"{base}/", "Content-Type": "application/sdp"}
        return answer(200, sequence, fields, found)

    def _endless(self, connection: socket.socket, fault: RtspFault, gone: threading.Event) -> None:
        first, drop, pause = _RAW[fault]
        connection.sendall(first)
        while drop is not None and self.fault is fault and not gone.wait(pause):
            connection.sendall(drop)


_HUGE = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 52428800\r\n\r\n"

_RAW: dict[RtspFault, tuple[bytes, bytes | None, float]] = {
    RtspFault.HANG: (b"", b"", 0.05),
    RtspFault.HANG_UP: (b"", None, 0.0),
    RtspFault.DRIP: (b"RTSP/1.0 200 OK\r\nX-Drip: ", b"a", 0.05),
    RtspFault.ENDLESS_HEADER: (b"RTSP/1.0 200 OK\r\n", b"X-More: and more\r\n" * 100, 0.0),
    RtspFault.WEB: (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", None, 0.0),
    RtspFault.NOISE: (b"\x00\x01 what?\r\n\r\n", None, 0.0),
    RtspFault.HUGE: (_HUGE, b"v=0\r\n" + b"x" * 65536, 0.0),
}
"""What comes first, and what then comes for ever, after what pause each (s)."""
