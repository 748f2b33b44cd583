"""One RTSP connection to one device: questions and answers, within a deadline of the whole."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping

from agent.device.errors import BadAnswer, Interrupted, TimedOut
from agent.device.line import Line
from agent.device.tcp import connect
from agent.rtsp.message import MAX_HEADER, Header, parse_header, request

MAX_BODY = 64 * 1024
"""The longest description taken: those of cameras have a kilobyte or two."""

_CHUNK = 16 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_BEGIN = b"RTSP/1."


class Conversation:
    """Connected to the first of a host's addresses that takes it. `line` holds the deadline; `spend` counts requests.

    Everything raises DeviceError.
    """

    def __init__(self, host: str, port: int, line: Line, spend: Callable[[], None]) -> None:
        self._line = line
        self._spend = spend
        self._sequence = 0
        self._buffer = bytearray()
        self._socket, peer = connect(host, port, line)
        self.peer = peer
        """The address that took the connection."""

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, method: str, uri: str, fields: Mapping[str, str]) -> tuple[Header, bytes]:
        """One question and its whole answer, of any status."""
        self._sequence += 1
        message = request(method, uri, self._sequence, fields)
        self._spend()
        with _as_ours(self._line):
            self._socket.settimeout(self._line.left(self._socket))
            self._socket.sendall(message)
            header = self._header()
            return header, self._body(header.length)

    def _header(self) -> Header:
        # What is asked next is said after this is answered: whatever came before that answers nothing.
        end = None
        while end is None:
            self._receive()
            if not self._buffer.startswith(_BEGIN[: len(self._buffer)]):
                raise BadAnswer("no RTSP")
            end = _END.search(self._buffer)
            if (end.start() if end else len(self._buffer)) > MAX_HEADER:
                raise BadAnswer(f"an RTSP header of more than {MAX_HEADER} bytes")
        header = parse_header(bytes(self._buffer[: end.start()]))
        del self._buffer[: end.end()]
        told = header.first("cseq")
        if told and told != str(self._sequence):
            raise BadAnswer(f"answers question {told[:20]!r}, asked was {self._sequence}")
        return header

    def _body(self, length: int) -> bytes:
        if length > MAX_BODY:
            raise BadAnswer(f"answers with {length} bytes, {MAX_BODY} are taken")
        while len(self._buffer) < length:
            self._receive()
        body = bytes(self._buffer[:length])
        self._buffer.clear()
        return body

    def _receive(self) -> None:
        self._socket.settimeout(self._line.left(self._socket))
        chunk = self._socket.recv(_CHUNK)
        if not chunk:
            raise BadAnswer("breaks off its answer" if self._buffer else "hangs up without a word of RTSP")
        self._line.heard = True
        self._buffer += chunk


@contextlib.contextmanager
def _as_ours(line: Line) -> Iterator[None]:
    """The socket's errors as ours."""
    try:
        yield
    except OSError as error:
        if line.severed:
            raise Interrupted("interrupted") from None
        if isinstance(error, TimeoutError):
            raise TimedOut("no RTSP answer in time") from None
        raise BadAnswer(f"breaks off: {error.strerror or type(error).__name__}") from None
