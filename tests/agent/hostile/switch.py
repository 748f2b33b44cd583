"""A switch that was never honest: a bare UDP socket that answers each question with what it is told to."""

import contextlib
import random
import socket
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

Reply = Callable[[bytes], list[bytes]]

_NOISE = random.Random(11)


def _nested(question: bytes) -> list[bytes]:
    """Sequences within sequences, each as long as it says."""
    inner = b""
    for _ in range(400):
        length = len(inner)
        inner = b"\x30\x83" + length.to_bytes(3, "big") + inner
    return [inner]


def _altered(question: bytes) -> list[bytes]:
    text = bytearray(question)
    for _ in range(3):
        text[_NOISE.randrange(len(text))] = _NOISE.randrange(256)
    return [bytes(text)]


REPLIES: Mapping[str, Reply] = {
    "nothing": lambda _: [],
    "our own question": lambda question: [question],
    "our own question as an answer": lambda question: [question.replace(b"\xa0", b"\xa2").replace(b"\xa5", b"\xa2")],
    "half of it": lambda question: [question[: len(question) // 2]],
    "our question altered": _altered,
    "noise": lambda _: [_NOISE.randbytes(200)],
    "as much as fits": lambda question: [question + b"\x00" * 60_000],
    "a length beyond all": lambda _: [b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01"],
    "a length without end": lambda _: [b"\x30\xfe" + b"\xff" * 126],
    "sequences in sequences": _nested,
    "a thousand at once": lambda question: [question] * 1000,
    "an empty datagram": lambda _: [b""],
}


class HostileSwitch:
    """Listens on loopback; `reply` says what comes back."""

    def __init__(self, reply: Reply) -> None:
        self.questions = 0
        self._reply = reply
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                question, visitor = self._socket.recvfrom(65_535)
                self.questions += 1
                for piece in self._reply(question):
                    self._socket.sendto(piece, visitor)
